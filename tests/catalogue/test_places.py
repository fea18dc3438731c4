"""A catalogue in object storage does what one in a folder does: against a server that speaks S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.catalogue.test_indexing import drawn, listing
from tests.s3_server import s3_server

from modiste.catalogue import Catalogue, CatalogueItem, export, import_items, index, reembed, store
from modiste.catalogue.places import ObjectPlace, place_of
from modiste.embedding import Encoder
from modiste.errors import CatalogueError, ModelMismatch

Draw = Callable[..., bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


@pytest.fixture
def place(server: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    return f"s3://shops/{request.node.name}"


def items(ids: list[str], name: str = "x") -> list[CatalogueItem]:
    return [CatalogueItem(id, name, f"photo of {id}".encode(), "image/jpeg") for id in ids]


def vectors(n: int, seed: int = 0, dimension: int = 4) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((n, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("text", ["gs://bucket/shop", "s3://", "s3://bucket", "https://example.org/shop"])
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"expected a folder, or an address such as s3://bucket/shop"):
        place_of(text)


def test_a_folder_stays_a_folder(tmp_path: Path) -> None:
    assert place_of(tmp_path / "s3") == tmp_path / "s3"
    assert place_of(ObjectPlace("b", "k")) == ObjectPlace("b", "k")


def test_index_then_read_update_remove_undo(
    place: str, tmp_path: Path, encoder: Encoder, draw_photo: Draw, make_encoder: Callable[..., Any]
) -> None:
    photos = drawn(draw_photo, 40)
    report = index(listing(tmp_path / "in", photos, gender="Men"), place, encoder)
    assert (report.added, report.skipped) == (40, ())
    index(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", encoder)
    far, near = Catalogue.open(place, encoder.id), Catalogue.open(tmp_path / "shop")
    assert far.ids == near.ids
    assert np.array_equal(far.vectors, near.vectors)
    assert far.photo("p7") == near.photo("p7")
    assert far.fingerprints() == near.fingerprints()
    assert far.search_text("item", 5) == near.search_text("item", 5)
    assert repr(far).startswith(f"Catalogue('{place}': 40 items")
    report = index(listing(tmp_path / "in", photos, gender="Men"), place, encoder)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 40)

    assert far.remove(["p3", "nothing"]) == 1
    assert "p3" not in Catalogue.open(place)
    far.undo()
    assert Catalogue.open(place).ids == near.ids
    with pytest.raises(CatalogueError, match="already there"):
        Catalogue.create(place, model_id="m", dimension=2)
    with pytest.raises(ModelMismatch):
        Catalogue.open(place, "another")

    assert export(far, tmp_path / "all.parquet") == 40
    assert import_items(tmp_path / "all.parquet", f"{place}-copy") == 40
    assert set(Catalogue.open(f"{place}-copy").ids) == set(near.ids)


def test_another_models_vectors_gather_in_the_cache(
    place: str,
    tmp_path: Path,
    encoder: Encoder,
    draw_photo: Draw,
    make_encoder: Callable[..., Any],
    monkeypatch,
) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    index(listing(tmp_path / "in", drawn(draw_photo, 5)), place, encoder)
    other = make_encoder(id="other-1", dimension=8)
    assert reembed(Catalogue.open(place), other) == (5, 0)
    assert Catalogue.open(place, "other-1").vectors.shape == (5, 8)
    assert not list((tmp_path / "cache").rglob("*.npz"))


def test_what_is_not_there_is_said(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CatalogueError, match="no such catalogue; make one with"):
        Catalogue.open(f"{place}/none")
    with pytest.raises(CatalogueError, match="s3://no-such-bucket/shop: cannot be reached"):
        Catalogue.open("s3://no-such-bucket/shop")


def test_the_search_index_lies_beside_the_table(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="needs the extra faiss")
    monkeypatch.setattr(store, "EXACT_UP_TO", 1000)
    writer = Catalogue.create(place, model_id="m", dimension=4)
    rows = vectors(1500)
    writer.add(items([f"i{n}" for n in range(1500)]), rows)
    assert writer.build_index()
    reader = Catalogue.open(place)
    assert reader.snapshot.index is not None
    assert len(reader.snapshot.index) == 1500
    found = reader.search(rows[:5], 1).rows[:, 0]
    assert [reader.ids[row] for row in found.tolist()] == [f"i{n}" for n in range(5)]


def test_writers_who_cannot_see_each_other_lose_and_double_nothing(place: str) -> None:
    Catalogue.create(place, model_id="m", dimension=4)
    writers = [Catalogue.open(place) for _ in range(2)]
    done: list[dict[str, str]] = [{}, {}]
    refused: list[str] = []

    def write(me: int) -> None:
        for n in range(8):
            ids = [f"mine {me} {n}", f"ours {n}"]
            try:
                writers[me].add(items(ids, f"{me} {n}"), vectors(2, n))
            except CatalogueError as error:
                refused.append(str(error))
            else:
                done[me] |= dict.fromkeys(ids, f"{me} {n}")

    threads = [threading.Thread(target=write, args=(me,)) for me in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = Catalogue.open(place).snapshot
    names = dict(zip(now.ids, now.names, strict=True))
    assert len(now.ids) == len(set(now.ids))
    assert len(set(now.positions.tolist())) == len(now)
    assert set(now.ids) == set(done[0]) | set(done[1])
    for id, name in names.items():
        assert name in (done[0].get(id), done[1].get(id))
    assert all("another process has changed the same items meanwhile" in text for text in refused)
    for writer in writers:
        writer.refresh()
        assert set(writer.ids) == set(now.ids)


@pytest.mark.slow
def test_two_servers_show_what_the_committer_adds(
    place: str, server: dict[str, str], tmp_path: Path, draw_photo: Draw
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(6):
        (photos / f"p{number}.png").write_bytes(draw_photo(number))
    environment = {**os.environ, **server, "MODISTE_CACHE": str(tmp_path / "cache")}
    modiste = [sys.executable, "-m", "modiste"]
    run: dict[str, Any] = {"env": environment, "check": True, "capture_output": True, "text": True}
    assert "6 added" in subprocess.run([*modiste, "index", photos, "--into", place], **run).stdout
    said = subprocess.run([*modiste, "recommend", place, photos / "p1.png"], **run).stdout
    assert "confidence" in said
    servers = [
        subprocess.Popen(
            [*modiste, "serve", place, "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        urls = []
        for each in servers:
            assert each.stderr is not None
            assert "No verdicts on answers are taken" in each.stderr.readline()
            line = each.stderr.readline()
            assert line.startswith("6 items on http://127.0.0.1:"), line
            urls.append(line.split()[3])
        (photos / "new.png").write_bytes(draw_photo(99))
        subprocess.run([*modiste, "index", photos, "--into", place, "--quiet"], **run)
        for url in urls:
            until = time.monotonic() + 60
            while json.load(urllib.request.urlopen(f"{url}/v1/catalogue"))["total"] != 7:
                assert time.monotonic() < until, "the new item has not arrived"
                time.sleep(0.2)
            with urllib.request.urlopen(f"{url}/v1/catalogue/new/photo") as photo:
                assert photo.read() == draw_photo(99)
    finally:
        for each in servers:
            each.kill()
            each.wait()
            assert each.stderr is not None
            each.stderr.close()
