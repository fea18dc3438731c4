"""``modiste baseline``: classical features, photos and splits → results.json."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.evaluate import Data, Out, SplitsFolder, Support, Test, pair_or_splits, report
from modiste.cli.terminal import AsJson, Quiet, examples, progress_bars, step

if TYPE_CHECKING:
    from modiste.evaluation import Results

app = typer.Typer()


class Features(StrEnum):
    """What is seen of a photo."""

    hog = "hog"
    colour = "colour"


class Classifier(StrEnum):
    """What learns from it."""

    knn = "knn"
    mlp = "mlp"


@app.command(
    epilog=examples(
        "modiste baseline --data photos.zip --splits splits/dev --out hog.json",
        "modiste baseline --features colour --classifier mlp --data shop --splits dev --out colour.json",
        "modiste baseline --data photos.zip --support known.csv --test others.csv --out pair.json",
        "modiste baseline --data photos.zip --label articleType --split 80/20 --out shares.json",
    )
)
def baseline(
    data: Data,
    out: Out,
    splits: SplitsFolder = None,
    support: Support = None,
    test: Test = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="In place of these: the column to learn, by random shares."),
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="SHARES|COLUMN", help="With --label: as in modiste train.")
    ] = "80/20",
    seed: Annotated[int, typer.Option(metavar="N", help="With --label: decides the random shares.")] = 0,
    features: Annotated[
        Features, typer.Option(metavar="NAME", help="hog (needs modiste[baselines]) or colour.")
    ] = Features.hog,
    classifier: Annotated[Classifier, typer.Option(metavar="NAME", help="knn or mlp.")] = Classifier.knn,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a classical baseline: hand-made features, judged as a model is.

    It learns from train.csv, from the support set of a pair, or from the training share of a column's labels.
    Compare it with modiste compare.
    """
    from modiste.datasets import open_dataset, read_split, read_splits
    from modiste.datasets.targets import read_targets
    from modiste.evaluation import evaluate_pair, fit_baseline

    measure: Callable[..., Results]
    if label is not None:
        if splits or support or test:
            raise typer.BadParameter("Give --splits, or --support and --test, or --label.")
        targets = read_targets(data, [label], split=split, seed=seed)
        learned = targets.as_split("train")
        measure = partial(evaluate_pair, support=learned, test=targets.as_split("test"))
    else:
        measure = pair_or_splits(splits, support, test)
        learned = read_splits(splits).train if splits else read_split(support)  # type: ignore[arg-type]
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, progress=step(progress, "reading photos"))
        fitted = fit_baseline(features.value, classifier.value, dataset, learned)
        results = measure(fitted, dataset, progress=progress)
    report(results, out, as_json)
