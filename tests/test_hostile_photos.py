"""No file takes a reader or a server down, holds it up, or fills its memory."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image
from tests.hostile_photos import EITHER, FINE, REFUSED, TOO_LARGE, heavy_photos, hostile_photos

from modiste.errors import PhotoError
from modiste.photos import read_fitted
from modiste.preprocessing import Preprocess

SECONDS = (
    5.0  # of a processor: 2 s of decoding at most, scaling 49 megapixels, and twice that for a slow machine
)
MOST_MB = 500.0
MODISTE = [sys.executable, "-c", "from modiste.cli import main; main()"]
STATUS = {FINE: (200,), REFUSED: (422,), EITHER: (200, 422), TOO_LARGE: (413,)}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("large", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_file_is_read_or_refused_in_words(large: bool) -> None:
    known = Preprocess(height=80, width=60)
    names = set()
    for photo in hostile_photos():
        assert photo.name not in names
        names.add(photo.name)
        if (len(photo.content) > 200_000) != large:
            continue
        began, told = time.thread_time(), ""
        try:
            pixels = read_fitted(photo.content, known)
        except PhotoError as error:
            told = str(error)
        if told:
            assert photo.expected != FINE, (photo.name, told)
            assert "\n" not in told
        else:
            assert photo.expected in (FINE, EITHER), photo.name
            assert pixels.shape == (80, 60, 3)
        assert time.thread_time() - began < SECONDS, photo.name
    assert len(names) >= 500


class Told(NamedTuple):
    status: int
    content_type: str
    body: bytes
    cpu_s: float
    grown_mb: float


class Server:
    """A running ``modiste serve``, and what its process takes for each request."""

    def __init__(self, pid: int, port: int) -> None:
        self._process = Path(f"/proc/{pid}")
        self._port = port

    def send(self, photo: bytes) -> Told:
        before, began = self._reset_peak(), self._cpu_s()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        connection.request("POST", "/v1/recommendations", head + photo + b"\r\n--x--\r\n", headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Told(
            answer.status,
            answer.getheader("Content-Type", ""),
            body,
            self._cpu_s() - began,
            self._memory("VmHWM") - before,
        )

    def _reset_peak(self) -> float:
        (self._process / "clear_refs").write_text("5")
        return self._memory("VmRSS")

    def _memory(self, name: str) -> float:
        found = re.search(rf"{name}:\s+(\d+) kB", (self._process / "status").read_text())
        assert found is not None
        return int(found[1]) / 1e3

    def _cpu_s(self) -> float:
        user, system = (self._process / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    (folder / "photos").mkdir()
    for number in range(8):
        colour = (number * 30, 200 - number * 20, number * 11)
        Image.new("RGB", (60, 80), colour).save(folder / "photos" / f"{number}.png")
    index = [*MODISTE, "index", str(folder / "photos"), "--into", str(folder / "shop"), "--quiet"]
    subprocess.run(index, check=True, timeout=300, capture_output=True)
    serve = [*MODISTE, "serve", str(folder / "shop"), "--port", "0"]
    with (folder / "log").open("wb") as log, subprocess.Popen(serve, stderr=log) as process:
        try:
            deadline = time.monotonic() + 300
            while not (found := re.search(rb"http://127\.0\.0\.1:(\d+)", (folder / "log").read_bytes())):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield Server(process.pid, int(found[1]))
            assert process.poll() is None, "it is still there"
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures memory by Linux' /proc")
def test_a_server_answers_every_upload_and_keeps_its_memory(tmp_path: Path) -> None:
    wrong: list[tuple[object, ...]] = []
    most_mb = most_s = 0.0
    with serving(tmp_path) as server:
        for photo in (*hostile_photos(), *heavy_photos()):
            told = server.send(photo.content)
            most_mb, most_s = max(most_mb, told.grown_mb), max(most_s, told.cpu_s)
            if told.status not in STATUS[photo.expected]:
                wrong.append((photo.name, told.status, told.body[:200]))
            if told.status != 200:
                problem = json.loads(told.body)
                if told.content_type != "application/problem+json" or problem["status"] != told.status:
                    wrong.append((photo.name, told.content_type, problem))
            if told.cpu_s > SECONDS or told.grown_mb > MOST_MB:
                wrong.append((photo.name, f"{told.cpu_s:.1f} s, {told.grown_mb:.0f} MB"))
        assert server.send(next(hostile_photos()).content).status == 200
    print(f"at most {most_mb:.0f} MB and {most_s:.2f} s of a processor")  # noqa: T201
    assert not wrong, wrong
