"""``modiste data``: what is in a dataset, before anything is done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import examples

app = typer.Typer()
data = typer.Typer(help="Look at data before using it.")
app.add_typer(data, name="data")


@data.command(
    epilog=examples(
        "modiste data info photos.zip",
        "modiste data info shop more-photos/ --json info.json",
    )
)
def info(
    sources: Annotated[list[Path], typer.Argument(metavar="DATA", help="Folders, zips or tables of photos.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the facts to a file; - is stdout.")
    ] = None,
) -> None:
    """Show what a dataset holds: layout, photos, labels, skipped rows and why."""
