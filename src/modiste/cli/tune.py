"""``modiste tune``: photos, a split and a recipe → a better recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import INTERRUPTED, AsJson, Quiet, examples, note, print_json, progress_bars

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste tune shop --splits shop/splits --recipe quick --trials 20 --study search",
        "modiste tune photos.zip --splits dev --recipe quick --trials 50 --study rates --only muon_rate,ema",
        "modiste train photos.zip --splits splits/dev --recipe search/recipe.json -o runs/found",
    )
)
def tune(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Photos and labels: folders, zips or tables, used as one."),
    ],
    splits: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder with train.csv; photos of other splits are not looked at."),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE", help="The recipe to begin with: a name, or a JSON file of its fields."
        ),
    ],
    trials: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many in all; each takes about as long as the recipe.")
    ],
    study: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Where the search lives; a search that is there already goes on."
        ),
    ],
    only: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS", help="Vary these fields alone, with commas between: muon_rate,margin."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same search.")] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Search for a better recipe: vary its settings, train, keep what scores best.

    The score is measured on training photos alone: every third type and a tenth of the other photos are kept
    back, and balanced accuracy on both counts alike. Ctrl-C ends the search with what there is; the same
    command goes on. Needs Optuna: pip install 'modiste[tune]'.
    """
    from modiste.tune import summary, tune

    names = [name.strip() for name in only.split(",")] if only else []
    with progress_bars(quiet) as progress:
        found = tune(
            data, splits, recipe, trials=trials, folder=study, seed=seed, only=names, progress=progress
        )
    if as_json:
        print_json(found.as_dict())
    else:
        typer.echo(summary(found))
    if not found.complete:
        note(f"Ended early with {len(found.trials)} of {trials} trials. To go on: the same command.")
        raise typer.Exit(INTERRUPTED)
    if not as_json:
        note(f"Next: modiste train {data[0]} --splits {splits} --recipe {study / 'recipe.json'} -o MODEL")
