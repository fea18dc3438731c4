"""The ``modiste`` command: each file holds one group of commands, all of them thin.

A command reads its options, calls one or two functions of the package and prints the answer. Whatever is
slow to import (PyTorch, pandas, LanceDB) is imported inside the command that needs it, so that
``modiste --help`` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from modiste import __version__
from modiste.cli import (
    baseline,
    calibrate,
    catalogue,
    classify,
    compare,
    data,
    evaluate,
    index,
    models,
    outfits,
    recommend,
    report,
    sample,
    score,
    serve,
    train,
    trends,
    tune,
    types,
)
from modiste.cli import cleaning as cleaning  # adds its commands to the group of data
from modiste.cli.terminal import OneLineErrors, examples

__all__ = ["app", "main"]

app = typer.Typer(
    cls=OneLineErrors,
    rich_markup_mode=None,  # plain help: half the time to the first line, and easy to search
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "modiste serve",
        "modiste serve photos.zip",
        "modiste index photos.zip --into shop",
        "modiste recommend shop photo.jpg",
        "modiste COMMAND --help",
    ),
)
for group in (
    serve,
    index,
    recommend,
    catalogue,
    types,
    trends,
    sample,
    data,
    outfits,
    train,
    tune,
    calibrate,
    evaluate,
    baseline,
    compare,
    report,
    classify,
    score,
    models,
):
    app.add_typer(group.app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"modiste {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def modiste(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Similar fashion items from a photo, recommended only when they are likely to be right.

    DATA and PHOTOS are a folder, a zip or a table of photos; MODEL is a model folder or the name of a shipped
    encoder (see: modiste models).
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; the entry point of the ``modiste`` script."""
    app()
