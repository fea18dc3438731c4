"""What `test_kills` starts: writers that are killed at any moment, and a look at what they leave.

    python -m tests.catalogue.killed SCENARIO FOLDER KILLS

One process imports everything and never touches a catalogue; its forks write, are killed, and look. Writers
carry out operation 0, 1, 2 …, each of which follows from its number alone, and say so when one has returned.
After a kill all that they said has happened, and at most the one operation under way besides.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.conftest import FakeEncoder
from tests.forks import Say, fork, told_by

from modiste.catalogue import Catalogue, CatalogueItem, NamedTypes, exchange, reembed, store
from modiste.embedding import embed_photo
from modiste.model import Calibration
from modiste.model_folder import copy_calibrated, read_calibration, store_calibration
from modiste.recommendation import Feedback, Verdict
from modiste.support_set import SupportMethod

State = dict[str, Any]


class Scenario(Protocol):
    """What is written, and what must be there. States are JSON; keys that begin with _ are not seen."""

    start: State

    def make(self) -> None: ...

    def open(self) -> Any: ...

    def carry_out(self, opened: Any, n: int) -> None: ...

    def after(self, state: State, n: int) -> State: ...

    def look(self) -> State: ...


ENCODERS = (FakeEncoder("m-1", 8), FakeEncoder("m-2", 12))


@cache
def photo_of(n: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (6, 8), (n * 37 % 256, n * 101 % 256, n * 59 % 256)).save(file, "PNG")
    return file.getvalue()


@cache
def vector_of(n: int, dimension: int) -> NDArray[np.float32]:
    [encoder] = [encoder for encoder in ENCODERS if encoder.dimension == dimension]
    return embed_photo(encoder, photo_of(n))[0]


class Shop:
    """A small catalogue and everything that commits to its table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start: State = {"model": "m-1", "items": [], "_past": []}
        store.FILES_BEFORE_COMPACTION = 5
        exchange._COMMIT_PHOTOS = 5

    def make(self) -> None:
        Catalogue.create(self.folder, model_id="m-1", dimension=8)

    def open(self) -> Catalogue:
        return Catalogue.open(self.folder)

    def operation(self, n: int) -> tuple[str, list[str]]:
        rng = random.Random(n)
        kind = rng.choice(["add"] * 6 + ["remove"] * 2 + ["compact", "reembed", "undo", "find"])
        return kind, rng.sample([f"i{k}" for k in range(20)], rng.randint(1, 3))

    def carry_out(self, opened: Catalogue, n: int) -> None:
        kind, ids = self.operation(n)
        if kind == "add":
            items = [CatalogueItem(id, f"op {n}", photo_of(n), "image/png") for id in ids]
            opened.add(items, np.stack([vector_of(n, opened.dimension)] * len(ids)))
        elif kind == "remove":
            opened.remove(ids)
        elif kind == "compact":
            opened.compact()
        elif kind == "find":
            opened.search_text("op", 3)
        elif kind == "reembed":
            [other] = [encoder for encoder in ENCODERS if encoder.id != opened.model_id]
            reembed(opened, other, batch=2)
        elif len(opened.history()) > 2:
            opened.undo()

    def after(self, state: State, n: int) -> State:
        kind, ids = self.operation(n)
        items = dict(state["items"])
        now = (state["model"], state["items"])
        if kind == "add":
            items |= dict.fromkeys(ids, n)
        elif kind == "remove":
            items = {id: n for id, n in items.items() if id not in ids}
        model = ({"m-1": "m-2", "m-2": "m-1"} if kind == "reembed" else {"": ""}).get(now[0], now[0])
        following = (model, [[id, n] for id, n in items.items()])
        if kind == "undo":
            following = next((past for past in reversed(state["_past"]) if past != now), now)
        return {"model": following[0], "items": following[1], "_past": [*state["_past"], now]}

    def look(self) -> State:
        opened = self.open()
        now = opened.snapshot
        items = [[id, int(name.split()[1])] for id, name in zip(now.ids, now.names, strict=True)]
        photos = opened.photos(now.ids)
        for (id, n), vector in zip(items, now.vectors, strict=True):
            assert photos[id] == photo_of(n), "another photo"
            assert np.allclose(vector, vector_of(n, opened.dimension), atol=1e-5), "another vector"
        assert {"m-1": 8, "m-2": 12}[opened.model_id] == opened.dimension
        return {"model": opened.model_id, "items": items}


class Indexed:
    """A catalogue large enough for an index and a mapped copy of its vectors."""

    DIMENSION = 8
    FIRST = 1000

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start: State = {"items": {f"f{k}": k for k in range(self.FIRST)}}
        store.EXACT_UP_TO = 1000
        store.FILES_BEFORE_COMPACTION = 5

    def vectors(self, seeds: list[int]) -> NDArray[np.float32]:
        drawn = np.stack([np.random.default_rng(seed).standard_normal(self.DIMENSION) for seed in seeds])
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

    def put(self, opened: Catalogue, seeds: dict[str, int]) -> None:
        items = [CatalogueItem(id, f"seed {seed}", b"", "image/png") for id, seed in seeds.items()]
        opened.add(items, self.vectors(list(seeds.values())))

    def make(self) -> None:
        opened = Catalogue.create(self.folder, model_id="m", dimension=self.DIMENSION)
        self.put(opened, self.start["items"])

    def open(self) -> Catalogue:
        return Catalogue.open(self.folder)

    def operation(self, n: int) -> tuple[str, dict[str, int]]:
        rng = random.Random(n)
        kind = rng.choice(["add", "add", "index", "index", "remove", "compact"])
        ids = rng.sample(range(self.FIRST), 30 if kind == "add" else 5)
        return kind, {f"{rng.choice('fn')}{id}": 10_000 + 1000 * n + at for at, id in enumerate(ids)}

    def carry_out(self, opened: Catalogue, n: int) -> None:
        kind, seeds = self.operation(n)
        if kind == "add":
            self.put(opened, seeds)
        elif kind == "remove":
            opened.remove(list(seeds))
        elif kind == "compact":
            opened.compact()
        else:
            opened.build_index()

    def after(self, state: State, n: int) -> State:
        kind, seeds = self.operation(n)
        if kind == "add":
            return {"items": state["items"] | seeds}
        if kind == "remove":
            return {"items": {id: seed for id, seed in state["items"].items() if id not in seeds}}
        return state

    def look(self) -> State:
        now = self.open().snapshot
        seeds = [int(name.split()[1]) for name in now.names]
        expected = self.vectors(seeds)
        assert np.allclose(now.vectors, expected, atol=1e-6), "another vector"
        asked = list(range(0, len(now), 97))
        found = now.search(expected[asked], 1)
        assert np.mean(found.rows[:, 0] == asked) > 0.9, "items do not find themselves"
        return {"items": dict(zip(now.ids, seeds, strict=True))}


class Files:
    """What lies beside the table: named types, verdicts, and a model's calibration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start: State = {"types": {}, "wrong": 0, "threshold": 0.0, "copy": None}
        self.model = folder / "model"

    def make(self) -> None:
        self.model.mkdir(parents=True)
        (self.model / "model.json").write_text('{"format": 1}')
        (self.model / "weights.safetensors").write_bytes(bytes(200_000))
        store_calibration(self.model, self.calibration(0))

    def open(self) -> tuple[NamedTypes, Feedback]:
        return NamedTypes(self.folder, "m", 2), Feedback(self.folder / "feedback.jsonl", "m")

    def calibration(self, n: int) -> Calibration:
        return Calibration(SupportMethod("knn", k=5), {"weights": [1.0] * (n % 50)}, n / 1e6)

    def operation(self, n: int) -> tuple[str, str]:
        rng = random.Random(n)
        return rng.choice(["name", "forget", "judge", "calibrate", "copy"]), rng.choice("abcd")

    def carry_out(self, opened: tuple[NamedTypes, Feedback], n: int) -> None:
        types, feedback = opened
        kind, name = self.operation(n)
        if kind == "name":
            types.put(name, [[0.6, 0.8]] * (n % 20 + 1), [str(n)] * (n % 20 + 1))
        elif kind == "forget":
            types.remove(name)
        elif kind == "judge":
            feedback.add(Verdict(str(n), False))
        elif kind == "calibrate":
            store_calibration(self.model, self.calibration(n))
        elif not (self.folder / f"copy-{n}").exists():  # else made by one that was killed before it said so
            copy_calibrated(self.model, self.folder / f"copy-{n}", self.calibration(n))

    def after(self, state: State, n: int) -> State:
        kind, name = self.operation(n)
        types = dict(state["types"])
        if kind == "name":
            types[name] = n
        elif kind == "forget":
            types.pop(name, None)
        return {
            "types": types,
            "wrong": state["wrong"] + (kind == "judge"),
            "threshold": n / 1e6 if kind == "calibrate" else state["threshold"],
            "copy": n if kind == "copy" else state["copy"],
        }

    def look(self) -> State:
        types, feedback = self.open()
        copies = sorted(int(path.name[5:]) for path in self.folder.glob("copy-*"))
        for n in copies:
            copy = self.folder / f"copy-{n}"
            assert read_calibration(copy) == self.calibration(n), "a copy with another calibration"
            assert (copy / "weights.safetensors").stat().st_size == 200_000
        return {
            "types": {name: int(named.hashes[0]) for name, named in types.all().items()},
            "wrong": feedback.quality().wrong,
            "threshold": read_calibration(self.model).threshold,
            "copy": copies[-1] if copies else None,
        }


SCENARIOS: dict[str, Callable[[Path], Scenario]] = {"shop": Shop, "indexed": Indexed, "files": Files}


def seen(state: State) -> State:
    """As `look` tells it: what JSON makes of it, and nothing that only the test knows."""
    told: State = json.loads(json.dumps({key: value for key, value in state.items() if key[0] != "_"}))
    return told


def main(scenario: Scenario, kills: int) -> int:
    """How many operations were carried out while so many writers were killed."""

    def write(first: int, say: Say) -> None:
        opened = scenario.open()
        say("open")
        while True:
            scenario.carry_out(opened, first)
            first += 1
            say(str(first))

    assert (failed := told_by(lambda say: scenario.make())) == "", failed
    state, done, rng = scenario.start, 0, random.Random(0)
    usual = 0.05  # seconds of an operation; how fast the machine is must not decide what kills meet
    for kill in range(kills):
        child, said = fork(lambda say, first=done: write(first, say))  # type: ignore[misc]
        with said:
            assert (opened := said.readline()) == "open\n", (kill, opened)
            began, lines = time.monotonic(), []
            for _ in range(whole := rng.randint(0, 3)):
                lines.append(said.readline().rstrip("\n"))
            if whole:
                usual = 0.8 * usual + 0.2 * (time.monotonic() - began) / whole
            time.sleep(rng.uniform(0, 1.5 * usual))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for line in [*lines, *said.read().splitlines()]:
                assert line == str(done + 1), (kill, line)
                state, done = scenario.after(state, done), done + 1
        told = told_by(lambda say: say(json.dumps(scenario.look())))
        assert not told.startswith("failed"), (kill, done, told)
        found, under_way = json.loads(told), scenario.after(state, done)
        as_dicts = (seen(state), seen(under_way))
        assert found in as_dicts, (kill, done, found, *as_dicts)
        if found == as_dicts[1]:  # it has happened, or changes nothing that can be seen
            state, done = under_way, done + 1
    return done


if __name__ == "__main__":
    for module in ("faiss", "lancedb.index", "lancedb.query"):  # else each fork would import them anew
        with suppress(ImportError):
            import_module(module)
    photo_of(0), vector_of(0, 8)
    warnings.simplefilter("ignore")  # LanceDB warns of forks; here the parent never uses it
    name, place, times = sys.argv[1:]
    sys.stdout.write(f"{times} kills, {main(SCENARIOS[name](Path(place)), int(times))} operations\n")
