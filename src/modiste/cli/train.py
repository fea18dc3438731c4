"""``modiste train``: photos and a split → a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modiste.cli.terminal import INTERRUPTED, AsJson, Quiet, examples, note, print_json, progress_bars

if TYPE_CHECKING:
    from modiste.evaluation.labels import LabelResults
    from modiste.label_model import LabelModel

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste sample shop",
        "modiste train shop --splits shop/splits --recipe quick -o runs/first",
        "modiste train photos.zip --splits splits/dev --recipe standard --seed 1 -o runs/standard-1",
        "modiste train photos.zip --splits splits/dev --recipe standard -o runs/standard-1 --resume",
        "modiste train photos.zip --splits splits/dev --recipe search/recipe.json -o runs/found",
        "modiste train photos.zip --splits splits/dev --recipe brisk --set epochs=6 -o runs/six",
        "modiste train photos.zip --splits splits/dev --recipe light --teacher runs/thorough -o runs/light",
        "torchrun --nproc-per-node=2 -m modiste train shop --splits shop/splits --recipe quick -o runs/two",
        "modiste train photos.zip --label articleType --split 80/20 --recipe standard -o runs/types",
        "modiste train attributes --label fit --label sleeve --split 72/18/10 --recipe labels -o runs/fits",
        "modiste train outfits --label labels --split split --recipe many-labels --set network=vit -o vit",
    )
)
def train(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Photos and labels: folders, zips or tables, used as one."),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="What to train and for how long: blink (15 seconds), quick (a minute), standard (ten), "
            "others of docs/training.md and, with --label, of docs/labels.md, or a JSON file of a recipe's "
            "fields.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="The model folder to write.")],
    splits: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder with train.csv: which photos to learn from, and their types."
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="In place of --splits: the column to learn. Several: a task each. labels: lists of labels.",
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="SHARES|COLUMN",
            help="With --label: random shares, as 80/20 (train/test) or 72/18/10 (train/val/test), or a "
            "column that says train, val or test.",
        ),
    ] = "80/20",
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --label: a CSV with these columns, by the photos' id."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="With --label: leave out photos with this label."),
    ] = None,
    stratify: Annotated[
        bool, typer.Option("--stratify", help="With --label: share out each label by itself.")
    ] = False,
    disjoint: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="With --label: keep photos of one value (a sender) in one part."),
    ] = None,
    grey: Annotated[bool, typer.Option("--grey", help="Take the colours out of all photos.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a field of the recipe, as epochs=4 or, for labels, network=cnn3.",
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="With --splits: also learn to tell this model's vectors, say those of several networks.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same model.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also log loss and learning rate there, to watch with TensorBoard."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a model and save it.

    With --splits it learns from the photos in train.csv, is calibrated and can search. With --label it learns
    the labels of a column, and is measured on the photos held out. Ctrl-C ends early and still leaves a
    usable model. Started by torchrun, several processes train it together (with --splits).
    """
    if bool(splits) == bool(label):
        raise typer.BadParameter("give either --splits (types, to search) or --label (a column)")
    from modiste.training.settings import with_settings

    changes = _pairs(settings or [])
    if label:
        if teacher:
            raise typer.BadParameter("--teacher goes with --splits: with --label there is none")
        from modiste.datasets.targets import read_targets
        from modiste.learn_labels import learn_labels, open_any_recipe

        how = with_settings(open_any_recipe(recipe), changes)
        targets = read_targets(
            data,
            label,
            split=split,
            seed=seed,
            table=table,
            without=without or (),
            stratify=stratify,
            disjoint=disjoint,
        )
        with progress_bars(quiet) as progress:
            named, results = learn_labels(
                data,
                targets,
                how,
                seed=seed,
                out=out,
                resume=resume,
                grey=grey,
                tensorboard=tensorboard,
                progress=progress,
            )
        _print_labels(out, named, results, recipe, seed, as_json)
        return
    if table or without or stratify or disjoint:
        raise typer.BadParameter(
            "--table, --without, --stratify and --disjoint go with --label; splits say all but the recipe"
        )

    from modiste.learn import learn
    from modiste.training import open_recipe
    from modiste.training.distributed import leads

    assert splits is not None
    with progress_bars(quiet or not leads()) as progress:
        model = learn(
            data,
            splits,
            with_settings(open_recipe(recipe), changes),
            seed=seed,
            out=out,
            resume=resume,
            grey=grey,
            teacher=teacher,
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
    _end(bool(model.training["complete"]))
    if not as_json:
        note(f"Next: modiste evaluate {out} --data {data[0]} --splits {splits} --out results.json")


def _print_labels(
    out: Path,
    model: LabelModel,
    results: dict[str, LabelResults],
    recipe: str,
    seed: int,
    as_json: bool,
) -> None:
    from modiste.evaluation.labels import label_summary

    if as_json:
        answer = {"model": out, "id": model.id, "labels": len(model.labels), "recipe": recipe, "seed": seed}
        brief = {part: _brief(found.as_dict()) for part, found in results.items()}
        print_json({**answer, "complete": model.training["complete"], "results": brief})
    else:
        typer.echo(f"{out}  {model.id}")
        for found in results.values():
            typer.echo(label_summary(found))
    _end(bool(model.training["complete"]))
    if not as_json:
        note(f"Next: modiste report {out / 'results.json'} -o report.html, modiste classify {out} PHOTO")


def _brief(results: dict[str, Any]) -> dict[str, Any]:
    """The figures over all labels, without those of each and without the photos."""
    return {key: value for key, value in results.items() if isinstance(value, int | float)}


def _pairs(settings: list[str]) -> dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            raise typer.BadParameter(f"--set takes FIELD=VALUE, not {setting!r}")
    return {name.strip(): value for name, _, value in (setting.partition("=") for setting in settings)}


def _end(complete: bool) -> None:
    if not complete:
        note("Ended early: the model knows what was learned so far. To go on: the same command with --resume")
        raise typer.Exit(INTERRUPTED)
