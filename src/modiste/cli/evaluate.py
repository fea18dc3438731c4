"""``modiste evaluate``: a model, photos and splits → results.json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, examples, note, print_json, progress_bars, step, write_json

if TYPE_CHECKING:
    from modiste.evaluation import ConfidenceOf, Results

app = typer.Typer()

Data = Annotated[
    list[Path],
    typer.Option(
        metavar="DATA", help="Photos and labels: a folder, zip or table. Give it again to add more."
    ),
]
SplitsFolder = Annotated[
    Path | None,
    typer.Option(
        "--splits",
        metavar="DIR",
        help="Folder with train, main_support, main_test, new_support and new_test.csv.",
    ),
]
Support = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Instead of --splits: a CSV of the photos to compare with; needs --test."
    ),
]
Test = Annotated[Path | None, typer.Option(metavar="FILE", help="A CSV of the photos to name.")]
Out = Annotated[Path, typer.Option(metavar="FILE", help="Where to write the results, as JSON.")]


class Vote(StrEnum):
    """How several models agree."""

    soft = "soft"
    majority = "majority"


@app.command(
    epilog=examples(
        "modiste evaluate default --data photos.zip --splits splits/dev --out results.json",
        "modiste evaluate default --data clothing-dataset.zip --label-map map.csv --out transfer.json",
        "modiste evaluate runs/first --data shop --data more.zip --splits shop/splits --out more.json --json",
        "modiste evaluate default --data photos.zip --support mine.csv --test others.csv --out pair.json",
        "modiste evaluate default --data photos.zip --splits splits/dev --maps --out results.json",
        "modiste evaluate runs/a --with runs/b --vote soft --data photos.zip --splits dev --out both.json",
    )
)
def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped encoder.")
    ],
    data: Data,
    out: Out,
    splits: SplitsFolder = None,
    support: Support = None,
    test: Test = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also read the support sets by this: logistic, mlp, multi-prototypes-3, knn-7 … Repeatable.",
        ),
    ] = None,
    few_shot: Annotated[
        list[str] | None,
        typer.Option(metavar="NxK", help="Also episodes of N types and K photos of each. Repeatable."),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="MODEL", help="A further model that votes with it. Repeatable."),
    ] = None,
    vote: Annotated[
        Vote, typer.Option(metavar="HOW", help="How several models agree: soft or majority.")
    ] = Vote.soft,
    maps: Annotated[
        bool,
        typer.Option(
            "--maps", help="Also what a report shows in pictures: a map of classes, typical photos, examples."
        ),
    ] = False,
    map_class: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="--maps of this class, not of the first ten. Repeatable."),
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="NAME NAME", help="--maps, with the photos from one class to the other."),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--label-map",
            metavar="CSV",
            help="Instead of --splits: name all photos of other data, labels renamed from and to.",
        ),
    ] = None,
    level: Annotated[
        str, typer.Option(metavar="COLUMN", help="With --label-map: the column of the data's labels.")
    ] = "articleType",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model on held-out photos.

    Reports classification, recognition of known and of new article types from a few examples each, retrieval,
    and how well the model knows when to stay silent. For a model of the rich regime also: whether similar
    items share the photo's base colour, gender and usage, and whether a product's name finds its photo. The
    file has what was answered for every photo, too. With --label-map, instead: how the model names the photos
    of data whose classes have other names (see: modiste data map).
    """
    from modiste.datasets import open_dataset
    from modiste.errors import ModelError
    from modiste.evaluation import EPISODES, Ensemble, MapChoice, parse_episodes
    from modiste.model_folder import load_model, read_history
    from modiste.recommendation import Confidence, rank
    from modiste.support_set import SupportMethod

    if map_file is not None:
        if splits or support or test or method or few_shot or also or maps or map_class or between:
            raise typer.BadParameter(
                "--label-map names the photos by the model's own answer: give no more than --level."
            )
        _evaluate_mapped(model, data, map_file, level, out, as_json=as_json, quiet=quiet)
        return
    measure = pair_or_splits(splits, support, test)
    try:
        methods = [SupportMethod.from_label(name) for name in method or []]
        episodes = dict(EPISODES) | {text: parse_episodes(text) for text in few_shot or []}
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from problem
    models = [load_model(name) for name in (model, *(also or []))]
    first = models[0]
    sizes = {(one.preprocess.height, one.preprocess.width) for one in models}
    if len(sizes) > 1:
        raise ModelError(f"models that vote must take photos of one size; these take {sorted(sizes)}")
    as_served: ConfidenceOf | None = None
    if not also:  # a confidence was calibrated on one model's vectors
        confidence = Confidence.from_dict(first.calibration.confidence)
        as_served = partial(rank, confidence=confidence, bank=first.prototypes)
    looks = not also and (first.style_head is not None or first.text_matcher is not None)
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, first.preprocess, progress=step(progress, "reading photos"))
        results = measure(
            Ensemble(models, vote.value) if also else first,
            dataset,
            rich=first if looks else None,
            style_pull=first.calibration.style_pull,
            confidence_of=as_served,
            methods=methods,
            few_shot=episodes,
            maps=MapChoice(tuple(map_class or ()), between) if maps or map_class or between else None,
            progress=progress,
        )
    history = [] if also else read_history(model)
    report(replace(results, history=history), out, as_json)


def pair_or_splits(splits: Path | None, support: Path | None, test: Path | None) -> Callable[..., Results]:
    """The evaluation that was asked for: it still needs a model and a dataset."""
    from modiste.datasets import read_split, read_splits
    from modiste.evaluation import evaluate, evaluate_pair

    if splits and not (support or test):
        parts = read_splits(splits)
        return lambda model, dataset, **options: evaluate(model, dataset, parts, **options)
    if support and test and not splits:
        known, asked = read_split(support), read_split(test)
        return lambda model, dataset, **options: evaluate_pair(model, dataset, known, asked, **options)
    raise typer.BadParameter("Give either --splits, or both --support and --test, or --label-map.")


def report(results: Results, out: Path, as_json: bool) -> None:
    """Write the results, and print them as asked."""
    from modiste.evaluation import summary, write_results

    write_results(results, out)
    if as_json:
        print_json(results.as_dict())
    else:
        typer.echo(summary(results))
        note(f"Written to {out}.")


def _evaluate_mapped(
    model: str, data: list[Path], map_file: Path, level: str, out: Path, *, as_json: bool, quiet: bool
) -> None:
    from modiste.datasets import open_dataset
    from modiste.datasets.label_map import read_map
    from modiste.evaluation.mapped import evaluate_mapped
    from modiste.model_folder import load_model

    mapping, loaded = read_map(map_file), load_model(model)
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, loaded.preprocess, progress=step(progress, "reading photos"))
        results = evaluate_mapped(
            loaded,
            dataset,
            mapping,
            level=level,
            progress=lambda done: progress(done, len(dataset), "naming photos"),
        )
    write_json(results.as_dict(), out)
    if as_json:
        print_json(results.as_dict())
        return
    typer.echo(
        f"{results.n:,} photos, {results.classes} classes: accuracy {results.accuracy:.3f}, "
        f"balanced {results.balanced_accuracy:.3f}"
    )
    for name, recall in sorted(results.recall.items(), key=lambda item: -item[1]):
        typer.echo(f"  {name}: {recall:.3f}")
    if results.left_out:
        note(f"Left out: {', '.join(f'{name} ({n:,})' for name, n in results.left_out.items())}")
    note(f"Written to {out}.")
