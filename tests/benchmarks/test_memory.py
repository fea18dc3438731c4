"""The memory benchmark measures processes of their own, which tell what they found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks import memory


def test_a_snapshot_takes_its_texts_and_little_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert memory.main(["--only", "snapshot", "--items", "30000", "--json", str(tmp_path / "m.json")]) == 0
    report = json.loads((tmp_path / "m.json").read_text())
    assert report == json.loads(capsys.readouterr().out)
    assert list(report) == ["snapshot"]
    found = report["snapshot"]
    assert found["items"] == 30_000
    assert 8 + len("Navy blue shirt 10000") < found["used_bytes_per_item"] < 700
    assert found["peak_mb"] > 20


def test_what_a_process_of_its_own_prints_comes_back() -> None:
    told = memory.run("print(resident()); x = b'x' * 40_000_000; print(resident())")
    before, after = map(int, told.split())
    assert 35_000_000 < after - before < 50_000_000
