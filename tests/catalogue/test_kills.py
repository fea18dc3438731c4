"""kill -9 at any moment of whatever writes: what was acknowledged stays, and all of it opens.

`tests.catalogue.killed` tells how. A few kills are part of every run; 240 of them are slow.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = {"shop": 3, "indexed": 3, "files": 10}
MANY = {"shop": 120, "indexed": 60, "files": 60}


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize(
    ("scenario", "kills"),
    [*FEW.items(), *(pytest.param(*many, marks=pytest.mark.slow) for many in MANY.items())],
)
def test_what_was_acknowledged_survives_kills(scenario: str, kills: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.catalogue.killed", scenario, str(tmp_path / "shop"), str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.fullmatch(rf"{kills} kills, \d+ operations\n", done.stdout), done.stdout
