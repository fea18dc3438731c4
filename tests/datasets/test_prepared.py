"""One folder from any layout, the same whether or not the run was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.datasets.conftest import make_folder, make_photo
from tests.datasets.test_real_zip import DATA

from modiste.datasets import open_dataset, open_listing, prepare, prepared, read_splits
from modiste.errors import DataError

Pack = Callable[..., Path]
COLOURS = ("red", "green", "blue", "black", "white")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def shop() -> dict[str, bytes | str]:
    """Ten coats and five hats, one photo missing and one too damaged to be read as any."""
    rows = [f"{n},{n}.png,{'Coats' if n < 10 else 'Hats'},wool|size:{n % 2}" for n in range(16)]
    photos = {f"images/{n}.png": make_photo(COLOURS[n % 5], (8 + n, 8)) for n in range(15)}
    return {"list.csv": "\n".join(["id,photo,label,labels", *rows]), **photos}


def test_the_folder(pack: Pack, shop: dict[str, bytes | str], tmp_path: Path) -> None:
    made = prepare(pack(shop), tmp_path / "made", test=0.2, seed=1)
    assert (made.photos, made.splits) == (15, {"train": 12, "test": 3})
    assert [str(skip) for skip in made.skipped] == ["15: row without a photo ('15.png' is not there)"]

    table = pq.read_table(tmp_path / "made" / "photos.parquet").to_pandas()
    assert table["id"].tolist() == [str(n) for n in range(15)]
    assert table["photo"][7] == "photos/0000/0000007.png"
    assert table["labels"][7].tolist() == ["wool", "size:1"]
    assert (tmp_path / "made" / table["photo"][7]).read_bytes() == shop["images/7.png"]
    assert pd.crosstab(table["articleType"], table["split"])["test"].to_dict() == {"Coats": 2, "Hats": 1}

    splits = read_splits(tmp_path / "made" / "splits")
    assert splits.require("main_test").ids == tuple(table["id"][table["split"] == "test"])
    assert set(zip(splits.train.type_names, splits.train.type_ids.tolist(), strict=True)) == {
        ("Coats", 0),
        ("Hats", 1),
    }


def test_it_is_read_like_any_table(pack: Pack, shop: dict[str, bytes | str], tmp_path: Path) -> None:
    prepare(pack(shop), tmp_path / "made")
    data = open_dataset([tmp_path / "made"], cache=tmp_path / "cache")
    assert data.label_lists == tuple(("wool", f"size:{n % 2}") for n in range(15))
    assert set(data.table["split"]) == {"train", "test"}
    assert open_listing(tmp_path / "made").skipped == ()
    again = prepare(tmp_path / "made", tmp_path / "again")
    assert again.splits == {"train": 12, "test": 3}


class Killed(BaseException):
    """What no handler in between may catch."""


@pytest.mark.parametrize("link", [False, True])
def test_killed_anywhere_and_run_again(
    folder_of: Pack, shop: dict[str, bytes | str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: bool
) -> None:
    source = folder_of(shop)
    (source / "images" / "3.png").unlink()
    (source / "images" / "3.png").symlink_to(tmp_path / "made elsewhere")  # listed, but refused when read
    monkeypatch.setattr(prepared, "_PHOTOS_PER_FOLDER", 4)
    made = prepare(source, tmp_path / "whole", link=link)
    assert made.photos == 14
    assert [skip.name for skip in made.skipped if skip.reason == prepared.UNREADABLE] == ["images/3.png"]
    whole = tree(tmp_path / "whole")

    store, finish = prepared._store, prepared._finish
    for stop in (0, 3, 5, 14, None):
        calls = 0

        def dying_store(*arguments: object, stop: int | None = stop) -> None:
            nonlocal calls
            if calls == stop:
                raise Killed
            calls += 1
            store(*arguments)  # type: ignore[arg-type]

        def dying_finish(*arguments: object) -> None:
            finish(*arguments)  # type: ignore[arg-type]
            raise Killed

        monkeypatch.setattr(prepared, "_store", dying_store)
        monkeypatch.setattr(prepared, "_finish", dying_finish)
        into = tmp_path / f"killed at {stop}"
        with pytest.raises(Killed):
            prepare(source, into, link=link)
        assert not into.exists()
        monkeypatch.setattr(prepared, "_store", store)
        monkeypatch.setattr(prepared, "_finish", finish)
        assert prepare(source, into, link=link).skipped == made.skipped
        assert tree(into) == whole
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_what_is_done_is_not_done_again(
    pack: Pack, shop: dict[str, bytes | str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pack(shop)
    first = prepare(source, tmp_path / "made")
    monkeypatch.delattr(prepared, "_store_photos")
    assert prepare(source, tmp_path / "made") == first
    with pytest.raises(DataError, match="already there, and made of something else or otherwise"):
        prepare(source, tmp_path / "made", seed=1)


def test_other_options_begin_anew(
    pack: Pack, shop: dict[str, bytes | str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pack(shop)
    with monkeypatch.context() as patched:
        patched.setattr(prepared, "_finish", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            prepare(source, tmp_path / "made")
    assert prepare(source, tmp_path / "made", top=1).photos == 10
    assert len([name for name in tree(tmp_path / "made") if name.endswith(".png")]) == 10


def test_links_are_the_same_file(
    folder_of: Pack, zip_of: Pack, shop: dict[str, bytes | str], tmp_path: Path
) -> None:
    source = folder_of(shop)
    prepare(source, tmp_path / "made", link=True)
    assert (tmp_path / "made/photos/0000/0000000.png").samefile(source / "images" / "0.png")
    with pytest.raises(DataError, match=r"only photos that are files can be linked, not those in data\.zip"):
        prepare(zip_of(shop), tmp_path / "other", link=True)


def test_labels_without_attributes(pack: Pack, shop: dict[str, bytes | str], tmp_path: Path) -> None:
    prepare(pack(shop), tmp_path / "made", attributes=False)
    assert set(open_listing(tmp_path / "made").table["labels"]) == {("wool",)}


def test_senders_are_in_one_split(pack: Pack, tmp_path: Path) -> None:
    rows = [f"{n},{n // 3},{('Hat', 'Polo', 'Skip')[n % 3]},False" for n in range(60)]
    files = {f"images/{n}.png": make_photo(size=(8, 8)) for n in range(60)}
    source = pack({"images.csv": "\n".join(["image,sender_id,label,kids", *rows]), **files})
    made = prepare(source, tmp_path / "made", test=0.2, val=0.1)
    assert made.splits == {"train": 28, "val": 4, "test": 8, "": 20}
    table = open_listing(tmp_path / "made").table
    labelled = table[table["split"] != ""]
    assert (labelled.groupby("sender_id")["split"].nunique() == 1).all()
    assert (tmp_path / "made" / "splits" / "val.csv").is_file()


def test_names_that_climb_stay_inside(tmp_path: Path) -> None:
    source = make_folder(tmp_path / "shop", {"a\\..\\..\\up.png": make_photo(), "a.png": make_photo()})
    made = prepare(source, tmp_path / "made")
    assert made.photos == 2
    assert sorted(name for name in tree(tmp_path / "made") if name.startswith("photos/")) == [
        f"photos/0000/000000{n}.png" for n in range(2)
    ]


def test_places_that_are_refused(folder_of: Pack, shop: dict[str, bytes | str], tmp_path: Path) -> None:
    source = folder_of(shop)
    with pytest.raises(DataError, match="name a folder outside of it"):
        prepare(source, source / "made")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(DataError, match="already there"):
        prepare(source, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"
    (tmp_path / "empty").mkdir()
    assert prepare(source, tmp_path / "empty").photos == 15


def test_the_record_says_how(pack: Pack, shop: dict[str, bytes | str], tmp_path: Path) -> None:
    source = pack(shop)
    prepare(source, tmp_path / "made", top=1)
    record = json.loads((tmp_path / "made" / "prepared.json").read_text())
    assert (record["source"], record["layout"], record["options"]["top"]) == (str(source), "table", 1)
    assert record["skipped"] == {"row without a photo": 1}


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "clothing-dataset.zip").is_file(), reason="no clothing-dataset.zip in data/ of MODISTE_SHARED"
)
def test_real_senders(tmp_path: Path) -> None:
    made = prepare(DATA / "clothing-dataset.zip", tmp_path / "made", test=0.2)
    table = open_listing(tmp_path / "made").table
    labelled = table[table["split"] != ""]
    assert made.splits[""] == 184
    assert (labelled.groupby("sender_id")["split"].nunique() == 1).all()
    shares = pd.crosstab(labelled["articleType"], labelled["split"], normalize="index")["test"]
    assert abs(made.splits["test"] / len(labelled) - 0.2) < 0.02
    assert shares.between(0.05, 0.4).all(), shares
