"""The documentation is tested like code: it runs, it is complete, and it matches the commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from modiste.cli.reference import commands, reference

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
COMMANDS = dict(commands())


def blocks(page: Path, language: str = r"\w*") -> list[str]:
    """The fenced code blocks of a page, in one language or all."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_readme_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    code = blocks(ROOT / "README.md", "python")
    assert code, "README.md shows no Python"
    for number, block in enumerate(code, start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), {"__name__": "__readme__"})


def test_command_reference_is_up_to_date() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference(), "run: make docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches(name: str) -> None:
    command = COMMANDS[name]
    assert command.help, f"{name} says nothing about itself"
    for parameter in command.params:
        assert parameter.help, f"{name} {parameter.opts[0]} has no help"
    if not hasattr(command, "commands"):
        assert f"  {name}" in command.epilog, f"{name} --help shows no example of it"


def shown_calls() -> list[str]:
    """Every ``modiste …`` line in a code block of the documentation or in an example of ``--help``."""
    lines = [line for command in COMMANDS.values() for line in (command.epilog or "").splitlines()]
    lines += [line for page in PAGES for block in blocks(page) for line in block.splitlines()]
    calls = {line.split("#")[0].strip().removeprefix("$ ") for line in lines}
    return sorted(call for call in calls if call.startswith("modiste ") and "COMMAND" not in call)


@pytest.mark.parametrize("call", shown_calls())
def test_shown_commands_exist(call: str) -> None:
    """The command and every option it is shown with are real; nothing is run."""
    words = shlex.split(call)
    command: Any = COMMANDS["modiste"]
    depth = 1
    while hasattr(command, "commands") and depth < len(words) and not words[depth].startswith("-"):
        assert words[depth] in command.commands, f"no such command: {call}"
        command = command.commands[words[depth]]
        depth += 1
    if not hasattr(command, "commands"):
        command.make_context(command.name, words[depth:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
