"""A report in the form its place asks for: page, PDF or pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from modiste.errors import DataError
from modiste.reports import write_report


def test_a_page(results_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report.html"
    assert write_report(results_file, out) == [out]
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [file.name for file in out.parent.iterdir()] == ["report.html"]


def test_a_pdf_of_several_pages(results_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.pdf"
    assert write_report(results_file, out) == [out]
    pdf = out.read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page ") >= 4
    assert [file.name for file in tmp_path.iterdir()] == ["report.pdf"]


def test_pictures_in_the_order_of_the_report(results_file: Path, tmp_path: Path) -> None:
    written = write_report(results_file, tmp_path / "figures")
    names = [file.name for file in written]
    assert names[0] == "01-accuracy.png"
    assert names == sorted(names)
    assert sorted(file.name for file in (tmp_path / "figures").iterdir()) == names
    for file in written:
        with Image.open(file) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 100


def test_another_kind_of_place_is_refused(results_file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"report\.docx: expected a file that ends in \.html or \.pdf"):
        write_report(results_file, tmp_path / "report.docx")
    assert not (tmp_path / "report.docx").exists()
