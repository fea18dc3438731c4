"""The page: everything in one file, and nothing in it runs that a label says."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.conftest import FakeEncoder

from modiste.cleaning.inspection import inspect
from modiste.cleaning.page import as_page


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.images: list[dict[str, str | None]] = []
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.scripts += tag == "script"
        self._in_heading = tag == "h2"
        if tag == "img":
            self.images.append(given)
        self.addresses += [given[name] or "" for name in ("src", "href") if name in given]

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.headings.append(data)
            self._in_heading = False


@pytest.fixture
def page(shop: Path, splits: Path) -> tuple[str, Reader]:
    text = as_page(inspect([shop], splits=splits, encoder=FakeEncoder()), "a <shop> & more")
    reader = Reader()
    reader.feed(text)
    return text, reader


def test_every_section_is_there(page: tuple[str, Reader]) -> None:
    assert page[1].headings == [
        "Classes",
        "Hierarchy",
        "Sizes and kinds",
        "Missing and broken",
        "Duplicates",
        "Leakage",
        "Suspected label errors",
        "Odd photos",
        "Photos of each class",
    ]


def test_nothing_is_loaded_from_elsewhere(page: tuple[str, Reader]) -> None:
    text, reader = page
    assert all(address.startswith(("data:image/jpeg;base64,", "#")) for address in reader.addresses)
    assert not re.search(r"url\(|@import|fetch\(", text)
    anchors = {address[1:] for address in reader.addresses if address.startswith("#")}
    assert anchors == set(re.findall(r'<h2 id="([^"]+)"', text))


def test_labels_and_names_are_text(page: tuple[str, Reader]) -> None:
    text, reader = page
    assert reader.scripts == 2  # the rings' data and the rings' code
    assert "<script>alert" not in text
    assert "a &lt;shop&gt; &amp; more" in text


def test_every_photo_says_what_it_shows(page: tuple[str, Reader]) -> None:
    images = page[1].images
    assert len(images) >= 12
    assert all(image["alt"] for image in images)
    assert '<script>alert("x")</script> & "Shirts"' in {image["alt"] for image in images}


def test_photos_without_labels(tmp_path: Path, shop: Path) -> None:
    text = as_page(inspect([shop / "images"]), "photos")
    assert "Hierarchy" not in text
    assert "Duplicates" in text
