"""``modiste index``: photos → a catalogue on disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
        "modiste index photos/ --into s3://bucket/shop",
        "modiste index products.csv --into shop",
        "modiste index /shared/photos --into shop --engine ray --ray-address 10.0.0.1:6379",
    )
)
def index(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder, zip or table of photos.")],
    into: Annotated[
        str,
        typer.Option(
            metavar="CATALOGUE", help="A folder or s3://bucket/path; made when it is not there yet."
        ),
    ],
    model: ModelName = "default",
    engine: Annotated[
        Literal["here", "ray"],
        typer.Option(help="Who does the work: this process, or a Ray cluster (extra ray)."),
    ] = "here",
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="The cluster; without it RAY_ADDRESS, or this machine alone."),
    ] = None,
    ray_workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many workers; by default as many as fit.")
    ] = None,
    ray_gpus: Annotated[
        float, typer.Option(metavar="N", min=0, help="GPUs of each worker; 0.25: four workers share one.")
    ] = 0.0,
    refetch: Annotated[
        bool, typer.Option(help="Ask for photos at URLs that were fetched before, in case they have changed.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option(help="Fetch from hosts in your own network, too, such as 127.0.0.1.")
    ] = False,
    runtime: RuntimeName = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put photos into a catalogue.

    New photos are added and changed ones replaced; unreadable ones are skipped and listed. Items whose photo
    is not among PHOTOS stay.

    A table may name photos by URLs (http, https). They are fetched once, each within 20 MB and 30 seconds,
    from public hosts.

    With --engine ray, every machine of the cluster must see PHOTOS and the model under the same path.
    """
    from modiste.catalogue import index
    from modiste.datasets import open_listing
    from modiste.datasets.download import fetch_linked
    from modiste.model_folder import find_model, shipped
    from modiste.runtimes import load_with_runtime

    if engine != "ray" and (ray_address or ray_workers or ray_gpus):
        raise typer.BadParameter("--ray-address, --ray-workers and --ray-gpus go with --engine ray")
    listing = open_listing(photos)
    which = model if model in shipped() else find_model(model).absolute()
    encoder = load_with_runtime(which, runtime)
    with progress_bars(quiet) as progress:
        listing = fetch_linked(listing, allow_private=allow_private, again=refetch, progress=progress)
        if engine == "ray":
            from modiste.catalogue.ray_indexing import index_on_ray

            report = index_on_ray(
                listing,
                into,
                partial(load_with_runtime, which, runtime),  # each machine has its own fastest
                address=ray_address,
                workers=ray_workers,
                gpus=ray_gpus,
                progress=progress,
            )
        else:
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
