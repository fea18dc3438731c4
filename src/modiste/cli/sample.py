"""``modiste sample``: a made-up shop to try everything on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import Quiet, examples, note, progress_bars

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste sample shop",
        "modiste sample shop --per-type 8 --seed 1 --height 320",
    )
)
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    per_type: Annotated[
        int, typer.Option(metavar="N", min=1, help="Photos of each article type, about.")
    ] = 40,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same shop, to the byte.")] = 0,
    height: Annotated[int, typer.Option(metavar="PX", min=16, help="Height of the photos in pixels.")] = 80,
    quiet: Quiet = False,
) -> None:
    """Draw a made-up shop to try everything on.

    Photos, labels and splits, laid out like real data; no network and no licence question.
    """
    from modiste.datasets import draw_sample

    with progress_bars(quiet) as progress:
        draw_sample(folder, per_type=per_type, seed=seed, height=height, progress=progress)
    typer.echo(folder)
    note(f"Next: modiste serve {folder}")
