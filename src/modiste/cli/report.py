"""``modiste report``: results.json → a page, a PDF or pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import examples, note

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste report results.json -o report.html",
        "modiste report results.json -o report.pdf",
        "modiste report results.json -o figures/",
        "modiste report runs/types/results.json -o types.html",
        "modiste report results.json -o shoes.html --class Heels --class Flats --class Sandals",
    )
)
def report(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="A file that modiste evaluate or score wrote.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="PLACE", help="report.html, report.pdf, or a folder for PNG files."
        ),
    ],
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="NAME", help="A class of the confusion matrix; ten unless told. Repeatable."
        ),
    ] = None,
) -> None:
    """Show results: how good, where it fails, and which threshold to choose, or which labels to trust.

    Needs neither the model nor the photos. Maps of classes and photos are in it when the model was evaluated
    with --maps; photos named wrongly when it was scored with --photos.
    """
    from modiste.reports import write_report

    written = write_report(results, out, classes or ())
    note(f"Written to {out}." if len(written) == 1 else f"{len(written)} pictures written to {out}.")
