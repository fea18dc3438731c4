"""The catalogue on disk: what goes in comes out, also in a new process, after a kill, with nasty names."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from filelock import FileLock
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue import Catalogue, CatalogueItem, store
from modiste.errors import CatalogueError, ModelMismatch

DIMENSION = 8
NASTY = [
    "'",
    "''",
    '"',
    "`id`",
    "\\",
    "a\\'b",
    "'; DROP TABLE items; --",
    "1' OR '1'='1",
    "x' OR position >= 0 --",
    "%",
    "_",
    "NULL",
    "true",
    "1",
    "1.0",
    "01",
    " 1",
    "1 ",
    "a\nb",
    "tab\there",
    "nul\0inside",
    "Ünïcödé 👗 مرحبا",
    "e\u0301",  # é in two code points …
    "\u00e9",  # … and in one: two different ids
    "../../etc/passwd",
    "a" * 5000,
    "{id}",
    "$1",
    "?",
]


def item(id: str, name: str = "Shirt", photo: bytes = b"photo", **labels: str) -> CatalogueItem:
    return CatalogueItem(id, name, photo, "image/jpeg", f"images/{id}.jpg", labels, f"hash of {name}")


def unit(seed: int, n: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def filled(folder: Path, ids: Sequence[str]) -> Catalogue:
    catalogue = Catalogue.create(folder, model_id="m-1", dimension=DIMENSION)
    catalogue.add([item(id, f"Name of {id}", id.encode()) for id in ids], unit(0, len(ids)))
    return catalogue


def same(one: Catalogue, other: Catalogue) -> bool:
    """Whether two objects hold the same items, in the same order, under the same version."""
    a, b = one.snapshot, other.snapshot
    return (a.version, a.ids, a.names) == (b.version, b.ids, b.names) and (
        np.array_equal(a.vectors, b.vectors) and np.array_equal(a.positions, b.positions)
    )


# In and out -----------------------------------------------------------------------------------------------


def test_what_goes_in_comes_out_and_after_reopening_too(tmp_path: Path) -> None:
    made = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=DIMENSION)
    assert (len(made), made.ids, made.vectors.shape) == (0, (), (0, DIMENSION))
    one, other = item("1", "Navy shirt", b"\xff\xd8\0", articleType="Shirts"), item("2")
    made.add([one, other], unit(0, 2))
    for catalogue in (made, Catalogue.open(tmp_path / "shop"), Catalogue.open(str(tmp_path / "shop"), "m-1")):
        assert (catalogue.model_id, catalogue.dimension, len(catalogue)) == ("m-1", DIMENSION, 2)
        assert catalogue.ids == ("1", "2")
        assert np.array_equal(catalogue.vectors, unit(0, 2))
        assert catalogue.get("1") == one
        assert catalogue.photo("1") == (b"\xff\xd8\0", "image/jpeg")
        assert "1" in catalogue
        assert "3" not in catalogue
        assert same(catalogue, made)


def test_the_empty_catalogue_opens_and_finds_nothing(tmp_path: Path) -> None:
    Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=DIMENSION)
    empty = Catalogue.open(tmp_path / "shop")
    assert empty.page() == []
    assert empty.search(unit(0), 3).rows.shape == (1, 0)
    assert empty.fingerprints() == {}
    empty.add([], np.empty((0, DIMENSION)))
    assert empty.remove(["1"]) == 0


def test_adding_an_id_again_replaces_the_item_where_it_stands(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", ["a", "b", "c"])
    before = catalogue.version
    catalogue.add([item("d"), item("b", "New name", b"new photo")], unit(9, 2))
    assert catalogue.ids == ("a", "b", "c", "d")
    assert catalogue.get("b").name == "New name"
    assert catalogue.photo("b")[0] == b"new photo"
    assert np.array_equal(catalogue.vectors[[3, 1]], unit(9, 2))
    assert catalogue.version > before
    assert same(catalogue, Catalogue.open(tmp_path / "shop"))


def test_removing(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", ["a", "b", "c"])
    assert catalogue.remove(["b", "unheard of"]) == 1
    assert catalogue.ids == ("a", "c")
    assert same(catalogue, Catalogue.open(tmp_path / "shop"))
    with pytest.raises(CatalogueError, match="no item 'b' in the catalogue"):
        catalogue.get("b")
    with pytest.raises(CatalogueError, match="no item 'b' in the catalogue"):
        catalogue.photo("b")
    catalogue.add([item("b")], unit(1))
    assert list(catalogue.ids) == ["a", "c", "b"]  # as new as any


def test_pages_are_in_order_and_carry_no_photos(tmp_path: Path) -> None:
    ids = [f"id{number}" for number in random.Random(0).sample(range(1000), 57)]
    catalogue = filled(tmp_path / "shop", ids)
    catalogue.add([item(ids[5], "changed")], unit(1))  # moves within the table, not in the order
    pages = [catalogue.page(offset, 20) for offset in (0, 20, 40, 60)]
    assert [len(page) for page in pages] == [20, 20, 17, 0]
    assert [found.id for page in pages for found in page] == ids
    assert {found.photo for page in pages for found in page} == {b""}
    assert pages[0][5].name == "changed"
    assert pages[1][0].path == f"images/{ids[20]}.jpg"
    assert catalogue.page(0, 0) == []
    with pytest.raises(ValueError, match="≥ 0"):
        catalogue.page(-1)


def test_fingerprints_tell_what_items_were_made_from(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", [])
    catalogue.add([item("1", articleType="Shirts", gender="Men")], unit(1))
    labels = json.dumps({"articleType": "Shirts", "gender": "Men"})
    assert catalogue.fingerprints() == {"1": ("hash of Shirt", "Shirt", "images/1.jpg", labels)}


def test_nasty_ids_are_only_names(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", [*NASTY, "bystander"])
    for copy in (catalogue, Catalogue.open(tmp_path / "shop")):
        assert copy.ids == (*NASTY, "bystander")
        for id in NASTY:
            assert copy.photo(id)[0] == id.encode()
            assert copy.get(id).name == f"Name of {id}"
        assert [found.id for found in copy.page(0, 100)] == [*NASTY, "bystander"]
    catalogue.add([item(id, "again") for id in NASTY], unit(5, len(NASTY)))
    assert len(catalogue) == len(NASTY) + 1
    for count, id in enumerate(NASTY, 1):
        assert catalogue.remove([id]) == 1
        assert len(catalogue) == len(NASTY) + 1 - count
    assert Catalogue.open(tmp_path / "shop").ids == ("bystander",)


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_writes_leaves_what_a_dictionary_would(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    catalogue = filled(tmp_path / "shop", [])
    expected: dict[str, tuple[str, float]] = {}
    for step in range(25):
        ids = rng.sample(NASTY + list("abcdefgh"), rng.randint(1, 6))
        if rng.random() < 0.3:
            assert catalogue.remove(ids) == sum(id in expected for id in ids)
            for id in ids:
                expected.pop(id, None)
        else:
            vectors = unit(1000 * seed + step, len(ids))
            catalogue.add([item(id, f"step {step}") for id in ids], vectors)
            expected |= {id: (f"step {step}", float(v[0])) for id, v in zip(ids, vectors, strict=True)}
    for copy in (catalogue, Catalogue.open(tmp_path / "shop")):
        now = copy.snapshot
        found = zip(now.ids, now.names, now.vectors[:, 0].tolist(), strict=True)
        assert {id: (name, number) for id, name, number in found} == expected
        assert list(now.ids) == list(expected)  # dictionaries, too, keep a replaced key in its place


def test_what_does_not_fit_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", ["a"])
    version = catalogue.version
    wrong: list[tuple[list[CatalogueItem], ArrayLike, str]] = [
        ([item("b")], unit(0, 2), "each of 1 items; got 2"),
        ([item("b"), item("b")], unit(0, 2), "'b' comes twice"),
        ([item("b")], 2 * unit(0), "length 2"),
        ([item("b")], np.ones((1, DIMENSION + 1)), r"\(N, 8\); got \(1, 9\)"),
    ]
    for items, vectors, complaint in wrong:
        with pytest.raises(ValueError, match=complaint):
            catalogue.add(items, vectors)
    assert (catalogue.version, catalogue.ids) == (version, ("a",))


def test_compacting_merges_files_and_changes_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = filled(tmp_path / "shop", ["a", "b"])
    assert not catalogue.compact()  # two files are not many
    monkeypatch.setattr(store, "FILES_BEFORE_COMPACTION", 4)
    for number in range(6):
        catalogue.add([item(str(number), photo=bytes([number]))], unit(number))
    ids, vectors = catalogue.ids, catalogue.vectors.copy()
    assert catalogue.compact()
    assert not catalogue.compact()
    for copy in (catalogue, Catalogue.open(tmp_path / "shop")):
        assert copy.ids == ids
        assert np.array_equal(copy.vectors, vectors)
        assert copy.photo("3")[0] == b"\3"
    assert same(catalogue, Catalogue.open(tmp_path / "shop"))


# Errors ---------------------------------------------------------------------------------------------------


def one_line(error: pytest.ExceptionInfo[CatalogueError]) -> bool:
    return "\n" not in str(error.value) and len(str(error.value)) < 500


def test_a_catalogue_of_another_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    filled(tmp_path / "shop", ["a"])
    with pytest.raises(ModelMismatch) as error:
        Catalogue.open(tmp_path / "shop", "m-2")
    for word in ("m-1", "m-2", "--model", "new folder", str(tmp_path / "shop")):
        assert word in str(error.value)
    assert one_line(error)


def test_where_no_catalogue_is_none_is_opened_nor_made(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "file").write_text("not a folder")
    for folder, complaint in [("nowhere", "no such"), ("photos", "not a"), ("file", "not a")]:
        with pytest.raises(CatalogueError, match=f"{complaint} catalogue.*modiste index"):
            Catalogue.open(tmp_path / folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "photos"]


def test_a_catalogue_is_made_only_where_nothing_is(tmp_path: Path) -> None:
    filled(tmp_path / "shop", ["a"])
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.jpg").write_bytes(b"...")
    (tmp_path / "file").write_text("not a folder")
    for folder in ("shop", "photos", "file"):
        with pytest.raises(CatalogueError, match="already there"):
            Catalogue.create(tmp_path / folder, model_id="m-1", dimension=DIMENSION)
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "a/b/c"):
        assert len(Catalogue.create(tmp_path / folder, model_id="m-1", dimension=DIMENSION)) == 0
    assert not [path for path in tmp_path.rglob(".*") if path.name != store.LOCK]  # nothing left beside
    with pytest.raises(ValueError, match="dimension ≥ 1"):
        Catalogue.create(tmp_path / "new", model_id="m-1", dimension=0)


def test_an_interrupted_creation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=DIMENSION)
    assert list(tmp_path.iterdir()) == []


def test_tables_that_are_no_catalogue_of_this_version_are_refused(tmp_path: Path) -> None:
    lancedb.connect(tmp_path / "other").create_table("items", pa.table({"id": ["a"]}))
    with pytest.raises(CatalogueError, match="that Modiste has not made"):
        Catalogue.open(tmp_path / "other")
    for name, about, complaint in [
        ("future", {"format": 99, "model_id": "m-1", "dimension": 8}, "format 99.*upgrade modiste"),
        ("nameless", {"format": 1}, "does not say which model"),
    ]:
        schema = pa.schema([pa.field("id", pa.string())], metadata={"modiste": json.dumps(about)})
        lancedb.connect(tmp_path / name).create_table("items", schema=schema)
        with pytest.raises(CatalogueError, match=complaint):
            Catalogue.open(tmp_path / name)


@pytest.mark.parametrize("harm", ["cut", "empty", "gone", "scribble"])
@pytest.mark.parametrize("part", ["data/*.lance", "_versions/*.manifest"])
def test_damage_is_told_in_one_line(part: str, harm: str, tmp_path: Path) -> None:
    filled(tmp_path / "shop", ["a", "b"])
    table = tmp_path / "shop" / "items.lance"
    for file in sorted(table.glob(part)):
        whole = file.read_bytes()
        file.unlink()
        if harm != "gone":
            file.write_bytes(
                {"cut": whole[: len(whole) // 2], "empty": b"", "scribble": b"?" * len(whole)}[harm]
            )
    with pytest.raises(CatalogueError, match="damaged or unreadable") as error:
        Catalogue.open(tmp_path / "shop")
    assert one_line(error)
    assert ".rs" not in str(error.value)


def test_a_writer_that_never_ends_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.05)
    catalogue = filled(tmp_path / "shop", ["a"])
    with (
        FileLock(tmp_path / "shop" / store.LOCK),
        pytest.raises(CatalogueError, match=r"another process.*try again"),
    ):
        catalogue.add([item("b")], unit(1))
    catalogue.add([item("b")], unit(1))
    assert catalogue.ids == ("a", "b")


FULL_DISK = """
import resource, signal, sys
import numpy as np
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.errors import CatalogueError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
catalogue = Catalogue.open(sys.argv[1])
free = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, free[1]))
try:
    catalogue.add([CatalogueItem("big", "Big", bytes(100_000), "image/jpeg")], np.eye(1, catalogue.dimension))
except CatalogueError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, free)
catalogue.add([CatalogueItem("small", "Small", b"", "image/jpeg")], np.eye(1, catalogue.dimension))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_a_write_that_does_not_fit_on_the_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path / "shop", ["a"])
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "shop")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'shop'}: cannot be written to (")
    assert done.stdout.count("\n") == 1
    catalogue = Catalogue.open(tmp_path / "shop")
    assert catalogue.ids == ("a", "small")
    assert catalogue.photo("a")[0] == b"a"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_catalogue_can_be_searched_and_says_that_it_cannot_be_written(tmp_path: Path) -> None:
    catalogue = filled(tmp_path / "shop", ["a", "b"])
    places = [tmp_path / "shop", *(path for path in (tmp_path / "shop").rglob("*") if path.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        copy = Catalogue.open(tmp_path / "shop")
        assert copy.search(unit(0), 1).rows.tolist() == [[0]]
        for write in (lambda: copy.remove(["a"]), lambda: copy.add([item("c")], unit(1))):
            with pytest.raises(CatalogueError, match="cannot be written to"):
                write()
        assert same(copy, catalogue)
    finally:
        for place in places:
            place.chmod(0o755)


# Several objects and processes on one folder --------------------------------------------------------------


def test_another_object_sees_writes_after_a_refresh(tmp_path: Path) -> None:
    first = filled(tmp_path / "shop", ["a", "b"])
    second = Catalogue.open(tmp_path / "shop")
    first.add([item("c", photo=b"of c")], unit(1))
    first.remove(["a"])
    assert second.ids == ("a", "b")
    assert second.refresh()
    assert not second.refresh()
    assert same(first, second)
    assert second.photo("c")[0] == b"of c"


def test_writers_take_over_what_the_other_has_written(tmp_path: Path) -> None:
    first = filled(tmp_path / "shop", ["a"])
    second = Catalogue.open(tmp_path / "shop")
    first.add([item("b", "of the first")], unit(1))
    second.add(
        [item("b", "of the second"), item("c")], unit(2, 2)
    )  # no refresh, and yet b is not there twice
    first.add([item("d")], unit(3))
    assert first.ids == ("a", "b", "c", "d")
    assert first.get("b").name == "of the second"
    assert same(first, Catalogue.open(tmp_path / "shop"))


def test_a_folder_that_was_replaced_by_another_models_is_noticed(tmp_path: Path) -> None:
    old = filled(tmp_path / "shop", ["a"])
    new = Catalogue.create(tmp_path / "new", model_id="m-2", dimension=DIMENSION)
    for _ in range(3):
        new.add([item("a")], unit(1))
    (tmp_path / "shop").rename(tmp_path / "old")
    (tmp_path / "new").rename(tmp_path / "shop")
    with pytest.raises(CatalogueError):
        old.refresh()
    assert old.ids == ("a",)


WRITER = """
import sys
import numpy as np
from modiste.catalogue import Catalogue, CatalogueItem
folder, name, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
catalogue = Catalogue.open(folder)
for number in range(first, last):
    vector = np.random.default_rng(number).standard_normal((1, catalogue.dimension))
    item = CatalogueItem(str(number), name, b"photo of %d" % number, "image/jpeg")
    catalogue.add([item], vector / np.linalg.norm(vector))
    if number % 7 == 3:
        catalogue.remove([str(number - 2)])
    if number % 10 == 9:
        catalogue.compact()
    print(number, flush=True)
"""


def writing(folder: Path, name: str, first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    filled(tmp_path / "shop", [])
    rng = random.Random(0)
    done = 0
    for _ in range(4):
        with writing(tmp_path / "shop", "killed", done, done + 1000) as process:
            assert process.stdout is not None
            for _ in range(rng.randint(5, 25)):
                done = int(process.stdout.readline()) + 1
            process.kill()
            rest = process.stdout.read().split("\n")
            done = max([done, *(int(line) + 1 for line in rest[:-1])])
        catalogue = Catalogue.open(tmp_path / "shop")
        kept = {str(number) for number in range(done) if not (number % 7 == 1 and number + 2 < done)}
        assert kept <= set(catalogue.ids) | {str(done - 2)}  # its removal may have been under way
        for id in rng.sample(sorted(kept & set(catalogue.ids)), 5):
            assert catalogue.photo(id)[0] == f"photo of {id}".encode()
            expected = np.random.default_rng(int(id)).standard_normal(DIMENSION)
            found = catalogue.vectors[catalogue.snapshot.row_of[id]]
            assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
        catalogue.add([item("after")], unit(1))  # the killed process holds no lock


@pytest.mark.slow
def test_two_processes_may_write_the_same_ids_at_once(tmp_path: Path) -> None:
    filled(tmp_path / "shop", [])
    with writing(tmp_path / "shop", "one", 0, 40) as one, writing(tmp_path / "shop", "two", 0, 40) as two:
        assert one.wait(60) == two.wait(60) == 0
    catalogue = Catalogue.open(tmp_path / "shop")
    assert len(set(catalogue.ids)) == len(catalogue)
    assert {str(number) for number in range(40) if number % 7 != 1} <= set(catalogue.ids)
    assert len(set(catalogue.snapshot.positions.tolist())) == len(catalogue)
