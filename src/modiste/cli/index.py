"""``modiste index``: photos → a catalogue on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, ModelName, Quiet, examples

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste index photos.zip --into shop",
        "modiste index new-arrivals/ --into shop",
        "modiste index photos.zip --into shop --model runs/standard-1",
    )
)
def index(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder, zip or table of photos.")],
    into: Annotated[
        Path, typer.Option(metavar="CATALOGUE", help="The catalogue folder; made when it is not there yet.")
    ],
    model: ModelName = "default",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put photos into a catalogue.

    New photos are added and changed ones replaced; unreadable ones are skipped and listed.
    """
