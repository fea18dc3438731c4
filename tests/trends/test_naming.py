from __future__ import annotations

from modiste.trends.naming import suggest_name

SHOP = ["Acme Men Blue Shirt", "Acme Women Red Dress", "Ebba Women Blue Top", "Ebba Men Grey Shirt"] * 20


def test_the_word_that_only_the_group_has() -> None:
    names = ["Acme Women Blue Tunic", "Ebba Red Tunics", "Zola Women Tunic", "Zola Green Tunic"]
    assert suggest_name(names, SHOP) == "Tunic"


def test_two_words_where_they_go_together() -> None:
    shop = [*SHOP, *["Acme Leather Bag", "Acme Tote Bag"] * 10]
    names = ["Acme Black Laptop Bag", "Zola Laptop Bag", "Ebba Grey Laptop Bag", "Ebba Laptop Bag"]
    assert suggest_name(names, shop) == "Laptop Bag"


def test_a_brand_is_no_type() -> None:
    names = [f"Lucera {colour} Pendant" for colour in ("Silver", "Gold", "Red")] + ["Ivory Pendant"]
    assert suggest_name(names, SHOP) == "Pendant"
    assert suggest_name(["Lucera one", "Lucera two", "Lucera three"], SHOP) == ""


def test_nothing_in_common_has_no_name() -> None:
    assert suggest_name(["Acme Men Blue Shirt", "Ebba Women Top", "x y"], SHOP) == ""
    assert suggest_name(["1163", "1164", ""], []) == ""
    assert suggest_name([], SHOP) == ""
    assert suggest_name(["poncho", "poncho", "ponchos"], SHOP) == "Poncho"
