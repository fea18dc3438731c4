"""``modiste data``: what is in a dataset, before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from modiste.cli.index import name_skipped
from modiste.cli.terminal import (
    AsJson,
    ModelName,
    Quiet,
    examples,
    note,
    print_json,
    progress_bars,
    step,
    write_json,
)

app = typer.Typer()
data = typer.Typer(help="Look at data before using it.")
app.add_typer(data, name="data")

SHOWN_AT_MOST = 8


@data.command(
    epilog=examples(
        "modiste data info photos.zip",
        "modiste data info shop more-photos/ --json info.json",
        "modiste data info photos.zip --splits splits/dev --html report.html",
        "modiste data info photos.zip --deep --html report.html",
    )
)
def info(
    sources: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders, zips or tables of photos, used as one.")
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures to FILE; - prints them.")
    ] = None,
    html_file: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with charts and photos, all in one file."),
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(metavar="DIR", help="CSV files of photo ids; report what they share.")
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Embed all photos: suspected label errors, odd photos, surer duplicates."
        ),
    ] = False,
    model: ModelName = "default",
    quiet: Quiet = False,
) -> None:
    """Show what a dataset holds: layout, photos, labels, duplicates, skipped rows and why.

    With --splits, also which photos are in two splits, or have a copy or a near copy in another. --deep takes
    a minute or two for 40,000 photos on two cores.
    """
    from modiste.cleaning.inspection import inspect

    encoder = None
    if deep:
        from modiste.model_folder import load_model

        encoder = load_model(model)
    with progress_bars(quiet) as progress:
        found = inspect(sources, splits=splits, encoder=encoder, progress=progress)
    figures = found.figures
    if html_file is not None:
        from modiste.cleaning.page import as_page

        html_file.write_text(as_page(found, ", ".join(source.name for source in sources)), "utf-8")
        note(f"Written to {html_file}.")
    if json_file == Path("-"):
        print_json(figures)
        return
    if json_file is not None:
        write_json(figures, json_file)
    typer.echo(_in_words(figures))
    name_skipped(found.dataset.skipped)


@data.command(
    epilog=examples(
        "modiste data prepare deepfashion/ deepfashion-20 --top 20 --test 0.2",
        "modiste data prepare imaterialist/ outfits --no-attributes",
        "modiste data prepare clothing-dataset.zip clothes --val 0.1",
        "modiste data prepare fashion-mnist fashion-mnist",
    )
)
def prepare(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A data set in any layout: a folder, a zip or a table.")
    ],
    into: Annotated[Path, typer.Argument(metavar="DST", help="The folder to make.")],
    top: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="Keep only the K most frequent classes.")
    ] = None,
    test: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Draw a new split with this share for testing (else as published, or 0.2)."
        ),
    ] = None,
    val: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Draw a new split with this share for validation.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same split.")] = 0,
    no_attributes: Annotated[
        bool, typer.Option("--no-attributes", help="Leave out labels of the form group:value.")
    ] = False,
    link: Annotated[
        bool, typer.Option("--link", help="Hard links to the photos instead of copies; SRC is a folder.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a data set of any layout into one folder: a Parquet table, the photos, the splits.

    Killed and run again, it goes on where it was and ends with the same folder.
    """
    from collections import Counter

    from modiste.datasets import prepare as make

    with progress_bars(quiet) as progress:
        made = make(
            source,
            into,
            top=top,
            test=test,
            val=val,
            seed=seed,
            attributes=not no_attributes,
            link=link,
            progress=step(progress, "storing photos"),
        )
    reasons = Counter(skip.reason for skip in made.skipped)
    if as_json:
        print_json(
            {
                "folder": made.folder,
                "layout": made.layout,
                "photos": made.photos,
                "splits": made.splits,
                "skipped": reasons,
            }
        )
        return
    counts = ", ".join(f"{split or 'in no split'} {count:,}" for split, count in made.splits.items())
    typer.echo(f"{made.folder}  {made.layout}: {made.photos:,} photos ({counts})")
    name_skipped(made.skipped)
    note(f"Next: modiste data info {made.folder}")


@data.command(
    epilog=examples(
        "modiste data fetch fashion-mnist",
        "modiste data fetch paramaggarwal/fashion-product-images-small",
        "modiste data fetch kaggle:agrigorev/clothing-dataset-full clothing",
    )
)
def fetch(
    what: Annotated[
        str, typer.Argument(metavar="NAME", help="fashion-mnist, or owner/name of a Kaggle data set.")
    ],
    into: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where to put it; else a cache folder.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Download a data set from its publisher and print the folder it is in.

    Kaggle needs the extra 'kaggle', and for some data sets your Kaggle token.
    """
    from modiste.datasets.fetch import fetch as get

    with progress_bars(quiet) as progress:
        folder = get(what, into, progress=progress)
    typer.echo(folder)
    note(f"Next: modiste data info {folder}")


def _in_words(figures: Mapping[str, Any]) -> str:
    lines = [f"{path}: {layout}" for path, layout in figures["layouts"].items()]
    lines.append(
        f"{figures['photos']:,} photos, {figures['rows']:,} rows, {figures['missing']:,} without a photo"
    )
    for level, labels in figures["levels"].items():
        spread = f"{labels['classes']:,} classes, balance {labels['balance']:.2f}"
        lines.append(f"{level}: {spread}; {_largest(labels['counts'])}")
    lines.append(f"sizes: {_largest(figures['sizes'])}")
    lines.append(f"formats: {_largest(figures['formats'])}; modes: {_largest(figures['modes'])}")
    copies = figures["duplicates"]
    lines.append(
        f"duplicates: {copies['exact_groups']:,} groups of copies ({copies['exact_photos']:,} photos), "
        f"{copies['near_groups']:,} alike to the eye ({copies['near_photos']:,})"
    )
    if "leakage" in figures:
        kinds = {"id": "photos in both", "exact": "groups of copies", "near": "groups alike to the eye"}
        leaks = [
            f"{count['first']} and {count['second']} share {count['groups']:,} {kinds[count['kind']]}"
            for count in figures["leakage"]["counts"]
        ]
        lines += leaks or ["leakage: the splits share nothing"]
    if "label_errors" in figures:
        lines.append(
            f"suspected label errors: {len(figures['label_errors']):,}; odd photos: "
            f"{len(figures['odd_photos']):,}"
        )
    lines += [f"skipped, {reason}: {count:,}" for reason, count in figures["skipped"].items()]
    return "\n".join(lines)


def _largest(counts: Mapping[str, int]) -> str:
    """``Shirts 3,100, Jeans 600 and 137 more``, from counts in falling order."""
    shown = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:SHOWN_AT_MOST])
    return shown + (f" and {len(counts) - SHOWN_AT_MOST} more" if len(counts) > SHOWN_AT_MOST else "")
