"""What `test_replaced_models` starts: writers of a tiny model that are killed, and a reader beside them.

    python -m tests.replaced HOW FOLDER KILLS

``at-once`` leaves Linux to exchange the folders; ``aside`` does as if it could not, and dawdles where a kill
would leave no model at the path. As in `tests.catalogue.killed`, one process imports everything, and its
forks write, read and are killed. They write models 0, 1, 2 …, and say so when one is written.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import torch
from tests.forks import Say, fork, told_by

from modiste import whole_folder
from modiste.datasets.labels import Labels
from modiste.model_folder import load_model, write_folder
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

DESCRIPTION = {
    "scale": 16.0,
    "labels": Labels(("Shirts", "Ties"), (1, 20), ("Topwear", "Ties"), (0, 7), (0, 7)).as_dict(),
    "calibration": {"support": SupportMethod("knn", k=5).as_dict(), "confidence": {}, "threshold": 0.5},
}


def impossible(one: Path, other: Path) -> None:
    raise OSError("as on file systems that cannot")


def slowly(rename: Any) -> Any:
    def renamed(path: Path, target: Path) -> Path:
        time.sleep(0.002)
        moved: Path = rename(path, target)
        time.sleep(0.002)
        return moved

    return renamed


def save(folder: Path, n: int) -> None:
    write_folder(
        folder,
        name="tiny",
        network=ResNet(
            ResNetConfig(types=2, categories=2, widths=(4, 4), depths=(0, 1), projection=n % 7 + 1)
        ),
        preprocess=Preprocess(height=20, width=15),
        description=DESCRIPTION | {"training": {"n": n}},
        card=str(n),
    )


def number(folder: Path) -> int:
    """Which of the models lies there: whole, or this raises."""
    model = load_model(folder)
    n = int(model.training["n"])
    assert (model.card, model.network.config.projection) == (str(n), n % 7 + 1)
    return n


def write(folder: Path, first: int, say: Say) -> None:
    say("ready")
    for n in count(first):
        save(folder, n)
        say(str(n))


def read_on(folder: Path, say: Say) -> None:
    """Load again and again, until the folder is asked to be left alone; say how often that was."""
    last = times = 0
    while not (folder.parent / "enough").exists():
        now = number(folder)
        assert now >= last, "an older model came back"
        last, times = now, times + 1
        time.sleep(0.02)
    say(str(times))


def main(folder: Path, kills: int) -> str:
    done, rng, usual, left = 0, random.Random(0), 0.05, 0
    save(folder, 0)
    number(folder)  # what PyTorch imports at its first use, forks then have
    reader, read = fork(lambda say: read_on(folder, say))
    for kill in range(kills):
        child, said = fork(lambda say, n=done + 1: write(folder, n, say))  # type: ignore[misc]
        with said:
            assert (ready := said.readline()) == "ready\n", (kill, ready)
            began = time.monotonic()
            lines = [said.readline() for _ in range(rng.randint(0, 1))]
            if lines:
                usual = 0.8 * usual + 0.2 * (time.monotonic() - began)
            time.sleep(rng.uniform(0, 1.2 * usual))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            acknowledged = int([str(done), *lines, *said.read().splitlines()][-1])
        left += any(path != folder for path in folder.parent.iterdir())
        told = told_by(lambda say: say(str(number(folder))))
        assert told.strip() in (str(acknowledged), str(acknowledged + 1)), (kill, acknowledged, told)
        done = int(told)
    assert told_by(lambda say: save(folder, done + 1)) == ""
    assert (beside := [path.name for path in folder.parent.iterdir()]) == [folder.name], beside
    (folder.parent / "enough").touch()
    with read:
        loaded = read.read().strip()
    os.waitpid(reader, 0)
    assert loaded.isdigit(), loaded
    return f"{kills} kills, {left} left something, {done} models, {loaded} loaded meanwhile"


if __name__ == "__main__":
    how, place, times = sys.argv[1:]
    torch.set_num_threads(1)
    whole_folder._to_disk = lambda place: None  # slow, and what kills leave does not depend on it
    if how == "aside":
        whole_folder._exchange_at_once = impossible
        Path.rename = slowly(Path.rename)  # type: ignore[method-assign]
    Path(place).parent.mkdir(parents=True)
    sys.stdout.write(main(Path(place), int(times)) + "\n")
