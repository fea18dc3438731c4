"""``modiste baseline``: classical features, photos and splits → results.json."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from modiste.cli.evaluate import Data, Out, SplitsFolder, Support, Test, pair_or_splits, report
from modiste.cli.terminal import AsJson, Quiet, examples, progress_bars, step

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
    )
)
def baseline(
    data: Data,
    out: Out,
    splits: SplitsFolder = None,
    support: Support = None,
    test: Test = None,
    features: Annotated[
        Features, typer.Option(metavar="NAME", help="hog (needs modiste[baselines]) or colour.")
    ] = Features.hog,
    classifier: Annotated[Classifier, typer.Option(metavar="NAME", help="knn or mlp.")] = Classifier.knn,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a classical baseline: hand-made features, judged as a model is.

    It learns from train.csv, or from the support set of a pair. Compare it with modiste compare.
    """
    from modiste.datasets import open_dataset, read_split, read_splits
    from modiste.evaluation import fit_baseline

    measure = pair_or_splits(splits, support, test)
    learned = read_splits(splits).train if splits else read_split(support)  # type: ignore[arg-type]
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, progress=step(progress, "reading photos"))
        fitted = fit_baseline(features.value, classifier.value, dataset, learned)
        results = measure(fitted, dataset, progress=progress)
    report(results, out, as_json)
