from __future__ import annotations

import json

import numpy as np
import pytest
from tests.catalogue.test_recognition import Colours

from modiste.catalogue import Catalogue, NamedTypes
from modiste.datasets.listing import Listing
from modiste.errors import CatalogueError, ModelMismatch
from modiste.trends import find_trends

BLUES = {f"new-{number}" for number in range(60, 72)}


def test_blue_things_are_a_group_with_a_name(shop: Catalogue, arrivals: Listing) -> None:
    found = find_trends(shop, arrivals, Colours())
    assert (found.arrivals, found.items, found.model_id) == (72, 400, Colours.id)
    (group,) = found.groups
    assert group.name == "Poncho"
    grouped = {each.id for each in group.arrivals}
    assert len(grouped & BLUES) >= 10
    assert len(grouped - BLUES) <= 3  # a ball may touch its neighbours
    assert group.p_value <= 0.05
    assert set(group.near) <= {"Shirts", "Bags"}
    assert len(BLUES & {each.id for each in found.new}) >= 6
    assert len({each.id for each in found.new} - BLUES) <= 2
    assert [each.p_value for each in found.new] == sorted(each.p_value for each in found.new)
    assert [skipped.name for skipped in found.skipped] == ["images/torn.png"]
    assert json.loads(json.dumps(found.as_dict()))["groups"][0]["arrivals"][0]["photo"].startswith("images/")
    assert find_trends(shop, arrivals, Colours()) == found


def test_what_people_have_named_is_known(shop: Catalogue, arrivals: Listing) -> None:
    before = find_trends(shop, arrivals, Colours())
    assert (len(before.groups), before.named) == (1, 0)
    vectors = Colours().embed(np.full((1, 2, 2, 3), (40, 40, 200), np.uint8))
    NamedTypes(shop.folder, Colours.id, 3).put("Ponchos", vectors, ["a"])
    after = find_trends(shop, arrivals, Colours())
    assert (after.groups, after.named, after.arrivals) == ((), 12, 72)
    assert BLUES.isdisjoint(each.id for each in after.new)


def test_arrivals_that_are_items_already_do_not_count_as_known(shop: Catalogue, arrivals: Listing) -> None:
    before = find_trends(shop, arrivals, Colours())
    items = [shop.get(shop.ids[0])]
    rows = [at for at, id in enumerate(arrivals.ids) if id in BLUES]
    pixels = np.stack([np.full((2, 2, 3), (40, 40, 200), np.uint8)] * len(rows))
    copies = [type(items[0])(arrivals.ids[row], "Poncho", b"...", "image/png") for row in rows]
    shop.add(copies, Colours().embed(pixels))
    after = find_trends(shop, arrivals, Colours())
    assert after.items == 400
    assert [group.arrivals for group in after.groups] == [group.arrivals for group in before.groups]


def test_refusals(shop: Catalogue, arrivals: Listing) -> None:
    with pytest.raises(ValueError, match="false-discovery rate"):
        find_trends(shop, arrivals, Colours(), false_discoveries=0)
    with pytest.raises(CatalogueError, match="no item has a label 'colour'"):
        find_trends(shop, arrivals, Colours(), level="colour")
    other = Colours()
    other.id = "others-111111111111"
    with pytest.raises(ModelMismatch):
        find_trends(shop, arrivals, other)
    shop.remove(shop.ids[30:])
    with pytest.raises(CatalogueError, match="30 items besides the new photos"):
        find_trends(shop, arrivals, Colours())
