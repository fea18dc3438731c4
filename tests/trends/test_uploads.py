"""Photos that came as open files are looked at as those of a folder are."""

from __future__ import annotations

import io

import pytest
from tests.catalogue.test_recognition import Colours

from modiste.catalogue import Catalogue
from modiste.datasets.listing import Listing
from modiste.errors import TooFewItems
from modiste.trends import find_trends
from modiste.trends.uploads import find_uploaded_trends


def test_uploads_are_as_new_as_the_same_files_in_a_folder(shop: Catalogue, arrivals: Listing) -> None:
    """But for their names: a file's name is all that is known of it."""
    files = [(name, io.BytesIO(arrivals.source.read(name))) for name in arrivals.photos]
    found = find_uploaded_trends(shop, Colours(), files)
    listed = find_trends(shop, arrivals, Colours())
    assert (found.arrivals, found.items) == (72, 400)
    places = {id: str(place) for place, id in enumerate(arrivals.ids)}
    [group], [other] = found.groups, listed.groups
    assert [each.id for each in group.arrivals] == [places[each.id] for each in other.arrivals]
    assert {each.id for each in found.new} == {places[each.id] for each in listed.new}
    [skipped] = found.skipped
    assert arrivals.photos[int(skipped.name)] == "images/torn.png"


def test_a_group_is_named_by_its_files(shop: Catalogue, arrivals: Listing) -> None:
    files = []
    for at, name in enumerate(arrivals.photos):
        words = "rain_poncho" if 60 <= at < 72 else "thing"
        files.append((f"{words}-{at}.png", io.BytesIO(arrivals.source.read(name))))
    [group] = find_uploaded_trends(shop, Colours(), files).groups
    assert group.name == "Poncho"
    assert group.arrivals[0].name.startswith("rain poncho ")


def test_a_small_catalogue_knows_nothing_of_what_is_usual(shop: Catalogue) -> None:
    shop.remove(shop.ids[30:])
    with pytest.raises(TooFewItems, match="at least 50"):
        find_uploaded_trends(shop, Colours(), [])
