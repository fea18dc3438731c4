"""What the process asks of the machine it runs on."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BLOCK = 64_000_000  # bytes: so large that glibc would give each back to the system
FAULTS = f"""
import resource
import torch
from modiste import compute

compute.keep_freed_memory()
for _ in range(20):  # blocks begin at multiples of 64, and not every freed one has room for that
    torch.ones({BLOCK // 4})
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones({BLOCK // 4})
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_large_blocks_are_used_again_instead_of_given_back() -> None:
    answer = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert int(answer.stdout) < BLOCK / 4096  # the pages of one; given back, it would be those of five
