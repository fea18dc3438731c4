"""``modiste index``: photos → a catalogue on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.terminal import (
    AsJson,
    ModelName,
    Quiet,
    RuntimeName,
    examples,
    note,
    print_json,
    progress_bars,
)

if TYPE_CHECKING:
    from modiste.datasets import Skipped

app = typer.Typer()

NAMED_AT_MOST = 20


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
    runtime: RuntimeName = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put photos into a catalogue.

    New photos are added and changed ones replaced; unreadable ones are skipped and listed. Items whose photo
    is not among PHOTOS stay.
    """
    from modiste.catalogue import index
    from modiste.datasets import open_listing
    from modiste.model_folder import find_model, load_model
    from modiste.runtimes import with_runtime

    listing = open_listing(photos)
    encoder = with_runtime(load_model(model), find_model(model), runtime)
    with progress_bars(quiet) as progress:
        report = index(listing, into, encoder, progress=progress)
    if as_json:
        print_json({"catalogue": into, "model": encoder.id, **report.as_dict()})
    else:
        typer.echo(
            f"{into}: {report.added:,} added, {report.updated:,} replaced, {report.unchanged:,} unchanged, "
            f"{len(report.skipped):,} skipped"
        )
        name_skipped(report.skipped)


def name_skipped(skipped: Sequence[Skipped]) -> None:
    """What was left out and why, on stderr; the first few of very many."""
    for photo in skipped[:NAMED_AT_MOST]:
        note(f"skipped {photo}")
    if len(skipped) > NAMED_AT_MOST:
        note(f"skipped {len(skipped) - NAMED_AT_MOST:,} more")
