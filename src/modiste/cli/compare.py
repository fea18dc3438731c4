"""``modiste compare``: several results.json → one table, with the intervals of the differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, examples, print_json

app = typer.Typer()


@app.command(epilog=examples("modiste compare plain.json better.json", "modiste compare *.json --json"))
def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS",
            help="Files that modiste evaluate wrote, or modiste score; the first is the yardstick.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare models photo by photo, in one table.

    Each figure with its difference from the first model and the 95 % interval of that difference: over drawn
    classes, over episodes, or over drawn photos where labels were scored. Results that were measured on
    different data are refused.
    """
    from modiste.evaluation import (
        compare,
        compare_labels,
        comparison_table,
        holds_labels,
        read_label_results,
        read_results,
        types_as_labels,
    )

    if any(holds_labels(file) for file in results):
        found = compare_labels(
            [
                read_label_results(file) if holds_labels(file) else types_as_labels(read_results(file))
                for file in results
            ]
        )
    else:
        found = compare([read_results(file) for file in results])
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(comparison_table(found))
