"""``modiste data``: what is in a dataset, before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from modiste.cli.index import name_skipped
from modiste.cli.terminal import Quiet, examples, print_json, progress_bars, step, write_json

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
