"""What a process does with memory that it no longer needs, and what it leaves out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FREED = """
import re
from pathlib import Path
from modiste import footprint

def private():
    return 1024 * int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

gone = [bytearray(2_000) for _ in range(20_000)]
kept = bytearray(2_000)  # at the end of the heap, so that it does not shrink by itself
del gone
before = private()
footprint.return_freed_memory()
print(before - private())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc alone")
def test_freed_memory_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", FREED], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert int(told) > 5_000_000


PLAIN = """
import sys
from modiste import footprint
footprint.plain_arrow()
import pyarrow as pa
from modiste.catalogue import Catalogue, CatalogueItem
shop = Catalogue.create(sys.argv[1], model_id="m-1", dimension=2)
shop.add([CatalogueItem("7", "Navy shirt", b"...", "image/jpeg")], [[0.6, 0.8]])
assert Catalogue.open(sys.argv[1]).get("7").name == "Navy shirt"
print(pa.default_memory_pool().backend_name, "pandas" in sys.modules)
import pandas
print(int(pandas.DataFrame({"a": [1, 2]})["a"].sum()))
"""


def test_a_catalogue_is_opened_without_pandas_which_can_be_had_afterwards(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, tmp_path / "shop"], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.splitlines() == ["system False", "3"]
