"""``modiste models``: the encoders that came with the package."""

from __future__ import annotations

import typer

from modiste.cli.terminal import AsJson, examples

app = typer.Typer()


@app.command(epilog=examples("modiste models", "modiste models --json"))
def models(as_json: AsJson = False) -> None:
    """List the encoders that came with the package."""
