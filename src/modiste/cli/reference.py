"""``python -m modiste.cli.reference``: the commands' own help as one Markdown page, docs/cli.md.

``make docs`` writes the page; a test fails when it is out of date.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from modiste.cli import app

__all__ = ["commands", "reference"]

HEADER = """\
# The command line

Written from the commands' own help by `make docs`. Answers go to stdout; progress, notes and errors to
stderr. Exit code 0: done; 1: it failed; 2: the command was spelled wrongly; 130: interrupted with Ctrl-C.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with the name it is called by: ``("modiste data info", command)``.

    >>> "modiste serve" in dict(commands())
    True
    """
    yield from _walk("modiste", typer.main.get_command(app))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    if isinstance(command, TyperGroup):
        for child in command.commands.values():
            yield from _walk(f"{name} {child.name}", child)


def reference() -> str:
    """The whole page."""
    return "\n".join([HEADER, *(_section(name, command) for name, command in commands())])


def _section(name: str, command: Any) -> str:
    lines = [f"## {name}", "", inspect.cleandoc(command.help), ""]
    rows = [_row(parameter) for parameter in command.params]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    if command.epilog:
        calls = [line.strip() for line in command.epilog.splitlines() if line.startswith("  ")]
        lines += ["```", *calls, "```", ""]
    return "\n".join(lines)


def _row(parameter: TyperArgument | TyperOption) -> str:
    metavar = (parameter.metavar or "").replace("|", r"\|")  # a bar would end the table's cell
    if isinstance(parameter, TyperArgument):
        spelling = f"`{metavar}{'...' if parameter.nargs == -1 else ''}`"
    else:
        spelling = ", ".join(f"`{option} {metavar}`".replace(" `", "`") for option in sorted(parameter.opts))
    notes = []
    if parameter.required:
        notes.append("required")
    elif parameter.default not in (None, False):
        notes.append(f"default: {parameter.default}")
    return f"| {spelling} | {parameter.help}{''.join(f' ({note})' for note in notes)} |"


if __name__ == "__main__":
    typer.echo(reference(), nl=False)
