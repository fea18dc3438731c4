"""``modiste evaluate``: a model, photos and splits → results.json."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, examples, note, print_json, progress_bars, step

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste evaluate default --data photos.zip --splits splits/dev --out results.json",
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
    splits: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder with train, main_support, main_test, new_support and new_test.csv.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the results, as JSON.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model on held-out photos.

    Reports classification, recognition of known and of new article types from a few examples each, and how
    well the model knows when to stay silent. For a model of the rich regime also: whether similar items share
    the photo's base colour, gender and usage, and whether a product's name finds its photo.
    """
    from modiste.datasets import open_dataset, read_splits
    from modiste.evaluation import evaluate, summary, write_results
    from modiste.model_folder import load_model
    from modiste.recommendation import Confidence, rank

    parts = read_splits(splits)
    loaded = load_model(model)
    confidence = Confidence.from_dict(loaded.calibration.confidence)
    as_served = partial(rank, confidence=confidence, bank=loaded.prototypes)
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, loaded.preprocess, progress=step(progress, "reading photos"))
        looks = loaded.style_head is not None or loaded.text_matcher is not None
        results = evaluate(
            loaded,
            dataset,
            parts,
            rich=loaded if looks else None,
            style_pull=loaded.calibration.style_pull,
            confidence_of=as_served,
            progress=progress,
        )
    write_results(results, out)
    if as_json:
        print_json(results.as_dict())
    else:
        typer.echo(summary(results))
        note(f"Written to {out}.")
