"""How long an answer takes from upload to JSON, how many a second there can be, and what memory that needs.

    python benchmarks/serving.py --json serving.json
    python benchmarks/serving.py --minutes 30        # mixed load at the end: does memory grow?

``modiste serve`` runs in a process of its own on a catalogue of ``--items`` items (44,000) of the shipped
encoder: vectors scattered around those of the drawn sample shop's photos, and photos of 60 × 80. With
``--data`` the catalogue is made from the photos given. The photos that are sent are drawn anew and not in it.

- *small*: one 60 × 80 photo at a time on one open connection, each a different one
- *phone*: a JPEG of 12 megapixels, one at a time
- *load*: several connections, each of which sends its next photo as soon as it has its answer. The sender
  runs on the same processors as the server, as there is no other machine; *processor_ms* is what the server
  takes of them for an answer
- *memory*: resident set of the server when it is ready, after the above, and each five seconds of the mixed
  load: recommendations for small and phone photos, pages and photos of the catalogue, searches by words,
  items added, changed and removed, types recognised, and uploads that are no photos, cut off, lying or too
  large.
  *growth* is the median of the last quarter of those less that of the second, of all that is resident and of
  what is in no file; *answers* counts how many there were of each kind
- *add*: time until a new item is on disk and found, in a copy of that catalogue

Exit code 0: done; 1: some answer was an error. Figures of a busy machine mean nothing: the load before the
run is shown with them.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import io
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODISTE = [sys.executable, "-c", "from modiste.cli import main; main()"]  # what the `modiste` script does
SECONDS_TO_START = 600
SAMPLE_SECONDS = 5.0
# What the issue tracker asks for on two processors.
GOALS = {
    "small_p50_ms": 6.0,
    "small_p99_ms": 20.0,
    "phone_p50_ms": 60.0,
    "load_per_s": 400.0,
    "load_p99_ms": 50.0,
    "resident_mb": 400.0,
    "add_ms": 50.0,
}
AT_LEAST = {"load_per_s"}

Photos = list[bytes]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark as the command line says; the exit code."""
    wanted = parse(arguments)
    report: dict[str, Any] = {
        "command": sys.argv[1:] if arguments is None else list(arguments),
        "hardware": {"cores": os.cpu_count(), "machine": platform.machine(), "load": os.getloadavg()},
    }
    with tempfile.TemporaryDirectory(prefix="modiste-serving-") as place:
        shop = Path(place, "shop")
        report["catalogue"] = make_catalogue(wanted, shop)
        smalls = drawn_photos(wanted.photos, seed=7)
        phone = phone_photo(*((4000, 3000) if not wanted.quick else (400, 300)))
        report["add"] = added(shop, 3 if wanted.quick else 20)
        with Server(shop, wanted.workers, wanted.model) as server:
            report["ready_s"] = round(server.ready_s, 2)
            report |= asyncio.run(measure(wanted, server, smalls, phone))
            report["memory"]["peak_mb"] = server.memory("VmHWM")
    figures = summary(report)
    report["summary"] = {
        name: {"value": value, "goal": GOALS[name], "reached": reaches(name, value)}
        for name, value in figures.items()
    }
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    for name, told in report["summary"].items():
        print(
            f"{name:15} {told['value']:9.1f}   goal {told['goal']:g}{'' if told['reached'] else '   MISSED'}"
        )
    if "growth_mb" in (memory := report["memory"]):
        grown = f"{memory['growth_mb']:+} MB resident, {memory['of_no_file_growth_mb']:+} MB in no file"
        print(f"grown under {sum(report['answers'].values()):,} mixed requests: {grown}")
    print(f"errors {report['errors']}, ready after {report['ready_s']} s, load {os.getloadavg()[0]:.1f}")
    return 1 if report["errors"] else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--items", type=int, default=44_000, metavar="N", help="items in the made-up catalogue"
    )
    parser.add_argument(
        "--data", type=Path, metavar="ZIP", help="make the catalogue from these photos instead"
    )
    parser.add_argument("--model", default="default", help="a model folder or a shipped encoder")
    parser.add_argument("--photos", type=int, default=300, metavar="N", help="different photos to send")
    parser.add_argument("--connections", type=int, default=12, metavar="N", help="for the load")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of load")
    parser.add_argument("--minutes", type=float, default=0.0, metavar="M", help="of mixed load, for memory")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    wanted = parser.parse_args(arguments)
    if wanted.quick:
        wanted.items, wanted.photos, wanted.seconds = min(wanted.items, 1200), 8, 1.0
    return wanted


# What is served and sent ----------------------------------------------------------------------------------


def make_catalogue(wanted: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Index the photos given, or scatter vectors around those of drawn photos; how large it is, how long."""
    began = time.perf_counter()
    if wanted.data is not None:
        done = subprocess.run(
            [*MODISTE, "index", str(wanted.data), "--into", str(folder), "--model", wanted.model, "--quiet"],
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{wanted.data}: could not be indexed")
        return {"data": wanted.data.name, "seconds": round(time.perf_counter() - began, 1)}
    from modiste.catalogue import Catalogue, CatalogueItem
    from modiste.embedding import embed_photo
    from modiste.model_folder import load_model

    encoder = load_model(wanted.model)
    photos = drawn_photos(min(500, wanted.items), seed=1)
    centres = np.concatenate([embed_photo(encoder, photo) for photo in photos])
    vectors = scattered(centres, wanted.items)
    catalogue = Catalogue.create(folder, model_id=encoder.id, dimension=encoder.dimension)
    for start in range(0, len(vectors), 4096):
        items = [
            CatalogueItem(
                str(row),
                f"Drawn piece number {row}",
                photos[row % len(photos)],
                "image/jpeg",
                labels={"articleType": f"type {row % len(photos) % 39}"},
            )
            for row in range(start, min(start + 4096, len(vectors)))
        ]
        catalogue.add(items, vectors[start : start + 4096])
    catalogue.compact()
    indexed = catalogue.build_index()
    return {
        "items": len(catalogue),
        "dimension": encoder.dimension,
        "index": indexed,
        "recall": catalogue.snapshot.index.recall if catalogue.snapshot.index else 1.0,
        "seconds": round(time.perf_counter() - began, 1),
    }


def scattered(
    centres: NDArray[np.float32], n: int, spread: float = 0.5, seed: int = 0
) -> NDArray[np.float32]:
    """``n`` vectors of length 1 around ``centres`` (C, D), each as far from its centre as ``spread`` says.

    >>> near = scattered(np.eye(2, dtype=np.float32), 4, spread=0.0)
    >>> near.tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    rng = np.random.default_rng(seed)
    dimension = centres.shape[1]
    noise = rng.standard_normal((n, dimension), np.float32) * np.float32(spread / np.sqrt(dimension))
    vectors = centres[np.arange(n) % len(centres)] + noise
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@functools.cache
def drawn_pictures() -> tuple[NDArray[np.uint8], ...]:
    """The drawn sample shop's photos (80, 60, 3), one of each type; drawn once, as that takes its time."""
    from modiste.datasets import draw_sample

    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "shop")
        draw_sample(shop, per_type=1, height=80)
        files = sorted(path for path in shop.rglob("*") if path.suffix in (".jpg", ".png"))
        return tuple(np.asarray(Image.open(path).convert("RGB").resize((60, 80))) for path in files)


def drawn_photos(n: int, seed: int) -> Photos:
    """Different JPEGs of 60 × 80: drawn garments, each shifted and shaded in its own way."""
    pictures = drawn_pictures()
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        picture = np.roll(pictures[number % len(pictures)], tuple(rng.integers(-3, 4, 2)), (0, 1))
        shaded = np.clip(picture * rng.uniform(0.8, 1.1) + rng.normal(0, 2, picture.shape), 0, 255)
        made.append(jpeg(shaded.astype(np.uint8)))
    return made


def phone_photo(width: int, height: int) -> bytes:
    """A JPEG with the detail of a camera's: grain on a drawn garment; 12 megapixels are some 4 MB."""
    rng = np.random.default_rng(3)
    small = Image.open(io.BytesIO(drawn_photos(1, seed=3)[0])).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = rng.normal(0, 6, (height, width, 1)).astype(np.float32)
    return jpeg(np.clip(np.asarray(small, np.float32) + grain, 0, 255).astype(np.uint8))


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=88)
    return file.getvalue()


def added(folder: Path, times: int) -> dict[str, Any]:
    """How long `Catalogue.add` of one item takes, until it is on disk, and to find it then."""
    from modiste.catalogue import Catalogue, CatalogueItem

    beside = folder.with_name("added")
    shutil.copytree(folder, beside)
    catalogue = Catalogue.open(beside)
    rng = np.random.default_rng(5)
    took = []
    for number in range(times + 1):
        vector = rng.standard_normal((1, catalogue.dimension)).astype(np.float32)
        vector /= np.linalg.norm(vector)
        began = time.perf_counter()
        catalogue.add([CatalogueItem(f"new {number}", "New", b"photo", "image/jpeg")], vector)
        found = catalogue.search(vector, 1)
        took.append(time.perf_counter() - began)
        assert catalogue.snapshot.ids[found.rows[0, 0]] == f"new {number}", "what was added is not found"
    shutil.rmtree(beside)
    return {"first_ms": round(1e3 * took[0], 1), **spread_ms(took[1:])}


# The server -----------------------------------------------------------------------------------------------


class Server:
    """``modiste serve`` in a process of its own, until the end of the ``with`` block."""

    def __init__(self, folder: Path, workers: int = 1, model: str = "default") -> None:
        self._words = [str(folder), "--port", "0", "--workers", str(workers), "--model", model]
        self.port = 0
        self.ready_s = 0.0

    def __enter__(self) -> Server:
        began = time.perf_counter()
        self._process = subprocess.Popen([*MODISTE, "serve", *self._words], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        told = ""
        for line in self._process.stderr:
            told += line
            if match := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(match[1])
                break
        else:
            raise SystemExit(f"modiste serve did not start: {told}")
        asyncio.run(self._answers(began + SECONDS_TO_START))
        self.ready_s = time.perf_counter() - began
        return self

    async def _answers(self, deadline: float) -> None:
        while time.perf_counter() < deadline:
            try:
                connection = await Connection.open(self.port)
                status, _ = await connection.ask(get("/healthz"))
                connection.close()
                if status == 200:
                    return
            except OSError:
                await asyncio.sleep(0.05)
        raise SystemExit("modiste serve does not answer")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def memory(self, name: str = "VmRSS") -> float:
        """Megabytes: resident now (VmRSS), of that in no file (RssAnon), or the most there were (VmHWM).

        Of all workers together; what they share counts for each.
        """
        found = [re.search(rf"{name}:\s+(\d+) kB", status) for status in self._told("status")]
        return round(sum(int(each[1]) for each in found if each) * 1024 / 1e6, 1)

    def processor_s(self) -> float:
        """Seconds of processor all workers have taken until now."""
        ticks = [stat.rpartition(")")[2].split()[11:13] for stat in self._told("stat")]  # utime, stime
        return sum(int(each) for both in ticks for each in both) / os.sysconf("SC_CLK_TCK")

    def _told(self, file: str) -> list[str]:
        """What the kernel tells in ``file`` of the process and its workers; nothing without /proc."""
        process = Path(f"/proc/{self._process.pid}")
        try:
            workers = (process / "task" / process.name / "children").read_text().split()
            return [(process.parent / one / file).read_text() for one in (process.name, *workers)]
        except OSError:
            return []


class Connection:
    """One open HTTP connection: requests as bytes, one after the other. Quicker than any client library."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if status == 204:
            return status, b""
        if length is None:
            raise OSError(f"an answer without a length: {head!r}")
        return status, await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        self._writer.close()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def upload(photo: bytes, path: str = "/v1/recommendations", method: str = "POST", **fields: str) -> bytes:
    """The request a browser sends for a photo, with the other fields of its form.

    >>> upload(b"..").split(b"\\r\\n")[0]
    b'POST /v1/recommendations HTTP/1.1'
    """
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    body += b'--b\r\nContent-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n'
    body += b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--b--\r\n"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


# Measuring ------------------------------------------------------------------------------------------------


async def measure(wanted: argparse.Namespace, server: Server, smalls: Photos, phone: bytes) -> dict[str, Any]:
    requests = [upload(photo) for photo in smalls]
    found: dict[str, Any] = {"memory": {"ready_mb": server.memory()}}
    errors = 0
    connection = await Connection.open(server.port)
    for request in requests[:10]:
        await connection.ask(request)
    small, failed, body = await one_by_one(connection, requests)
    errors += failed
    found["small"] = spread_ms(small) | {"bytes": len(smalls[0]), "answer": json.loads(body)}
    large, failed, _ = await one_by_one(connection, [upload(phone)] * (2 if wanted.quick else 40))
    errors += failed
    found["phone"] = spread_ms(large) | {"bytes": len(phone)}
    connection.close()

    before = server.processor_s()
    took, failed, seconds = await loaded(server.port, requests, wanted.connections, wanted.seconds)
    errors += failed
    load = spread_ms(took) | {"per_s": round(len(took) / seconds, 1), "connections": wanted.connections}
    load["processor_ms"] = round(1e3 * (server.processor_s() - before) / max(1, len(took)), 2)
    found["load"] = load | {"errors": failed}
    found["memory"] |= {"after_mb": server.memory(), "of_no_file_mb": server.memory("RssAnon")}
    if wanted.minutes:
        samples, answers, failed = await mixed(server, smalls, phone, 60 * wanted.minutes)
        errors += failed
        for name, values in zip(("", "of_no_file_"), samples, strict=True):
            found["memory"] |= {f"{name}samples_mb": values, f"{name}growth_mb": growth(values)}
        found["answers"] = answers
    return found | {"errors": errors}


async def one_by_one(connection: Connection, requests: Sequence[bytes]) -> tuple[list[float], int, bytes]:
    """Seconds of each request, how many failed, and the last body."""
    took, failed, body = [], 0, b""
    for request in requests:
        began = time.perf_counter()
        status, body = await connection.ask(request)
        took.append(time.perf_counter() - began)
        failed += status != 200
    return took, failed, body


async def loaded(
    port: int, requests: Sequence[bytes], connections: int, seconds: float
) -> tuple[list[float], int, float]:
    """Seconds of each request, how many failed, and how long it all took."""
    took: list[float] = []
    failed = 0
    began = time.perf_counter()

    async def send(first: int) -> None:
        nonlocal failed
        connection = await Connection.open(port)
        turn = first
        while time.perf_counter() - began < seconds:
            sent = time.perf_counter()
            status, _ = await connection.ask(requests[turn % len(requests)])
            took.append(time.perf_counter() - sent)
            failed += status != 200
            turn += connections
        connection.close()

    await asyncio.gather(*(send(number) for number in range(connections)))
    return took, failed, time.perf_counter() - began


async def mixed(
    server: Server, smalls: Photos, phone: bytes, seconds: float
) -> tuple[tuple[list[float], list[float]], dict[str, int], int]:
    """Memory every few seconds, resident and in no file, under requests of all kinds.

    Also how many answers of each kind there were, and how many had another status than they should.
    """
    deadline = time.perf_counter() + seconds
    failed = 0
    samples: tuple[list[float], list[float]] = ([], [])
    answers: Counter[str] = Counter()
    first = json.loads((await ask_once(server.port, get("/v1/catalogue?limit=8")))[1])
    photo = get(first["items"][0]["photo_url"])

    async def send(kinds: Sequence[Kind]) -> None:
        nonlocal failed
        connection = await Connection.open(server.port)
        turn = 0
        while time.perf_counter() < deadline:
            what, request, expected = kinds[turn % len(kinds)]
            status, body = await connection.ask(request)
            answers[what] += 1
            if status not in expected:
                failed += 1
                print(f"{what}: {status} {body[:200]!r}", file=sys.stderr)
            turn += 1
        connection.close()

    async def watch() -> None:
        pause = min(SAMPLE_SECONDS, seconds / 8)
        while time.perf_counter() < deadline:
            await asyncio.sleep(pause)
            for values, name in zip(samples, ("VmRSS", "RssAnon"), strict=True):
                values.append(server.memory(name))

    asked: list[Kind] = [("recommend", upload(small), (200,)) for small in smalls]
    looked: list[Kind] = [
        ("page", get("/v1/catalogue?offset=8&limit=40"), (200,)),
        ("search", get("/v1/search?q=drawn+piece"), (200,)),
        ("web page", get("/"), (200,)),
        ("photo", photo, (200,)),
    ]
    sent: list[Awaitable[None]] = [send(asked) for _ in range(4)]
    sent.append(send([("phone", upload(phone), (200,)), *refused(smalls[0]), ("photo", photo, (200,))]))
    sent.append(send(looked))
    sent.append(send(list(written(smalls))))
    await asyncio.gather(watch(), *sent)
    return samples, dict(answers), failed


Kind = tuple[str, bytes, tuple[int, ...]]
"""A request's kind, the request, and the statuses that may answer it."""


def refused(photo: bytes) -> list[Kind]:
    """Uploads that are not to be: no photo, half a photo, one that lies about its size, far too many bytes.

    >>> [status for _, _, (status,) in refused(b"")]
    [422, 422, 422, 413]
    """
    lying = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 2**31 - 1, 2**31 - 1) + bytes(99)
    return [
        ("no photo", upload(b"no photo at all"), (422,)),
        ("half a photo", upload(photo[: len(photo) // 2]), (422,)),
        ("a lie", upload(lying), (422,)),
        ("too large", upload(bytes(21_000_000)), (413,)),
    ]


def written(photos: Photos) -> Iterator[Kind]:
    """Items that come, change and go, each looked for and its type recognised between."""
    for number, photo in enumerate(photos[:50]):
        path = f"/v1/items/mixed-{number}"
        yield "add", upload(photo, path, "PUT", name=f"Mixed load {number}"), (200, 201)
        yield "change", upload(photo, path, "PUT", name="Mixed load, changed"), (200,)
        yield "item", get(path), (200,)
        yield "recognise", upload(photo, "/v1/types/recognise"), (200,)
        yield "remove", f"DELETE {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), (204,)


async def ask_once(port: int, request: bytes) -> tuple[int, bytes]:
    connection = await Connection.open(port)
    answer = await connection.ask(request)
    connection.close()
    return answer


# Figures --------------------------------------------------------------------------------------------------


def spread_ms(seconds: Sequence[float]) -> dict[str, Any]:
    """Median and tail in milliseconds.

    >>> spread_ms([0.001, 0.002, 0.003])
    {'n': 3, 'p50_ms': 2.0, 'p99_ms': 2.98, 'max_ms': 3.0}
    """
    values = 1e3 * np.array(seconds)
    return {
        "n": len(values),
        "p50_ms": round(float(np.median(values)), 2),
        "p99_ms": round(float(np.quantile(values, 0.99)), 2),
        "max_ms": round(float(values.max()), 2),
    }


def growth(samples: Sequence[float]) -> float:
    """Median of the last quarter less that of the second, in megabytes: what came first is warming up.

    >>> growth([1, 2, 3, 3, 4, 4, 5, 5])
    2.0
    """
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples[:1], samples[-quarter:]
    return round(float(np.median(late) - np.median(early)), 1)


def summary(report: dict[str, Any]) -> dict[str, float]:
    """The figures that have a goal."""
    return {
        "small_p50_ms": report["small"]["p50_ms"],
        "small_p99_ms": report["small"]["p99_ms"],
        "phone_p50_ms": report["phone"]["p50_ms"],
        "load_per_s": report["load"]["per_s"],
        "load_p99_ms": report["load"]["p99_ms"],
        "resident_mb": report["memory"]["after_mb"],
        "add_ms": report["add"]["p50_ms"],
    }


def reaches(name: str, value: float) -> bool:
    """Whether a figure is what is asked for.

    >>> reaches("small_p50_ms", 5.9), reaches("load_per_s", 399.0)
    (True, False)
    """
    return value >= GOALS[name] if name in AT_LEAST else value <= GOALS[name]


if __name__ == "__main__":
    sys.exit(main())
