"""A report in the form that its place asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modiste.errors import DataError
from modiste.reports.compose import compose, read
from modiste.reports.page import as_page
from modiste.reports.paper import draw_pictures, write_pdf

__all__ = ["write_report"]


def write_report(results: str | Path, out: str | Path, classes: Sequence[str] = ()) -> list[Path]:
    """Read ``results.json`` and write ``out``: a page (.html), a PDF (.pdf), or PNG files into a folder.

    ``classes`` are those of the confusion matrix. Returns the files that were written. ``DataError`` for
    results that are none, an unknown class, or a place of another kind.
    """
    out = Path(out)
    try:
        report = compose(read(results), classes)
    except (KeyError, TypeError, AttributeError, IndexError) as problem:  # whole JSON, but not whole results
        raise DataError(
            f"{results}: these results are damaged ({problem!r}); evaluate the model again"
        ) from problem
    suffix = out.suffix.lower()
    if suffix and suffix not in (".html", ".htm", ".pdf") and not out.is_dir():
        raise DataError(f"{out}: expected a file that ends in .html or .pdf, or a folder for PNG files")
    if suffix in (".html", ".htm", ".pdf"):
        out.parent.mkdir(parents=True, exist_ok=True)
        if suffix == ".pdf":
            write_pdf(report, out)
        else:
            _write(out, as_page(report).encode())
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (name, picture) in enumerate(draw_pictures(report), start=1):
        written.append(out / f"{number:02}-{name}.png")
        _write(written[-1], picture)
    return written


def _write(path: Path, content: bytes) -> None:
    """Beside its place, then renamed: a reader sees the whole file or none."""
    beside = path.with_name(f".{path.name}.unfinished")
    beside.write_bytes(content)
    beside.replace(path)
