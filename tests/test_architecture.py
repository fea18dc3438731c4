"""Data flows one way through the house, and the README's tree shows every room of it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "modiste"

# photos → dataset → training → model folder → embeddings → catalogue → recommendation → what people touch.
# A numbered stage imports only earlier stages and leaves.
STAGES = {
    "photos": 1,
    "datasets": 2,
    "training": 3,
    "model": 3,  # what training leads to, and the folder keeps
    "model_folder": 4,
    "embedding": 5,
    "label_model": 5,
    "runtimes": 5,
    "catalogue": 6,
    "expansion": 6,
    "recommendation": 7,
    "evaluation": 8,
    "api": 8,
    "web": 8,
    "cleaning": 8,
    "learn": 8,
    "map_page": 8,
    "reports": 8,
    "trends": 9,
    "learn_labels": 9,
    "calibration": 9,
    "tune": 9,
    "cli": 10,
    "__main__": 11,
}
# Leaves import only other leaves.
LEAVES = {
    "errors",
    "lazy",
    "client",
    "progress",
    "figures",
    "footprint",
    "compute",
    "mapped_file",
    "networks",
    "preprocessing",
    "scaling",
    "metrics",
    "memory",
    "model_card",
    "support_set",
    "support_classifiers",
    "whole_folder",
}
# Beyond the numbers: serving never pulls in what only training needs, reports read only results.
NEVER = {"api": {"training", "learn", "evaluation"}, "reports": set(STAGES) - {"reports"}}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    """``src/modiste/datasets/pixels.py`` → ``datasets.pixels``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    return name.split(".")[0]


def imports_of(path: Path) -> set[str]:
    """Rooms of this package that a file imports, anywhere in it: inside functions and for types too.

    ``from modiste import photos`` counts as importing ``photos``.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} spell imports in full: from modiste.… import …"
            if node.module == "modiste":
                found |= {f"modiste.{alias.name}" for alias in node.names}
            else:
                found.add(node.module or "")
    return {room_of(name.removeprefix("modiste.")) for name in found if name.startswith("modiste.")}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_data_flows_one_way(path: Path) -> None:
    room = room_of(name_of(path))
    assert room in STAGES or room in LEAVES, f"{room}: give it a place in STAGES or LEAVES"
    for other in imports_of(path) - {room, "__version__"}:
        if other in LEAVES:
            continue
        assert other in STAGES, f"{path.name} imports modiste.{other}, which has no place in the house"
        assert room not in LEAVES, f"{room} is a leaf and must not import {other}"
        assert STAGES[other] < STAGES[room], f"{room} must not import {other}: data flows the other way"
        assert other not in NEVER.get(room, set()), f"{room} must not import {other}"


def test_nothing_imports_research() -> None:
    for path in modules():
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) research\b", code, re.MULTILINE), path


HEAVY = (
    "torch",
    "pandas",
    "lancedb",
    "pyarrow",
    "sklearn",
    "matplotlib",
    "optuna",
    "fastapi",
    "PIL",
    "numpy",
)


def after_running(arguments: list[str]) -> str:
    """A program that runs the command line with these arguments and goes on when it ends."""
    return (
        f"import sys; sys.argv = {['modiste', *arguments]!r}\n"
        "from modiste.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
    )


@pytest.mark.parametrize(
    "program",
    ["import modiste\n", after_running(["--help"]), after_running(["train", "--help"])],
    ids=["import modiste", "modiste --help", "modiste train --help"],
)
def test_looking_around_loads_nothing_heavy(program: str) -> None:
    report = f"import sys; print('LOADED', *(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program + report], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "LOADED"


def tree_in_readme() -> dict[str, str]:
    """``{"datasets/pixels.py": "phrase", ...}`` from the indented listing under ``src/modiste/``."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listing = re.search(r"^src/modiste/\n((?:  .*\n)+)", text, re.MULTILINE)
    assert listing, "README.md shows no tree that starts with src/modiste/"
    tree: dict[str, str] = {}
    folders: list[str] = []
    for line in listing[1].splitlines():
        name, _, phrase = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        folders = folders[:depth]
        tree["".join(folders) + name] = phrase.strip(" 0123456789")
        if name.endswith("/"):
            folders.append(name)
    return tree


def test_readme_shows_the_house_as_it_is() -> None:
    tree = tree_in_readme()
    there = {str(path.relative_to(PACKAGE)) for path in modules() if path.name != "__init__.py"}
    there |= {f"{path.parent.relative_to(PACKAGE)}/" for path in modules() if path.name == "__init__.py"}
    there |= {f"{folder}/" for folder in ("web", "encoders") if (PACKAGE / folder).is_dir()}
    assert sorted(set(tree) - there) == [], "in README.md but not in src/modiste"
    assert sorted(there - set(tree) - {"__init__.py"}) == [], "in src/modiste but not in README.md"
    silent = [name for name, phrase in tree.items() if len(phrase.split()) < 2]
    assert silent == [], "every line of the tree says in a phrase what is there"
