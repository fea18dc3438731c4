"""``modiste serve``: a page and an HTTP API that recommend from a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import ModelName, Quiet, examples

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste serve",
        "modiste serve photos.zip",
        "modiste serve shop --host 0.0.0.0 --port 8080",
    )
)
def serve(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="CATALOGUE|PHOTOS",
            help="A catalogue, or photos to make one from; nothing: the drawn sample shop.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on.")] = 8000,
    model: ModelName = "default",
    quiet: Quiet = False,
) -> None:
    """Serve a page that answers a photo with similar items, and its API.

    Photos are indexed first, into the user's cache directory; the next start finds them there.
    """
