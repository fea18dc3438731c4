"""``modiste models``: the encoders that came with the package."""

from __future__ import annotations

import typer

from modiste.cli.terminal import AsJson, examples, note, print_json

app = typer.Typer()


@app.command(epilog=examples("modiste models", "modiste models --json"))
def models(as_json: AsJson = False) -> None:
    """List the encoders that came with the package."""
    from modiste.model_folder import read_card, shipped

    cards = [
        {
            "name": name,
            "id": f"{card['name']}-{card['digest']}",
            "dimension": card["network"]["dimension"],
            "megabytes": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1),
            "folder": folder,
        }
        for name, folder in shipped().items()
        for card in [read_card(folder)]
    ]
    if as_json:
        print_json(cards)
        return
    for card in cards:
        typer.echo(
            f"{card['name']:10} {card['id']}  {card['dimension']} numbers per photo, {card['megabytes']} MB"
        )
    if not cards:
        note("This installation came without encoders; train one with: modiste train --help")
