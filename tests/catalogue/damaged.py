"""What `test_damage` starts: a table whose files are cut off or have flipped bits, used in every way.

    python -m tests.catalogue.damaged FOLDER TIMES

Each time is a fork, so that one that dies is noticed, too.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.forks import Say, fork

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.errors import ModisteError

DIMENSION = 8


def unit(seed: int, n: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal((n, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def make(folder: Path) -> None:
    catalogue = Catalogue.create(folder, model_id="m", dimension=DIMENSION)
    for number in range(3):
        items = [
            CatalogueItem(
                f"{number}-{k}", f"Name {k}", bytes((number, k)) * 50, "image/jpeg", labels={"a": "b"}
            )
            for k in range(5)
        ]
        catalogue.add(items, unit(number, 5))
    catalogue.remove(["1-1"])
    catalogue.search_text("name", 2)


def use(folder: Path) -> None:
    catalogue = Catalogue.open(folder)
    now = catalogue.snapshot
    now.search(unit(0, 1), 2)
    assert now.levels in (["a"], []) or len(now.levels) == 1
    catalogue.photos(now.ids)
    catalogue.page(0, 50)
    catalogue.fingerprints()
    catalogue.search_text("name", 3)
    catalogue.history()
    catalogue.duplicates()
    catalogue.add([CatalogueItem("new", "New", b"x", "image/jpeg")], unit(9, 1))
    catalogue.remove(["0-0"])
    catalogue.compact()
    catalogue.undo()


def harm(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    if chance.random() < 0.3:
        content = content[: chance.randrange(len(content))]
    else:
        for _ in range(chance.choice((1, 1, 4))):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def outcome(folder: Path) -> str:
    """``fine``, or ``refused`` in one line; anything else is a fault."""

    def tell(say: Say) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Lance's panics speak for themselves
        try:
            use(folder)
        except ModisteError as error:
            say("refused" if "\n" not in str(error) else f"more than a line: {error}")
        else:
            say("fine")

    child, said = fork(tell)
    with said:
        told = said.read().strip()
    status = os.waitpid(child, 0)[1]
    return told if status == 0 else f"died of {status}: {told}"


def main(folder: Path, times: int) -> dict[str, int]:
    child, said = fork(lambda say: make(folder / "whole"))
    with said:
        assert (failed := said.read()) == "", failed
    os.waitpid(child, 0)
    files = sorted(p for p in (folder / "whole").rglob("*") if p.is_file() and p.stat().st_size)
    chance = random.Random(0)
    found: dict[str, int] = {}
    for _ in range(times):
        file = chance.choice(files).relative_to(folder / "whole")
        shutil.copytree(folder / "whole", folder / "harmed")
        harm(folder / "harmed" / file, chance)
        told = outcome(folder / "harmed")
        shutil.rmtree(folder / "harmed")
        key = told if told in ("fine", "refused") else f"{file}: {told}"
        found[key] = found.get(key, 0) + 1
    return found


if __name__ == "__main__":
    for module in ("lancedb.index", "lancedb.query"):
        with suppress(ImportError):
            import_module(module)
    warnings.simplefilter("ignore")  # LanceDB warns of forks; here the parent never uses it
    sys.stdout.write(f"{main(Path(sys.argv[1]), int(sys.argv[2]))}\n")
