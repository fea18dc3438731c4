from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from modiste.cli import index
from modiste.datasets import Skipped


def test_photos_become_a_catalogue_that_recommends(run, photos: Path, model, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    done = run("index", photos, "--into", shop)
    assert done.code == 0
    assert done.out == f"{shop}: 4 added, 0 replaced, 0 unchanged, 1 skipped\n"
    assert done.err.startswith("skipped torn.jpg: broken photo (")

    again = json.loads(run("index", photos, "--into", shop, "--json").out)
    assert (again["catalogue"], again["model"], again["unchanged"]) == (str(shop), model.id, 4)
    assert [photo["name"] for photo in again["skipped"]] == ["torn.jpg"]

    done = run("recommend", shop, photos / "red.png")
    assert done.code == 0
    headline, first, *others = done.out.splitlines()
    assert headline.startswith(f"{photos / 'red.png'}  confidence ")
    assert first.split() == ["1.000", "red", "red"]
    assert len(others) == 2


def test_photos_at_urls_are_fetched_when_told(run, photos: Path, model, tmp_path: Path) -> None:
    """From this computer only if that is allowed; a second run fetches nothing."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(photos))) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        table = tmp_path / "products.csv"
        table.write_text(f"id,photo\n1,{url}/red.png\n2,{url}/blue.png\n3,{url}/gone.png\n")
        done = run("index", table, "--into", tmp_path / "shop")
        assert done.code == 0
        assert "0 added" in done.out
        assert "skipped" in done.err
        assert "photo not fetched (127.0.0.1 is 127.0.0.1, which is not in the public Internet" in done.err
        done = run("index", table, "--into", tmp_path / "shop", "--allow-private")
        assert "2 added, 0 replaced, 0 unchanged, 1 skipped" in done.out
        assert "404" in done.err
        assert (
            "2 unchanged"
            in run("index", table, "--into", tmp_path / "shop", "--allow-private", "--refetch").out
        )
        server.shutdown()
    assert "2 unchanged" in run("index", table, "--into", tmp_path / "shop", "--quiet").out


def test_answers_as_json_and_unreadable_photos(run, photos: Path, model, tmp_path: Path) -> None:
    run("index", photos, "--into", tmp_path / "shop", "--quiet")
    done = run("recommend", tmp_path / "shop", photos / "torn.jpg", photos / "blue.png", "--json")
    assert done.code == 1, "one of the photos could not be read"
    assert done.err.startswith("Error: torn.jpg: ")
    assert done.err.count("\n") == 1
    torn, blue = json.loads(done.out)
    assert torn["photo"].endswith("torn.jpg")
    assert torn["error"] in done.err
    assert blue["shown"]
    assert blue["items"][0]["id"] == "blue"


def test_silence_gives_its_reason(run, photos: Path, model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(model.calibration, "threshold", 1.0)
    run("index", photos, "--into", tmp_path / "shop")
    done = run("recommend", tmp_path / "shop", photos / "red.png")
    assert done.code == 0
    assert "nothing to recommend: " in done.out


def test_catalogue_of_another_model_is_refused(run, photos: Path, model, tmp_path: Path, monkeypatch) -> None:
    run("index", photos, "--into", tmp_path / "shop")
    monkeypatch.setattr(type(model), "id", "others-111111111111")
    for command in (
        ["index", photos, "--into", tmp_path / "shop"],
        ["recommend", tmp_path / "shop", "x.jpg"],
    ):
        done = run(*command)
        assert done.code == 1
        assert done.err.startswith("Error: ")
        assert "colours-000000000000" in done.err
        assert done.err.count("\n") == 1


def test_no_such_things(run, model, tmp_path: Path) -> None:
    for command in (
        ["index", tmp_path / "nowhere", "--into", tmp_path / "shop"],
        ["recommend", tmp_path / "nowhere", "x.jpg"],
    ):
        done = run(*command)
        assert done.code == 1
        assert done.err.startswith("Error: ")
        assert "nowhere" in done.err
        assert done.err.count("\n") == 1
    assert not (tmp_path / "shop").exists()


def test_very_many_skipped_photos_are_counted(capsys) -> None:
    index.name_skipped([Skipped(f"{number}.jpg", "broken photo") for number in range(1025)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == index.NAMED_AT_MOST + 1
    assert lines[-1] == "skipped 1,005 more"


def test_what_is_for_a_cluster_goes_with_a_cluster(run, photos: Path, model, tmp_path: Path) -> None:
    done = run("index", photos, "--into", tmp_path / "shop", "--ray-workers", "2")
    assert done.code == 2
    assert "go with --engine ray" in done.err
    assert not (tmp_path / "shop").exists()


def test_an_address_of_other_storage_is_refused(run, photos: Path, model) -> None:
    done = run("index", photos, "--into", "gs://bucket/shop")
    assert done.code == 1
    assert "expected a folder, or an address such as s3://bucket/shop" in done.err
