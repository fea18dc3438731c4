"""``modiste calibrate``: labelled photos → a threshold with a promise, kept in the model folder."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, RuntimeName, examples, note, print_json, progress_bars, step

if TYPE_CHECKING:
    from modiste.datasets import Split
    from modiste.recommendation import Guarantee, Shortfall

app = typer.Typer()


class Unit(StrEnum):
    """What counts once."""

    group = "group"
    type = "type"


@app.command(
    epilog=examples(
        "modiste calibrate runs/first --data photos.zip --labels checked.csv --catalogue shop",
        "modiste calibrate runs/first --data photos.zip --labels dev/main_test.csv --labels dev/new_test.csv "
        "--support dev/main_support.csv --support dev/new_support.csv --max-error 0.1",
        "modiste calibrate default --out mine --data shop.zip --labels checked.csv --coverage 0.8",
    )
)
def calibrate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or with --out a shipped encoder's name.")
    ],
    data: Annotated[
        list[Path], typer.Option(metavar="DATA", help="Photos: a folder, zip or table. Repeatable.")
    ],
    labels: Annotated[
        list[Path],
        typer.Option(metavar="FILE", help="CSVs, such as a split's, of photos to ask for. Repeatable."),
    ],
    catalogue: Annotated[
        str | None, typer.Option(metavar="DIR", help="The shop: a catalogue with labels (articleType).")
    ] = None,
    support: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Or a CSV of the photos that are the shop. Repeatable."),
    ] = None,
    max_error: Annotated[
        float, typer.Option(metavar="SHARE", help="The share of shown answers that may be wrong.")
    ] = 0.05,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", help="The probability with which the promise is to hold.")
    ] = 0.95,
    coverage: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Instead of --max-error: the share of photos to answer."),
    ] = None,
    unit: Annotated[
        Unit,
        typer.Option(
            metavar="WHAT",
            help="What counts once: group, of nearly equal photos; or type, for a promise about new types.",
        ),
    ] = Unit.group,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave MODEL as it is; write a calibrated copy here.")
    ] = None,
    runtime: RuntimeName = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Choose the threshold below which nothing is shown, so that what is shown can be promised to be right.

    Of the answers shown, at most --max-error are wrong, with a probability of at least --confidence. Without
    a shop, half of the labelled photos are the shop of the others. Exit code 1 if too few photos are
    labelled; how many more are needed is said, and the model stays as it is.
    """
    from modiste.calibration import answer_labelled, measured_curve, shop_of_catalogue, shop_of_photos
    from modiste.calibration import calibrate as choose
    from modiste.catalogue import Catalogue
    from modiste.datasets import open_dataset
    from modiste.errors import ModelError
    from modiste.model_folder import (
        check_model_place,
        copy_calibrated,
        shipped,
        store_calibration,
    )
    from modiste.recommendation import Guarantee
    from modiste.runtimes import load_with_runtime

    if catalogue is not None and support:
        raise typer.BadParameter("Give --catalogue or --support, not both.")
    for name, share in (("--max-error", max_error), ("--confidence", confidence)):
        if not 0 < share < 1:
            raise typer.BadParameter(f"{name} lies between 0 and 1, such as 0.05; got {share}.")
    if coverage is not None and not 0 < coverage <= 1:
        raise typer.BadParameter(f"--coverage lies between 0 and 1, such as 0.8; got {coverage}.")
    if out is None and model in shipped():
        raise ModelError(f"{model} is a shipped encoder; give --out FOLDER for the calibrated copy")
    if out is not None:
        check_model_place(out)
    encoder = load_with_runtime(model, runtime)
    with progress_bars(quiet) as progress:
        dataset = open_dataset(data, encoder.preprocess, progress=step(progress, "reading photos"))
        shop = None
        if catalogue is not None:
            shop = shop_of_catalogue(Catalogue.open(catalogue, model_id=encoder.id))
        elif support:
            shop = shop_of_photos(encoder, dataset, _joined(support), progress=progress)
        answered = answer_labelled(encoder, dataset, _joined(labels), shop, progress=progress)
    found = choose(answered, max_error=max_error, confidence=confidence, coverage=coverage, unit=unit.value)
    if isinstance(found, Guarantee):
        folder = Path(model) if out is None else out
        source = shipped().get(model, Path(model))
        calibration = replace(
            encoder.calibration,
            threshold=found.threshold,
            guarantee=found.as_dict(),
            curve=measured_curve(answered),
        )
        if folder.resolve() != source.resolve():
            copy_calibrated(source, folder, calibration)
        else:
            store_calibration(folder, calibration)
        if as_json:
            print_json({"guarantee": found.as_dict()})
        else:
            typer.echo(_promise(found))
            note(f"Written to {folder}.")
    else:
        if as_json:
            print_json(
                {
                    "guarantee": None,
                    "units": found.units,
                    "needed": found.needed,
                    "least_error": found.least_error,
                }
            )
        note(f"Error: {_too_few(found, unit, max_error, confidence)}")
        raise typer.Exit(1)


def _joined(files: list[Path]) -> Split:
    """The photos of several CSVs as one split."""
    import numpy as np

    from modiste.datasets import Split, read_split

    parts = [read_split(file) for file in files]
    return Split(
        tuple(id for part in parts for id in part.ids),
        np.concatenate([part.type_ids for part in parts]),
        tuple(name for part in parts for name in part.type_names),
        np.concatenate([part.category_ids for part in parts]),
        tuple(name for part in parts for name in part.category_names),
    )


_UNITS = {"group": "photos (nearly equal ones counted once)", "type": "types, a photo of each"}


def _promise(found: Guarantee) -> str:
    """What is promised, what it rests on, and what is not promised."""
    about = {
        "group": "photos like these, of types like these in the same proportions",
        "type": "photos of types that are drawn as these types were, new ones too",
    }[found.unit]
    return "\n".join(
        [
            f"threshold {found.threshold:.4f}: shows {found.coverage:.0%}",
            f"promised: of the answers shown, at most {found.max_error:.1%} are wrong, with probability "
            f"{found.confidence:.0%} or more",
            f"  rests on {found.units:,} {_UNITS[found.unit]}: {found.shown:,} shown, {found.wrong:,} wrong",
            f"  holds for {about}, and a catalogue like this one",
            "not promised: anything about other photos; if customers bring more photos of types the "
            "catalogue lacks than there are among these, more will be wrong; single types may do worse",
        ]
    )


def _too_few(short: Shortfall, unit: Unit, max_error: float, confidence: float) -> str:
    from modiste.recommendation.guarantee import fewest

    what = "types" if unit == Unit.type else "photos that are no near-duplicates"
    told = f"{short.units} {what} cannot prove an error of at most {max_error:.1%} at {confidence:.0%}"
    if short.needed is None:
        return (
            f"{told}: at no threshold are fewer wrong (best: {short.least_error:.1%}), so more of them "
            "would not help; allow a larger --max-error"
        )
    least = fewest(max_error, confidence)
    return (
        f"{told}: about {short.needed} more are needed if they turn out like these (at least {least} "
        "shown without a mistake), or a larger --max-error"
    )
