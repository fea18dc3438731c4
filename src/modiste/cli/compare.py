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
            metavar="RESULTS", help="Files that modiste evaluate wrote; the first is the yardstick."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare models photo by photo, in one table.

    Each figure with its difference from the first model and the 95 % interval of that difference: over drawn
    classes, or over episodes. Results that were measured on different data are refused.
    """
    from modiste.evaluation import compare, comparison_table, read_results

    found = compare([read_results(file) for file in results])
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(comparison_table(found))
