"""What a process does with memory that it no longer needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

FREED = """
import re
from pathlib import Path
from modiste import compute

def private():
    return 1024 * int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

kept, gone = [], []
for _ in range(20_000):
    gone.append(bytearray(2_000))
    kept.append(bytearray(20))  # a little of every page stays at the end of the heap
del gone
before = private()
compute.return_freed_memory()
print(before - private())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc alone")
def test_freed_memory_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", FREED], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert int(told) > 5_000_000
