from __future__ import annotations

from html.parser import HTMLParser

from tests.catalogue.test_recognition import Colours

from modiste.catalogue import Catalogue
from modiste.datasets.listing import Listing
from modiste.trends import find_trends
from modiste.trends.page import trends_page


def test_every_group_with_its_photos_and_nothing_from_elsewhere(shop: Catalogue, arrivals: Listing) -> None:
    found = find_trends(shop, arrivals, Colours())
    page = trends_page(found, arrivals.source, "New in <arrivals>")
    shown: list[dict[str, str | None]] = []

    class Images(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "img":
                shown.append(dict(attrs))
            assert tag not in ("script", "b", "link")

    Images().feed(page)
    grouped = {each.id for group in found.groups for each in group.arrivals}
    assert len(shown) == len(grouped | {each.id for each in found.new})
    assert all((each["src"] or "").startswith("data:image/png;base64,") for each in shown)
    assert "<h2>Poncho</h2>" in page
    assert "&lt;b&gt;Zola&lt;/b&gt; Poncho" in page
    assert "<h1>New in &lt;arrivals&gt;</h1>" in page


def test_photos_that_have_gone_leave_their_names(shop: Catalogue, arrivals: Listing, tmp_path) -> None:
    found = find_trends(shop, arrivals, Colours())
    for photo in (tmp_path / "arrivals" / "images").iterdir():
        photo.unlink()
    assert "Acme Poncho (cannot be shown)" in trends_page(found, arrivals.source, "New")
