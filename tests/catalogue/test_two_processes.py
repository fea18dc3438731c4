"""Two processes name types and judge answers of one catalogue at once: what was acknowledged is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from modiste.catalogue import NamedTypes
from modiste.catalogue.types import _Stamp

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize(
    ("changes", "killed"), [(20, 0), (20, 7), pytest.param(300, 0, marks=pytest.mark.slow)]
)
def test_two_writers_lose_nothing(changes: int, killed: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.catalogue.together", str(tmp_path / "shop")]
    done = subprocess.run(
        [*command, str(changes), str(killed)], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = re.fullmatch(rf"(\d+) of {2 * changes}\n", done.stdout)
    assert said, done.stdout
    assert changes + killed <= int(said[1]) <= 2 * changes


def test_a_writer_trusts_no_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of one size within a step of the clock may look alike, as the number of an inode comes again."""
    one, other = (NamedTypes(tmp_path, "m", 2) for _ in range(2))
    one.put("a", [[0.6, 0.8]], ["x"])
    with monkeypatch.context() as patch:
        patch.setattr(NamedTypes, "_stamp", lambda self: _Stamp(1, 1, 1))
        assert [list(types.all()) for types in (one, other)] == [["a"], ["a"]]
        other.put("b", [[0.6, 0.8]], ["x"])
        one.put("c", [[0.6, 0.8]], ["x"])
    assert list(NamedTypes(tmp_path, "m", 2).all()) == ["a", "b", "c"]


def test_states_that_follow_fast_have_times_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = NamedTypes(tmp_path, "m", 2)
    monkeypatch.setattr("os.fsync", lambda file: None)
    times = []
    for n in range(20):
        types.put("abc"[n % 3], [[0.6, 0.8]], [str(n)])
        times.append(types.file.stat().st_mtime_ns)
    assert times == sorted(set(times))
