"""``modiste score``: a model, photos and the columns of their table → how well it names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, VotesWith, examples, note, print_json, progress_bars, step
from modiste.errors import DataError

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste score runs/first --data photos.zip --label articleType --out results.json",
        "modiste score runs/fits --data attributes --label fit --label sleeve --part all --out fits.json",
        "modiste score runs/a --with runs/b --data photos.zip --label articleType --out both.json",
    )
)
def score(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped encoder.")
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="DATA", help="Photos and labels: a folder, zip or table. Give it again to add more."
        ),
    ],
    label: Annotated[
        list[str],
        typer.Option(metavar="COLUMN", help="The column of the label; several, or labels: as in training."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the results, as JSON.")],
    also: VotesWith = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A CSV with these columns, by the photos' id.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Leave out photos with this label.")
    ] = None,
    part: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="train, val or test as the model's own split.csv has it, or a column split of the data; "
            "all: every photo.",
        ),
    ] = "test",
    photos: Annotated[
        bool,
        typer.Option("--photos", help="Keep small pictures of some photos named wrongly, for a report."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure how well a model names photos whose labels are known.

    Accuracy, precision, recall and F1 of each label, the confusion matrix, and the photos named wrongly. Look
    at it with modiste report, and beside others with modiste compare.
    """
    from modiste.datasets import open_dataset
    from modiste.datasets.targets import read_parts, read_targets
    from modiste.evaluation.labels import evaluate_labels, label_summary, write_label_results
    from modiste.label_model import load_label_model, soft_vote

    namer = soft_vote([load_label_model(name) for name in (model, *(also or []))])
    own = Path(model) / "split.csv"
    split = part if part == "all" else read_parts(own) if own.is_file() else "split"
    for other in also or []:
        _check_unseen(Path(other), split, part)
    targets = read_targets(data, label, split=split, table=table, without=without or ())
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, namer.preprocess, progress=step(progress, "reading photos"))
        results = evaluate_labels(namer, dataset, targets, part, photos=photos, progress=progress)
    write_label_results({part: results}, out)
    if as_json:
        print_json(results.as_dict())
    else:
        typer.echo(label_summary(results))
        note(f"Written to {out}.")


def _check_unseen(model: Path, split: str | Mapping[str, str], part: str) -> None:
    """`DataError` if the model learned from photos that the first one's split holds out as ``part``."""
    own = model / "split.csv"
    if isinstance(split, str) or part == "train" or not own.is_file():
        return
    from modiste.datasets.targets import read_parts

    parts = read_parts(own)
    seen = sum(1 for id, where in split.items() if where == part and parts.get(id) == "train")
    if seen:
        raise DataError(
            f"{model} learned from {seen} of the photos of {part}; train both with one --split and --seed"
        )
