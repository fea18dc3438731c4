"""Two hundred times kill -9 while adding, updating, removing, compacting: what was acknowledged stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# One process imports everything and never touches a catalogue; its forks write, are killed, and look.
NURSERY = """
import json, os, random, signal, sys, time, warnings
import lancedb
import numpy as np
from modiste.catalogue import Catalogue, CatalogueItem, store

warnings.simplefilter("ignore")  # LanceDB warns of forks; here the parent never uses it
store.FILES_BEFORE_COMPACTION = 5
folder, kills = sys.argv[1], int(sys.argv[2])

def operation(n):
    rng = random.Random(n)
    kind = rng.choice(["add", "add", "add", "remove", "compact"])
    return kind, rng.sample([f"i{k}" for k in range(20)], rng.randint(1, 3))

def vector(n, id):
    drawn = np.random.default_rng([n, int(id[1:])]).standard_normal(4)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)

def after(state, n):
    kind, ids = operation(n)
    state = dict(state)
    for id in ids:
        if kind == "add":
            state[id] = [f"op {n}", float(vector(n, id)[0])]
        elif kind == "remove":
            state.pop(id, None)
    return state

def carry_out(catalogue, n):
    kind, ids = operation(n)
    if kind == "add":
        items = [CatalogueItem(id, f"op {n}", b"of %d" % n, "image/jpeg") for id in ids]
        catalogue.add(items, np.stack([vector(n, id) for id in ids]))
    elif kind == "remove":
        catalogue.remove(ids)
    else:
        catalogue.compact()

def fork(work):
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            work(lambda line: os.write(writing, (line + "\\n").encode()))
        except BaseException as error:
            os.write(writing, f"failed: {error!r}\\n".encode())
        os._exit(0)
    os.close(writing)
    return child, os.fdopen(reading)

def write(first, say):
    catalogue = Catalogue.open(folder)
    say("open")
    n = first
    while True:
        carry_out(catalogue, n)
        n += 1
        say(str(n))

def look(say):
    catalogue = Catalogue.open(folder)
    now = catalogue.snapshot
    for id, name in zip(now.ids, now.names):
        assert catalogue.photo(id)[0] == b"of %d" % int(name.split()[1])
    say(json.dumps(list(zip(now.ids, now.names, now.vectors[:, 0].tolist()))))

child, said = fork(lambda say: Catalogue.create(folder, model_id="m", dimension=4))
assert said.read() == ""
os.waitpid(child, 0)
state, done, rng = {}, 0, random.Random(0)
for kill in range(kills):
    child, said = fork(lambda say: write(done, say))
    assert said.readline() == "open\\n"
    time.sleep(rng.uniform(0, 0.15))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for line in said.read().splitlines():
        assert line == str(done + 1), line
        state, done = after(state, done), done + 1
    child, said = fork(look)
    found = {id: [name, number] for id, name, number in json.loads(said.read())}
    os.waitpid(child, 0)
    under_way = after(state, done)
    assert found in (state, under_way), (kill, done, found, state)
    assert list(found) in (list(state), list(under_way))
    if found != state or operation(done)[0] == "compact":
        state, done = under_way, done + 1
print(f"{kills} kills, {done} operations")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_what_was_acknowledged_survives_two_hundred_kills(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NURSERY, str(tmp_path / "shop"), "200"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("200 kills")
