"""``modiste data``: what is in a dataset, before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from modiste.cli.index import name_skipped
from modiste.cli.terminal import (
    AsJson,
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
    )
)
def info(
    sources: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders, zips or tables of photos, used as one.")
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures to FILE; - prints them.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show what a dataset holds: layout, photos, labels, skipped rows and why."""
    from modiste.datasets import describe, open_listings

    listings = open_listings(sources)
    with progress_bars(quiet) as progress:
        figures = describe(listings, progress=step(progress, "looking at photos"))
    figures["layouts"] = {str(listing.source.path): listing.layout for listing in listings}
    skipped = [skip for listing in listings for skip in listing.skipped]
    figures["skipped_rows"] = [str(skip) for skip in skipped]
    if json_file == Path("-"):
        print_json(figures)
        return
    if json_file is not None:
        write_json(figures, json_file)
    typer.echo(_in_words(figures))
    name_skipped(skipped)


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
    lines += [f"skipped, {reason}: {count:,}" for reason, count in figures["skipped"].items()]
    return "\n".join(lines)


def _largest(counts: Mapping[str, int]) -> str:
    """``Shirts 3,100, Jeans 600 and 137 more``, from counts in falling order."""
    shown = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:SHOWN_AT_MOST])
    return shown + (f" and {len(counts) - SHOWN_AT_MOST} more" if len(counts) > SHOWN_AT_MOST else "")
