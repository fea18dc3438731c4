"""Indexing by a Ray cluster equals indexing here; when a node dies, nothing is lost and nothing doubled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.catalogue.test_indexing import drawn, listing

from modiste.catalogue import Catalogue, index, ray_indexing
from modiste.catalogue.ray_indexing import _Worker, index_on_ray
from modiste.datasets import Skipped, open_listing
from modiste.embedding import Encoder
from modiste.errors import CatalogueError, DataError, ModelMismatch

Draw = Callable[..., bytes]

# Without Ray ------------------------------------------------------------------------------------------------


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many blocks each pass was given. In place of a cluster one worker, which loses every third."""
    counts: list[int] = []

    def in_process(ray: Any, blocks: list[Any], worker: Any, *rest: Any) -> Iterator[Any]:
        counts.append(len(blocks))
        work = _Worker(*worker)
        for number, block in enumerate(blocks):
            if number % 3 != 1 or len(blocks) == 1:
                yield work(block)
            if number == 0:
                yield work(block)  # done twice, as when its machine died after it had answered

    monkeypatch.setattr(ray_indexing, "_cluster", lambda address: contextlib.nullcontext())
    monkeypatch.setattr(ray_indexing, "_pass", in_process)
    monkeypatch.setattr(ray_indexing, "BLOCK", 5)
    return counts


def test_what_is_lost_is_sent_again_and_what_comes_twice_counts_once(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, passes: list[int]
) -> None:
    photos = drawn(draw_photo, 33) | {"torn": b"\xff\xd8\xffnonsense"}
    found = listing(tmp_path / "in", photos, gender="Men")
    report = index_on_ray(found, tmp_path / "ray", lambda: encoder)
    assert passes == [7, 2, 1]
    usual = index(found, tmp_path / "usual", encoder)
    assert (report.added, report.updated, report.unchanged) == (33, 0, 0)
    assert report.skipped == usual.skipped
    one, other = Catalogue.open(tmp_path / "ray"), Catalogue.open(tmp_path / "usual")
    assert sorted(one.ids) == sorted(other.ids)
    assert one.fingerprints() == other.fingerprints()
    for id in one.ids:
        assert one.get(id) == other.get(id)
        ours, theirs = one.vectors[one.snapshot.row_of[id]], other.vectors[other.snapshot.row_of[id]]
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_second_run_changes_only_what_has_changed(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, passes: list[int]
) -> None:
    photos = drawn(draw_photo, 12)
    index_on_ray(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", lambda: encoder)
    version = Catalogue.open(tmp_path / "shop").version
    report = index_on_ray(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", lambda: encoder)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 12)
    assert Catalogue.open(tmp_path / "shop").version == version
    photos |= {"p2": draw_photo(99), "new": draw_photo(98)}
    report = index_on_ray(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", lambda: encoder)
    assert (report.added, report.updated, report.unchanged) == (1, 1, 11)
    report = index_on_ray(
        listing(tmp_path / "in", photos, gender="Women"), tmp_path / "shop", lambda: encoder
    )
    assert (report.added, report.updated, report.unchanged) == (0, 13, 0)


def test_what_no_item_can_be_made_of_is_named(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, passes: list[int]
) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 3))
    found.table.loc[1, "id"] = ""
    report = index_on_ray(found, tmp_path / "shop", lambda: encoder)
    assert report.added == 2
    [skipped] = report.skipped
    assert skipped == Skipped("p1.png", "no usable item", skipped.detail)
    assert "without an id" in skipped.detail


def test_what_a_worker_lacks_is_said(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, make_encoder: Any, passes: list[int]
) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 3))
    loaded = iter([encoder, make_encoder(id="other-1")])
    with pytest.raises(ModelMismatch, match="a worker: has model other-1"):
        index_on_ray(found, tmp_path / "shop", lambda: next(loaded))
    worker = _Worker(lambda: encoder, encoder.id, tmp_path / "not mounted", 1)
    told = worker(ray_indexing._to_blocks(list(ray_indexing._rows(found)), np.arange(3), {})[0]).to_pylist()
    assert [row["reason"] for row in told] == ["DataError"]


def test_a_cluster_that_brings_nothing_back_is_given_up(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_indexing, "_pass", lambda *rest: iter(()))
    with pytest.raises(CatalogueError, match="3 photos do not come back from the Ray cluster"):
        index_on_ray(listing(tmp_path / "in", drawn(draw_photo, 3)), tmp_path / "shop", lambda: encoder)


def test_only_folders_and_zips(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 1))

    class Elsewhere:
        path = tmp_path

    object.__setattr__(found, "source", Elsewhere())
    with pytest.raises(DataError, match="on Ray, photos come from a folder or a zip"):
        index_on_ray(found, tmp_path / "shop", lambda: encoder)


def test_without_ray_it_is_said_how_to_get_it(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_indexing, "find_spec", lambda name: None)
    with pytest.raises(CatalogueError, match=r"pip install 'modiste\[ray\]'"):
        index_on_ray(listing(tmp_path / "in", drawn(draw_photo, 1)), tmp_path / "shop", lambda: encoder)


# On two nodes -----------------------------------------------------------------------------------------------

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")

# The encoder of the tests, slowed down, in workers that wait for each other before their first batch: both
# nodes have work when one dies. It is not installed there, so its code is sent to them.
SLOWLY = """
import json, os, pathlib, sys, time
from ray import cloudpickle
import tests.conftest
from modiste.catalogue import ray_indexing
from modiste.datasets import open_listing

cloudpickle.register_pickle_by_value(tests.conftest)
photos, into, address, met = sys.argv[1:]

class Slow(tests.conftest.FakeEncoder):
    def embed(self, pixels):
        pathlib.Path(met, str(os.getpid())).touch()
        until = time.monotonic() + 120
        while len(os.listdir(met)) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.2)
        return super().embed(pixels)

ray_indexing.BLOCK = 16
report = ray_indexing.index_on_ray(
    open_listing(photos), into, lambda: Slow(), address=address, batch=16,
    progress=lambda done, total, what: print(done, flush=True),
)
print(json.dumps(report.as_dict()))
"""


@dataclass
class Cluster:
    address: str
    second: subprocess.Popen[bytes]
    environment: dict[str, str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes on this machine, of one processor each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    environment["RAY_worker_niceness"] = "0"  # Ray's 15 stands still on a machine that has other work
    environment.pop("RAY_ADDRESS", None)
    # Ray's sockets lie below its folder, and their paths may have 107 characters: not in pytest's.
    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        common = ["--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats", "--block"]
        head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"]
        nodes: list[subprocess.Popen[bytes]] = []

        def start(options: list[str]) -> None:
            script = "from ray.scripts.scripts import main; main()"
            nodes.append(
                subprocess.Popen(
                    [sys.executable, "-c", script, "start", *options, "--node-ip-address=127.0.0.1", *common],
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )

        try:
            start(head)
            until = time.monotonic() + 120
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert time.monotonic() < until, "Ray's first node does not start"
                time.sleep(0.2)
            start([f"--address=127.0.0.1:{port}"])
            yield Cluster(f"127.0.0.1:{port}", nodes[1], environment)
        finally:
            for node in nodes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(node.pid, signal.SIGKILL)
                node.wait()


@needs_ray
@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives(cluster: Cluster, tmp_path: Path, draw_photo: Draw) -> None:
    photos = tmp_path / "photos"
    listing(photos, drawn(draw_photo, 90) | {"torn": b"\xff\xd8\xffnonsense"})
    modiste = [sys.executable, "-m", "modiste", "index", str(photos), "--json", "--quiet", "--into"]
    on_ray = ["--engine", "ray", "--ray-address", cluster.address]
    reports = [
        json.loads(
            subprocess.check_output([*modiste, str(tmp_path / where), *options], env=cluster.environment)
        )
        for where, options in (("ray", on_ray), ("usual", []), ("ray", on_ray))
    ]
    assert [report["added"] for report in reports] == [90, 90, 0]
    assert reports[2]["unchanged"] == 90
    assert reports[0]["skipped"] == reports[1]["skipped"]
    one, other = Catalogue.open(tmp_path / "ray"), Catalogue.open(tmp_path / "usual")
    assert one.ids == other.ids
    assert one.model_id == other.model_id
    # bfloat16 rounds differently in batches of other sizes.
    assert np.einsum("nd,nd->n", one.vectors, other.vectors).min() > 0.999


@needs_ray
@pytest.mark.slow
def test_a_node_may_die_half_way(
    cluster: Cluster, tmp_path: Path, draw_photo: Draw, encoder: Encoder
) -> None:
    photos = tmp_path / "photos"
    listing(photos, drawn(draw_photo, 400) | {"torn": b"\xff\xd8\xffnonsense"})
    found = open_listing(photos)
    met = tmp_path / "met"
    met.mkdir()
    command = [sys.executable, "-c", SLOWLY, str(photos), str(tmp_path / "shop"), cluster.address, str(met)]
    run = subprocess.Popen(command, env=cluster.environment, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    killed = False
    last = ""
    for line in run.stdout:
        last = line
        if not killed and line.strip().isdigit() and int(line) >= 100:
            assert int(line) < 350, "too quick to be killed half-way"
            os.killpg(cluster.second.pid, signal.SIGKILL)
            killed = True
    run.stdout.close()
    assert run.wait() == 0
    assert killed
    assert len(list(met.iterdir())) >= 2
    report = json.loads(last)
    assert (report["added"], report["updated"], len(report["skipped"])) == (400, 0, 1)
    catalogue = Catalogue.open(tmp_path / "shop", encoder.id)
    assert sorted(catalogue.ids) == sorted(id for id in found.ids if id != "torn")
    index(found, tmp_path / "usual", encoder)
    usual = Catalogue.open(tmp_path / "usual")
    rows = [usual.snapshot.row_of[id] for id in catalogue.ids]
    assert catalogue.vectors == pytest.approx(usual.vectors[rows], abs=1e-6)
    assert catalogue.fingerprints() == usual.fingerprints()
