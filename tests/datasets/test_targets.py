"""Labels by columns, and parts by shares, columns, senders or a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from modiste.datasets.targets import read_parts, read_targets, shares_of, write_parts
from modiste.errors import DataError

FITS = ("loose", "tight")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sixty photos of nine senders with a class, two attributes, a split and lists of labels, in Parquet."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = []
    for number in range(60):
        Image.new("RGB", (6, 8), (4 * number, 0, 0)).save(folder / f"{number}.png")
        rows.append(
            {
                "image": f"{number}.png",
                "kind": ["Shirt", "Shoe", "Not sure"][number % 3],
                "fit": FITS[number % 2],
                "neck": "round" if number % 4 else "",
                "sender": str(number // 7),
                "split": ["train", "train", "Validation", "test"][number % 4],
                "labels": ["shirt, blouse", "shoe"][: number % 3],
            }
        )
    pd.DataFrame(rows).to_parquet(folder / "photos.parquet")
    return folder


def test_one_column_gives_one_label_each(data: Path) -> None:
    found = read_targets([data], ["kind"], split="72/18/10", seed=3, without=["Not sure"])
    assert found.single
    assert found.labels.names == ("Shirt", "Shoe")
    assert found.labels.groups == ("kind", "kind")
    assert Counter(found.parts.tolist()) == {"train": 29, "val": 7, "test": 4}
    split = found.as_split("train")
    assert split.type_names == tuple(found.lists[at][0] for at in found.where("train"))
    assert {*zip(split.type_ids.tolist(), split.type_names, strict=True)} == {(0, "Shirt"), (1, "Shoe")}


def test_several_columns_are_as_many_tasks(data: Path) -> None:
    found = read_targets([data], ["fit", "neck"], split="split")
    assert found.labels.names == ("fit:loose", "fit:tight", "neck:round")
    assert found.labels.groups == ("fit", "fit", "neck")
    assert found.lists[found.ids.index("0")] == ("fit:loose",)
    assert found.lists[found.ids.index("1")] == ("fit:tight", "neck:round")
    assert not found.single
    assert [found.parts[found.ids.index(str(n))] for n in range(4)] == ["train", "train", "val", "test"]
    with pytest.raises(DataError, match="one type a photo"):
        found.as_split("train")


def test_lists_of_labels_and_photos_without_any(data: Path) -> None:
    found = read_targets([data], ["labels"], split="80/20")
    assert found.labels.names == ("shirt, blouse", "shoe")
    assert len(found) == 40  # every third photo bears none
    assert {len(labels) for labels in found.lists} == {1, 2}


def test_the_level_above_comes_along(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    rows = ["id,subCategory,articleType"]
    for number in range(6):
        Image.new("RGB", (6, 8)).save(tmp_path / "images" / f"{number}.png")
        rows.append(f"{number},{'Top' if number < 4 else 'Shoes'},{'ABC'[number // 2]}")
    (tmp_path / "styles.csv").write_text("\n".join(rows))
    split = read_targets([tmp_path], ["articleType"], split="80/20").as_split("train")
    assert {*zip(split.type_names, split.category_names, strict=True)} <= {
        ("A", "Top"),
        ("B", "Top"),
        ("C", "Shoes"),
    }


def test_a_table_of_its_own_names_photos_by_id(data: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.csv").write_text("id,class\n" + "\n".join(f"{n},{'AB'[n % 2]}" for n in range(50)))
    found = read_targets([data], ["class"], split="80/20", table=tmp_path / "clean.csv")
    assert (len(found), found.labels.names) == (50, ("A", "B"))
    (tmp_path / "other.csv").write_text("id,class\nx,A\n")
    with pytest.raises(DataError, match="none of its ids"):
        read_targets([data], ["class"], split="80/20", table=tmp_path / "other.csv")


def test_a_split_is_kept_and_found_again(data: Path, tmp_path: Path) -> None:
    found = read_targets([data], ["kind"], split="80/20", seed=1)
    write_parts(tmp_path / "split.csv", found)
    again = read_targets([data], ["kind"], split=read_parts(tmp_path / "split.csv"))
    assert (again.ids, again.parts.tolist()) == (found.ids, found.parts.tolist())
    assert set(read_targets([data], ["kind"], split="all").parts.tolist()) == {"all"}
    with pytest.raises(DataError, match="parts of a training"):
        read_parts(tmp_path / "absent.csv")


def test_random_parts_hang_on_the_seed(data: Path) -> None:
    def parts(seed: int) -> list[str]:
        return read_targets([data], ["kind"], split="80/20", seed=seed).parts.tolist()

    assert Counter(parts(0)) == {"train": 48, "test": 12}
    assert parts(0) == parts(0) != parts(1)


def test_stratified_parts_have_the_shares_in_every_class(data: Path) -> None:
    found = read_targets([data], ["kind"], split="80/20", stratify=True)
    tested = Counter(found.lists[at] for at in found.where("test"))
    assert tested == {("Shirt",): 4, ("Shoe",): 4, ("Not sure",): 4}


@pytest.mark.parametrize("stratify", [False, True])
def test_senders_stay_in_one_part(data: Path, stratify: bool) -> None:
    found = read_targets([data], ["kind"], split="70/30", disjoint="sender", stratify=stratify)
    parts_of: dict[int, set[str]] = {}
    for id, part in zip(found.ids, found.parts.tolist(), strict=True):
        parts_of.setdefault(int(id) // 7, set()).add(part)
    assert all(len(parts) == 1 for parts in parts_of.values())
    assert 11 <= len(found.where("test")) <= 25


def test_photos_that_a_split_column_leaves_blank_are_left_out(data: Path) -> None:
    table = pd.read_parquet(data / "photos.parquet")
    table.loc[:9, "split"] = ""
    table.to_parquet(data / "photos.parquet")
    found = read_targets([data], ["kind"], split="split")
    assert len(found) == 50
    assert set(found.parts.tolist()) == {"train", "val", "test"}


def test_mistakes_are_named(data: Path) -> None:
    for split, message in (
        ("80/30", "add up to 100"),
        ("80/x", "shares such as"),
        ("colour", "no column 'colour' to split by"),
        ("fit", "train, val or test was expected"),
    ):
        with pytest.raises(DataError, match=message):
            read_targets([data], ["kind"], split=split)
    with pytest.raises(DataError, match="no column 'color'; there are"):
        read_targets([data], ["color"], split="80/20")
    with pytest.raises(DataError, match="at least two labels"):
        read_targets([data], ["neck"], split="80/20")
    with pytest.raises(DataError, match="taken as it is"):
        read_targets([data], ["kind"], split="split", stratify=True)
    with pytest.raises(DataError, match="no photo is in val"):
        read_targets([data], ["kind"], split="80/20").where("val")
    assert shares_of("80/20") == (0.8, 0.2)
