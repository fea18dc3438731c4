"""Long lists read a line at a time, from folders and zips alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modiste.datasets import open_source
from modiste.datasets.readers import lines
from modiste.errors import DataError

Pack = Callable[..., Path]


def test_lines_of_any_length_and_encoding(pack: Pack) -> None:
    long = "x" * 2_500_000  # over the borders of the pieces it is read in
    text = b"\xef\xbb\xbffirst\r\n" + long.encode() + "\nété\n".encode() + "été".encode("latin-1")
    source = open_source(pack({"list.txt": text}))
    assert list(lines.read_lines(source, "list.txt")) == ["first", long, "été", "été"]


@pytest.mark.parametrize(("text", "expected"), [(b"", []), (b"one", ["one"]), (b"\xef\xbb\xbfone", ["one"])])
def test_short_files(pack: Pack, text: bytes, expected: list[str]) -> None:
    assert list(lines.read_lines(open_source(pack({"list.txt": text})), "list.txt")) == expected


def test_a_line_without_end_is_refused(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MAX_LINE", 1000)
    source = open_source(pack({"list.txt": b"x" * 1001}))
    with pytest.raises(DataError, match=r"list\.txt: a line of more than 0\.001 MB"):
        list(lines.read_lines(source, "list.txt"))


def test_rows_of_the_wrong_length(pack: Pack) -> None:
    source = open_source(pack({"list.csv": 'a,b\n\n1,"2,3"\n4\n'}))
    rows = lines.read_csv(source, "list.csv")
    assert next(rows) == (3, {"a": "1", "b": "2,3"})
    with pytest.raises(DataError, match=r"line 4: 2 values expected \(a,b\), 1 found"):
        next(rows)


def test_a_missing_list(pack: Pack) -> None:
    with pytest.raises(DataError, match=r"gone\.txt: not in"):
        list(lines.read_lines(open_source(pack({"a.txt": "x"})), "gone.txt"))
