"""The page: one file that fetches nothing, with every label escaped and every picture described."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from modiste.reports import as_page, compose

HOSTILE = '<script>alert("x")</script> $x^2$ & more'


class Reader(HTMLParser):
    """Every element with its attributes, and all text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(values) -> str:
    return as_page(compose(values))


def test_nothing_is_fetched(page: str) -> None:
    reader = Reader(page)
    assert not {"script", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in reader.elements}
    for tag, attributes in reader.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:image/")), (tag, name, value)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    [policy] = [each for each in reader.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"].startswith("default-src 'none'")


def test_every_picture_is_described(page: str) -> None:
    reader = Reader(page)
    photos, charts = reader.all("img"), reader.all("svg")
    assert len(photos) > 20
    assert all(photo["alt"] for photo in photos)
    assert len(charts) > 8
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert reader.all("html") == [{"lang": "en"}]
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for attributes in reader.all("a")}
    assert targets <= set(ids)


def test_text_in_charts_is_text(page: str) -> None:
    reader = Reader(page)
    assert "recall, %" in reader.text
    assert "#777d86" not in page.partition("<body>")[2]  # charts take the page's colour


def test_labels_are_shown_as_they_are(values) -> None:
    hostile = json.loads(json.dumps(values).replace('"Ties"', json.dumps(HOSTILE)))
    hostile["notes"] = [HOSTILE]
    hostile["model"]["id"] = HOSTILE
    page = as_page(compose(hostile))
    reader = Reader(page)
    assert not reader.all("script")
    assert HOSTILE in reader.text
    assert f"How good is {HOSTILE}?" in reader.text


def test_the_same_results_give_the_same_page(values, page: str) -> None:
    assert as_page(compose(values)) == page
    assert len(page) < 1_000_000
