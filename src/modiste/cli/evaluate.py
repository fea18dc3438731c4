"""``modiste evaluate``: a model, photos and splits → results.json."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, examples, note, print_json, progress_bars, step, write_json

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste evaluate default --data photos.zip --splits splits/dev --out results.json",
        "modiste evaluate default --data clothing-dataset.zip --map map.csv --out transfer.json",
        "modiste evaluate runs/first --data shop --data more.zip --splits shop/splits --out more.json --json",
    )
)
def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped encoder.")
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="DATA", help="Photos and labels: a folder, zip or table. Give it again to add more."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the results, as JSON.")],
    splits: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with train, main_support, main_test, new_support and new_test.csv.",
        ),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="CSV",
            help="Instead of --splits: name all photos of other data, labels renamed from and to.",
        ),
    ] = None,
    level: Annotated[
        str, typer.Option(metavar="COLUMN", help="With --map: the column of the data's labels.")
    ] = "articleType",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model on held-out photos.

    Reports classification, recognition of known and of new article types from a few examples each, and how
    well the model knows when to stay silent. With --map, instead: how the model names the photos of
    data whose classes have other names (see: modiste data map).
    """
    from modiste.datasets import open_dataset, read_splits
    from modiste.evaluation import evaluate, summary, write_results
    from modiste.model_folder import load_model
    from modiste.recommendation import Confidence, rank

    if (splits is None) == (map_file is None):
        raise typer.BadParameter("give either --splits or --map")
    if map_file is not None:
        _evaluate_mapped(model, data, map_file, level, out, as_json=as_json, quiet=quiet)
        return
    assert splits is not None
    parts = read_splits(splits)
    loaded = load_model(model)
    confidence = Confidence.from_dict(loaded.calibration.confidence)
    as_served = partial(rank, confidence=confidence, bank=loaded.prototypes)
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, loaded.preprocess, progress=step(progress, "reading photos"))
        results = evaluate(loaded, dataset, parts, confidence_of=as_served, progress=progress)
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
