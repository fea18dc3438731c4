"""Whatever becomes of a data set's files, its reader raises `DataError` or reads on."""

from __future__ import annotations

import gzip
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.datasets.conftest import STYLES, make_folder, make_photo

from modiste.datasets import open_listing, read_split
from modiste.datasets.readers import idx
from modiste.errors import DataError, PhotoError

PHOTO = make_photo()
Layout = Mapping[str, bytes]


def packed(*sizes: int) -> bytes:
    count = 1
    for size in sizes:
        count *= size
    return bytes((0, 0, 8, len(sizes))) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(count)


IDX: Layout = {
    name: gzip.compress(packed(3)) if "labels" in name else packed(3, 28, 28)
    for names in idx.FILES.values()
    for name in names
}
IDX = {name + (".gz" if content[:2] == b"\x1f\x8b" else ""): content for name, content in IDX.items()}
DEEPFASHION: Layout = {
    "Anno/list_category_cloth.txt": b"2\ncategory_name  category_type\nTee 1\nJeans 2\n",
    "Anno/list_category_img.txt": b"2\nimage_name  category_label\nimg/Tee/img_1.jpg 1\nimg/J/img_2.jpg 2\n",
    "Anno/list_attr_cloth.txt": b"2\nattribute_name  attribute_type\nred 1\nlong 2\n",
    "Anno/list_attr_img.txt": b"2\nimage_name  attribute\nimg/Tee/img_1.jpg 1 -1\nimg/J/img_2.jpg 0 1\n",
    "Anno/list_bbox.txt": b"1\nimage_name  x_1 y_1 x_2 y_2\nimg/Tee/img_1.jpg 1 2 30 40\n",
    "Eval/list_eval_partition.txt": b"1\nimage_name  evaluation_status\nimg/Tee/img_1.jpg train\n",
    "img/Tee/img_1.jpg": PHOTO,
    "img/J/img_2.jpg": PHOTO,
}
LAYOUTS: dict[str, Layout] = {
    "kaggle": {"styles.csv": STYLES.encode(), "images/1.jpg": PHOTO, "images/2.jpg": PHOTO},
    "table": {
        "t.csv": b'id,photo,name,label,labels,split\n1,a.png,"A, b",Shirt,red|long,train\n2,b,B,Tie,,test\n',
        "a.png": PHOTO,
        "b.png": PHOTO,
    },
    "links": {"t.csv": b"photo,name\nhttps://shop.example/1.jpg,One\nhttp://a.example/b?c=d,Two\n"},
    "deepfashion": DEEPFASHION,
    "fashion-mnist": IDX,
}


@st.composite
def mutations(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes put in, taken out, changed or repeated; quotes, line ends and odd characters among them."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        to = min(len(content), at + draw(st.sampled_from((0, 1, 1, 4, 40, 10_000))))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    (
                        b'"',
                        b"\n",
                        b"\r",
                        b"\0",
                        b",",
                        b"\t",
                        b"|",
                        b"-1",
                        b"99999999999999999999",
                        b"nan",
                        b"\xff",
                    )
                ),
                st.sampled_from(
                    (b"\xef\xbb\xbf", "\u2028".encode(), "\u0660".encode(), b"../../etc/passwd", b"http://[")
                ),
                st.just(content[at:to] * 3),
            )
        )
        content = content[:at] + piece + content[to:]
    return content


def read_all(folder: Path) -> None:
    listing = open_listing(folder)
    listing.source.fingerprint(listing.photos)
    for photo in listing.photos:
        try:
            listing.source.read(photo)
        except PhotoError:
            continue


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("examples", [25, pytest.param(400, marks=pytest.mark.slow)])
def test_only_our_errors_come_out(
    name: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    folder = make_folder(tmp_path / "data", LAYOUTS[name])
    read_all(folder)
    tables = sorted(file for file in LAYOUTS[name] if LAYOUTS[name][file] != PHOTO)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(tables))
        (folder / file).write_bytes(data.draw(mutations(LAYOUTS[name][file])))
        told = _told(read_all, folder)
        (folder / file).write_bytes(LAYOUTS[name][file])
        assert "\n" not in told, told

    check()


def test_splits_too(tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    whole = (
        b"imageId,articleTypeName,categoryName,articleTypeId,categoryId\n1,Shirts,Top,1,0\n2,Ties,Ties,20,7\n"
    )
    file.write_bytes(whole)
    read_split(file)

    @settings(max_examples=100, deadline=None, database=None, derandomize=True, phases=(Phase.generate,))
    @given(mutations(whole))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        assert "\n" not in _told(read_split, file)

    check()


def _told(read: Callable[[Path], Any], place: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read(place)
        except DataError as error:
            return str(error)
    return ""
