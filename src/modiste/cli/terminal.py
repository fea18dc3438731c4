"""What every command shares: one-line errors, exit codes, progress bars, JSON.

Answers go to stdout; progress, notes and errors to stderr, so that ``--json`` output can be piped.

=====  ==============================================================
exit   meaning
=====  ==============================================================
0      done
1      it failed: a photo, dataset, model or catalogue was not usable
2      the command was spelled wrongly
130    interrupted with Ctrl-C
=====  ==============================================================
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from modiste.errors import ModisteError
from modiste.progress import Progress, silent

__all__ = [
    "INTERRUPTED",
    "AsJson",
    "ModelName",
    "OneLineErrors",
    "Quiet",
    "RuntimeName",
    "examples",
    "note",
    "print_json",
    "progress_bars",
    "step",
    "write_json",
]

INTERRUPTED = 130

ModelName = Annotated[
    str,
    typer.Option("--model", metavar="MODEL", help="A model folder, or the name of a shipped encoder."),
]
RuntimeName = Annotated[
    str,
    typer.Option(
        "--runtime",
        metavar="RUNTIME",
        help="What makes the vectors: torch, onnx, openvino, onnx-int8, openvino-int8 (see: modiste export); "
        "auto: the fastest installed whose vectors are the same.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]
VotesWith = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="MODEL",
        help="A further model of the same labels: the mean of their probabilities counts. Repeatable.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bars.")]


class OneLineErrors(TyperGroup):
    """The command group whose failures are one line on stderr and a meaningful exit code."""

    def main(self, *args: Any, **options: Any) -> Any:
        options["standalone_mode"] = False
        try:
            status = super().main(*args, **options)
        except typer.TyperException as error:
            note(f"Error: {_sentence(error.format_message())} Try: {_command(error)} --help")
            sys.exit(error.exit_code)
        except ModisteError as error:
            note(f"Error: {error}")
            sys.exit(1)
        except OSError as error:
            note(f"Error: {_describe(error)}")
            sys.exit(1)
        if status == INTERRUPTED:
            note("Interrupted.")
        sys.exit(status if isinstance(status, int) else 0)


def _command(error: typer.TyperException) -> str:
    """The command that was misspelled, as typed: ``modiste data info``."""
    context: typer.Context | None = getattr(error, "ctx", None)
    return context.command_path if context else "modiste"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _describe(error: OSError) -> str:
    """``[Errno 28] No space left on device: 'x'`` in the order a person says it."""
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def examples(*commands: str) -> str:
    """Commands to copy, for the end of a help page.

    >>> examples("modiste serve", "modiste serve photos.zip").splitlines()
    ['\\x08', 'Examples:', '  modiste serve', '  modiste serve photos.zip']
    """
    keep_lines_as_they_are = "\b\n"
    return keep_lines_as_they_are + "Examples:\n" + "\n".join(f"  {command}" for command in commands)


def note(line: str) -> None:
    """One line to stderr."""
    typer.echo(line, err=True)


def print_json(answer: Any) -> None:
    typer.echo(_as_json(answer))


def write_json(answer: Any, file: Path) -> None:
    """Beside its place, then renamed: a reader sees the whole file or none."""
    beside = file.with_name(f".{file.name}.unfinished")
    beside.write_text(_as_json(answer) + "\n", encoding="utf-8")
    beside.replace(file)


def _as_json(answer: Any) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """What ``json`` does not know: paths, and NumPy's numbers (without importing NumPy)."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Progress]:
    """A function for library code to report to; it draws bars on stderr if a person is watching.

    >>> with progress_bars(quiet=True) as progress:
    ...     progress(1, 2, "reading photos")
    """
    if quiet or not sys.stderr.isatty():
        yield silent
        return

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        steps: dict[str, TaskID] = {}

        def show(done: int, total: int, what: str) -> None:
            step = what.partition(",")[0]
            if step not in steps:
                steps[step] = bars.add_task(what, total=total)
            bars.update(steps[step], completed=done, total=total, description=what)

        yield show


def step(progress: Progress, what: str) -> Callable[[int, int], None]:
    """For functions that only count: ``(done, total)`` reported as one named step.

    >>> step(silent, "reading photos")(1, 2)
    """

    def count(done: int, total: int) -> None:
        progress(done, total, what)

    return count
