"""``modiste train``: photos and a split → a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import INTERRUPTED, AsJson, Quiet, examples, note, print_json, progress_bars

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste sample shop",
        "modiste train shop --splits shop/splits --recipe quick -o runs/first",
        "modiste train photos.zip --splits splits/dev --recipe standard --seed 1 -o runs/standard-1",
        "modiste train photos.zip --splits splits/dev --recipe standard -o runs/standard-1 --resume",
        "modiste train photos.zip --splits splits/dev --recipe search/recipe.json -o runs/found",
        "torchrun --nproc-per-node=2 -m modiste train shop --splits shop/splits --recipe quick -o runs/two",
    )
)
def train(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Photos and labels: folders, zips or tables, used as one."),
    ],
    splits: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder with train.csv: which photos to learn from, and their types."
        ),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="What to train and for how long: quick (a minute), standard (ten), others of "
            "docs/training.md, or a JSON file of a recipe's fields.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="The model folder to write.")],
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same model.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also log loss and learning rate there, to watch with TensorBoard."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a model from scratch and save it with its calibration.

    Only the photos named in train.csv are learned from. Ctrl-C ends early and still leaves a usable model.
    Started by torchrun, several processes train it together.
    """
    from modiste.learn import learn
    from modiste.training.distributed import leads

    with progress_bars(quiet or not leads()) as progress:
        model = learn(
            data,
            splits,
            recipe,
            seed=seed,
            out=out,
            resume=resume,
            tensorboard=tensorboard,
            progress=progress,
        )
    if not leads():  # of the processes that torchrun started, one speaks
        raise typer.Exit(0 if model.training["complete"] else INTERRUPTED)
    if as_json:
        answer = {"model": out, "id": model.id, "dimension": model.dimension, "recipe": recipe, "seed": seed}
        print_json({**answer, "complete": model.training["complete"]})
    else:
        typer.echo(f"{out}  {model.id}")
    if not model.training["complete"]:
        note("Ended early: the model knows what was learned so far. To go on: the same command with --resume")
        raise typer.Exit(INTERRUPTED)
    if not as_json:
        note(f"Next: modiste evaluate {out} --data {data[0]} --splits {splits} --out results.json")
