"""``modiste models``: the encoders that came with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from modiste.cli.terminal import AsJson, examples, note, print_json

app = typer.Typer()


@app.command(epilog=examples("modiste models", "modiste models --json"))
def models(as_json: AsJson = False) -> None:
    """List the encoders that came with the package."""
    from modiste.model_card import read_whole, shipped

    rows = [read_whole(folder, _row) for folder in shipped().values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['name']:10} {row['id']}  {row['megabytes']} MB; learned {row['types']} article types from "
            f"{row['photos']:,} photos"
        )
    if not rows:
        note("This installation came without encoders; train one with: modiste train --help")


def _row(folder: Path) -> dict[str, Any]:
    from modiste.model_card import read_card

    card = read_card(folder)
    return {
        "name": card["name"],
        "id": f"{card['name']}-{card['digest']}",
        "megabytes": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1),
        "types": len(card["labels"]["types"]),
        "photos": card["training"]["photos"],
        "recipe": card["training"]["recipe"]["name"],
        "folder": folder,
    }
