"""``modiste outfits``: catalogue photos → pictures of several items, with all their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import Quiet, examples, note, progress_bars, step

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste outfits photos.zip --label articleType --number 20000 -o outfits",
        "modiste outfits shop --label articleType --number 200 --split 72/18/10 --seed 1 -o outfits",
    )
)
def outfits(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Photos and labels: folders, zips or tables, used as one."),
    ],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the items' labels.")],
    number: Annotated[int, typer.Option(min=1, metavar="N", help="How many pictures to make.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")],
    split: Annotated[
        str,
        typer.Option(
            metavar="SHARES|COLUMN", help="How items, and with them pictures, are split: train/val/test."
        ),
    ] = "72/18/10",
    without: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Leave out photos with this label.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same pictures.")] = 0,
    quiet: Quiet = False,
) -> None:
    """Put outfits together from catalogue photos, to learn many labels per photo from.

    Each picture shows 2 to 5 items of different labels. No item is in two parts of the split.
    """
    from modiste.datasets.outfits import draw_outfits
    from modiste.datasets.targets import read_targets

    targets = read_targets(data, [label], split=split, seed=seed, without=without or ())
    with progress_bars(quiet) as progress:
        made = draw_outfits(
            data, targets, out, number=number, seed=seed, progress=step(progress, "making pictures")
        )
    typer.echo(f"{out}  {len(made):,} pictures of {len(targets.labels)} labels")
    note(f"Next: modiste train {out} --label labels --split split --recipe many-labels -o runs/outfits")
