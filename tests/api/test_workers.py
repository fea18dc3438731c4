"""Two workers over one catalogue: what one writes the other serves, and they count as one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.api.fake_shop import draw

from modiste import Client
from modiste.api.server import SECONDS_TO_ANSWER
from modiste.catalogue import Catalogue
from modiste.errors import ModisteError, ServerError
from modiste.recommendation import Recommender

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from functools import partial
from pathlib import Path
from modiste.api import serve
from tests.api.fake_shop import open_shop
shop = partial(open_shop, Path(sys.argv[1]))
serve(shop, port=0, workers=2, log="json", ready=lambda url: print(url, flush=True))
"""


def workers_of(pid: int) -> list[int]:
    """Its children that answer requests, eldest first."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def two_workers_of(pid: int, without: int = 0) -> list[int]:
    """Its two workers, once there are two and none of them is ``without``."""
    deadline = time.monotonic() + 120
    while len(workers := workers_of(pid)) != 2 or without in workers:
        assert time.monotonic() < deadline, f"expected two workers; there are {workers}"
        time.sleep(0.1)
    return workers


@contextmanager
def alone(worker: int, of: list[int], catalogue: Catalogue) -> Iterator[None]:
    """Within it only this worker answers: the others are stopped, and none of them while it writes."""
    others = [other for other in of if other != worker]
    with catalogue.writing():
        for other in others:
            os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def counted(client: Client) -> dict[str, float]:
    lines = client._send("GET", "/metrics").data.decode().splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def well(client: Client) -> None:
    client._send("GET", "/healthz")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for workers in Linux' /proc")
def test_two_workers_are_one_server(shop: Recommender) -> None:
    command = [sys.executable, "-c", PROGRAM, str(shop.catalogue.folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            one, other = workers = two_workers_of(process.pid)

            def client() -> Client:  # a connection stays with the worker that took it
                return Client(url, timeout=120)

            with alone(one, workers, shop.catalogue), client() as shop_one:
                shop_one.put_item("new", "New boot", draw("boot", "peru"))
                for _ in range(3):
                    well(shop_one)
                counted(shop_one)  # once it has said so, the third is counted, too
            with alone(other, workers, shop.catalogue), client() as shop_other:
                assert shop_other.item("new").name == "New boot", "seen at once"
                shop_other.delete_item("new")
                for _ in range(4):
                    well(shop_other)
                healthy = 'modiste_requests_total{method="GET",route="/healthz",status="200"}'
                assert counted(shop_other)[healthy] == 7, "of both workers"
                assert counted(shop_other)["modiste_catalogue_items"] == 9
            with alone(one, workers, shop.catalogue), client() as shop_one:
                with pytest.raises(ServerError, match="no item of this id"):
                    shop_one.item("new")
                assert counted(shop_one)[healthy] == 7
            os.kill(one, signal.SIGKILL)
            with client() as anyone:
                well(anyone)
                two_workers_of(process.pid, without=one)  # one that died is replaced
                assert counted(anyone)[healthy] >= 8, "what it had counted stays"
                assert counted(anyone)["modiste_catalogue_items"] == 9
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0
        finally:
            process.kill()
    lines = [json.loads(line) for line in err.splitlines()]
    assert {one, other} <= {line["process"] for line in lines}
    assert not [line for line in lines if line["level"] == "error"]
    assert any(line.get("path") == "/v1/items/new" and line.get("status") == 201 for line in lines)


def cannot_open() -> Recommender:
    raise ModisteError("the model is not there")


@pytest.mark.slow
def test_what_keeps_workers_from_starting_is_said_once_and_ends_it() -> None:
    program = """
from modiste.api import serve
from tests.api.test_workers import cannot_open
serve(cannot_open, port=0, workers=2, log="text")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER
    )
    assert "the model is not there" in done.stderr
    assert "Traceback" not in done.stderr
