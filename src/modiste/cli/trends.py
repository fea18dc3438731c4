"""``modiste trends``: what is new among photos that have just come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.index import name_skipped
from modiste.cli.terminal import AsJson, ModelName, Quiet, examples, print_json, progress_bars, write_json
from modiste.cli.types import TypeLabel

if TYPE_CHECKING:
    from modiste.trends import Trends

app = typer.Typer()

EXAMPLES = 3


@app.command(
    epilog=examples(
        "modiste trends shop --new arrivals/",
        "modiste trends shop --new arrivals.zip --html trends.html",
        "modiste trends shop --new arrivals.csv --out trends.json",
    )
)
def trends(
    catalogue: Annotated[Path, typer.Argument(metavar="CATALOGUE", help="Made by: modiste index")],
    new: Annotated[
        Path, typer.Option("--new", metavar="PHOTOS", help="The new photos: a folder, zip or table.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write everything as JSON, too.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the photos, too.")
    ] = None,
    false_discoveries: Annotated[
        float,
        typer.Option(min=0.001, max=0.5, help="How many of those called new may be ordinary, on average."),
    ] = 0.1,
    type_label: TypeLabel = None,
    seed: Annotated[int, typer.Option(help="Decides which items arrivals are compared with.")] = 0,
    model: ModelName = "default",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show which new photos fit no known type, and which of them belong together.

    Once a group has a name, it is recognised: modiste types add
    """
    from modiste.catalogue import Catalogue
    from modiste.datasets import open_listing
    from modiste.model_folder import load_model
    from modiste.trends import find_trends
    from modiste.trends.page import trends_page

    listing = open_listing(new)
    encoder = load_model(model)
    opened = Catalogue.open(catalogue, encoder.id)
    with progress_bars(quiet) as progress:
        found = find_trends(
            opened,
            listing,
            encoder,
            level=type_label,
            false_discoveries=false_discoveries,
            seed=seed,
            progress=progress,
        )
    if out is not None:
        write_json(found.as_dict(), out)
    if html is not None:
        html.write_text(trends_page(found, listing.source, f"New in {new.name}"), encoding="utf-8")
    if as_json:
        print_json(found.as_dict())
        return
    _show(found)
    name_skipped(found.skipped)


def _show(found: Trends) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    typer.echo(
        f"{found.arrivals:,} new photos against {found.items:,} items: {len(found.new):,} fit no known type, "
        f"{len(found.groups)} new groups"
    )
    if not found.groups:
        return
    table = Table("name", "photos", "near", "p", "such as")
    for group in found.groups:
        such_as = "\n".join(each.name for each in group.arrivals[:EXAMPLES])
        table.add_row(
            *map(
                Text,
                (
                    group.name or "?",
                    str(len(group.arrivals)),
                    ", ".join(group.near),
                    f"{group.p_value:.2f}",
                    such_as,
                ),
            )
        )
    Console().print(table)
