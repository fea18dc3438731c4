"""What the sample shop sells: its article types, how they are drawn and in which colours and patterns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modiste.datasets.drawn import (
    accessories,
    bags,
    beauty,
    bottoms,
    dresses,
    headwear,
    jewellery,
    knits,
    layers,
    open_shoes,
    shoes,
    small_bags,
    tops,
    watches,
)
from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.palette import CALM, DENIM, FABRIC, LEATHER, LIPS, METAL, SPORT

__all__ = ["ARTICLE_TYPES", "ArticleType"]


@dataclass(frozen=True)
class ArticleType:
    """One kind of article.

    ``share`` is how many there are of it, 1 for the average; ``new`` ones come only after training.
    ``patterns`` are drawn from evenly, so that one named twice is twice as frequent. ``lean`` is the largest
    turn in degrees; ``turns``: may be seen from the other side.
    """

    name: str
    noun: str  # of one of them, in a product's name
    master: str
    category: str
    draw: Callable[[Canvas, Look], None]
    colours: tuple[str, ...] = FABRIC
    patterns: tuple[str, ...] = ("plain",)
    share: float = 1.0
    new: bool = False
    genders: tuple[str, ...] = ("Men", "Women", "Unisex")
    usage: str = "Casual"
    lean: float = 2.5
    turns: bool = True


_SHIRTS = ("plain", "plain", "checked", "checked", "pinstriped", "striped", "dotted")
_PRINTS = ("plain", "plain", "floral", "floral", "dotted", "wavy", "striped", "checked")
_WOMEN, _MEN = ("Women",), ("Men", "Men", "Boys")
_SHADES = (*LIPS, "Blue", "Teal", "Black", "Lavender", "Turquoise", "Mustard", "Sea Green", "Navy Blue")
_DARK_LEATHER = ("Black", "Brown", "Tan", "Coffee Brown", "Maroon", "Navy Blue", "Grey")

_A, _F, _X, _P = "Apparel", "Footwear", "Accessories", "Personal Care"

#: Every article type by name; those to train on first, then the new ones.
ARTICLE_TYPES: dict[str, ArticleType] = {
    kind.name: kind
    for kind in (
        ArticleType(
            "Tshirts",
            "T-Shirt",
            _A,
            "Topwear",
            tops.tshirt,
            share=1.7,
            patterns=("plain", "plain", "plain", "plain", "striped", "striped", "block"),
        ),
        ArticleType(
            "Shirts", "Shirt", _A, "Topwear", tops.shirt, share=1.5, patterns=_SHIRTS, usage="Formal"
        ),
        ArticleType(
            "Sweaters",
            "Sweater",
            _A,
            "Topwear",
            layers.sweater,
            patterns=("plain", "plain", "plain", "striped", "block"),
            usage="Casual",
        ),
        ArticleType(
            "Sweatshirts",
            "Hoodie",
            _A,
            "Topwear",
            layers.sweatshirt,
            patterns=("plain", "plain", "plain", "plain", "block"),
            share=0.8,
            usage="Sports",
        ),
        ArticleType(
            "Jackets",
            "Jacket",
            _A,
            "Topwear",
            layers.jacket,
            colours=(*CALM, "Red", "Green", "Blue", "Rust", "Mustard"),
            patterns=("plain",) * 7 + ("block", "checked"),
            share=0.9,
        ),
        ArticleType(
            "Dresses", "Dress", _A, "Dress", dresses.dress, patterns=_PRINTS, genders=_WOMEN, share=1.2
        ),
        ArticleType(
            "Jeans",
            "Jeans",
            _A,
            "Bottomwear",
            bottoms.jeans,
            colours=(*DENIM, "Blue", "Navy Blue"),
            share=1.2,
            lean=1.5,
        ),
        ArticleType(
            "Trousers",
            "Trousers",
            _A,
            "Bottomwear",
            bottoms.trousers,
            colours=CALM,
            patterns=("plain",) * 5 + ("pinstriped", "checked"),
            usage="Formal",
            lean=1.5,
        ),
        ArticleType(
            "Shorts",
            "Shorts",
            _A,
            "Bottomwear",
            bottoms.shorts,
            patterns=("plain",) * 4 + ("checked", "floral", "striped"),
            share=0.9,
        ),
        ArticleType(
            "Skirts", "Skirt", _A, "Bottomwear", dresses.skirt, patterns=_PRINTS, genders=_WOMEN, share=0.8
        ),
        ArticleType(
            "Casual Shoes",
            "Shoe",
            _F,
            "Shoes",
            shoes.casual_shoes,
            colours=(*LEATHER, *SPORT),
            patterns=("plain",) * 6 + ("checked", "floral", "striped"),
            share=1.4,
            lean=3,
        ),
        ArticleType(
            "Sports Shoes",
            "Running Shoe",
            _F,
            "Shoes",
            shoes.sports_shoes,
            colours=SPORT,
            share=1.3,
            usage="Sports",
            lean=4,
        ),
        ArticleType(
            "Heels",
            "Heels",
            _F,
            "Shoes",
            open_shoes.heels,
            colours=(*LEATHER, "Purple", "Gold", "Silver"),
            genders=_WOMEN,
            share=1.1,
            lean=3,
        ),
        ArticleType(
            "Flats",
            "Ballerina",
            _F,
            "Shoes",
            open_shoes.flats,
            colours=(*LEATHER, "Mustard", "Sky Blue", "Gold"),
            patterns=("plain",) * 4 + ("dotted", "floral"),
            genders=_WOMEN,
            share=0.8,
            lean=4,
        ),
        ArticleType(
            "Flip Flops",
            "Flip Flop",
            _F,
            "Flip Flops",
            open_shoes.flip_flops,
            colours=SPORT,
            patterns=("plain", "plain", "plain", "striped", "wavy", "floral"),
            share=0.9,
            lean=4,
        ),
        ArticleType(
            "Sandals", "Sandal", _F, "Sandal", open_shoes.sandals, colours=LEATHER, share=0.9, lean=3
        ),
        ArticleType(
            "Handbags",
            "Handbag",
            _X,
            "Bags",
            bags.handbag,
            colours=(*LEATHER, "Mustard", "Purple"),
            patterns=("plain",) * 6 + ("checked", "dotted", "striped"),
            genders=_WOMEN,
            share=1.3,
        ),
        ArticleType(
            "Backpacks",
            "Backpack",
            _X,
            "Bags",
            bags.backpack,
            colours=(*CALM, *SPORT),
            patterns=("plain",) * 5 + ("checked", "dotted", "wavy"),
        ),
        ArticleType(
            "Wallets",
            "Wallet",
            _X,
            "Wallets",
            small_bags.wallet,
            colours=LEATHER,
            patterns=("plain",) * 6 + ("checked", "dotted", "floral"),
            share=0.9,
            lean=3,
        ),
        ArticleType(
            "Watches",
            "Watch",
            _X,
            "Watches",
            watches.watch,
            colours=(
                "Black",
                "Brown",
                "Tan",
                "Silver",
                "Silver",
                "Gold",
                "Navy Blue",
                "White",
                "Red",
                "Coffee Brown",
                "Teal",
                "Pink",
            ),
            share=1.4,
            turns=False,
        ),
        ArticleType(
            "Sunglasses",
            "Sunglasses",
            _X,
            "Eyewear",
            watches.sunglasses,
            colours=(
                "Black",
                "Black",
                "Brown",
                "Gold",
                "Silver",
                "Coffee Brown",
                "Red",
                "White",
                "Navy Blue",
                "Purple",
                "Tan",
            ),
            lean=4,
        ),
        ArticleType(
            "Caps",
            "Cap",
            _X,
            "Headwear",
            headwear.cap,
            colours=(*SPORT, "Khaki", "Maroon", "Beige"),
            patterns=("plain",) * 6 + ("checked", "striped"),
            share=0.8,
            lean=4,
        ),
        ArticleType(
            "Belts",
            "Belt",
            _X,
            "Belts",
            accessories.belt,
            colours=LEATHER,
            patterns=("plain",) * 7 + ("checked", "striped"),
            share=0.9,
            lean=4,
        ),
        ArticleType(
            "Ties",
            "Tie",
            _X,
            "Ties",
            accessories.tie,
            patterns=("plain", "plain", "striped", "striped", "striped", "dotted", "checked", "floral"),
            genders=_MEN,
            usage="Formal",
            share=0.8,
            lean=5,
        ),
        ArticleType(
            "Scarves",
            "Scarf",
            _X,
            "Scarves",
            accessories.scarf,
            patterns=("plain", "plain", "checked", "checked", "striped", "dotted", "floral"),
            share=0.7,
            lean=5,
        ),
        ArticleType(
            "Socks",
            "Socks",
            _X,
            "Socks",
            knits.socks,
            patterns=("plain", "plain", "striped", "striped", "dotted", "checked"),
            share=0.8,
            lean=6,
        ),
        ArticleType(
            "Earrings",
            "Earrings",
            _X,
            "Jewellery",
            jewellery.earrings,
            colours=METAL,
            genders=_WOMEN,
            usage="Party",
            lean=1.5,
        ),
        ArticleType(
            "Ring",
            "Ring",
            _X,
            "Jewellery",
            jewellery.ring,
            colours=METAL,
            genders=_WOMEN,
            usage="Party",
            share=0.6,
            lean=12,
        ),
        ArticleType(
            "Necklace and Chains",
            "Necklace",
            _X,
            "Jewellery",
            jewellery.necklace,
            colours=METAL,
            genders=_WOMEN,
            usage="Party",
            share=0.7,
        ),
        ArticleType(
            "Lipstick", "Lipstick", _P, "Make-up", beauty.lipstick, colours=LIPS, genders=_WOMEN, share=0.8
        ),
        ArticleType(
            "Nail Polish",
            "Nail Polish",
            _P,
            "Make-up",
            beauty.nail_polish,
            colours=_SHADES,
            genders=_WOMEN,
            share=0.8,
        ),
        ArticleType(
            "Tunics",
            "Tunic",
            _A,
            "Topwear",
            dresses.tunic,
            patterns=_PRINTS,
            genders=_WOMEN,
            new=True,
            share=0.9,
        ),
        ArticleType(
            "Leggings",
            "Leggings",
            _A,
            "Bottomwear",
            bottoms.leggings,
            patterns=("plain",) * 4 + ("dotted", "striped", "floral"),
            genders=_WOMEN,
            new=True,
            share=0.8,
            lean=1.5,
        ),
        ArticleType("Boots", "Boot", _F, "Shoes", shoes.boots, colours=_DARK_LEATHER, new=True),
        ArticleType(
            "Clutches",
            "Clutch",
            _X,
            "Bags",
            small_bags.clutch,
            colours=(*LEATHER, "Gold", "Purple"),
            patterns=("plain",) * 5 + ("dotted", "checked", "floral"),
            genders=_WOMEN,
            new=True,
            lean=3,
        ),
        ArticleType(
            "Hat",
            "Hat",
            _X,
            "Headwear",
            headwear.hat,
            colours=(
                "Beige",
                "Cream",
                "Tan",
                "Brown",
                "Black",
                "Grey",
                "Navy Blue",
                "Maroon",
                "Khaki",
                "Olive",
            ),
            new=True,
            share=0.7,
            lean=4,
        ),
        ArticleType(
            "Gloves",
            "Gloves",
            _X,
            "Gloves",
            knits.gloves,
            patterns=("plain", "plain", "plain", "striped", "dotted"),
            new=True,
            share=0.7,
        ),
        ArticleType(
            "Bracelet",
            "Bracelet",
            _X,
            "Jewellery",
            jewellery.bracelet,
            colours=METAL,
            genders=_WOMEN,
            usage="Party",
            new=True,
            share=0.7,
            lean=6,
        ),
        ArticleType(
            "Perfume and Body Mist",
            "Perfume",
            _P,
            "Fragrance",
            beauty.perfume,
            colours=(
                "Pink",
                "Peach",
                "Gold",
                "Mustard",
                "Sky Blue",
                "Lavender",
                "Purple",
                "Sea Green",
                "Orange",
                "Turquoise",
                "Red",
            ),
            new=True,
        ),
        ArticleType(
            "Umbrellas",
            "Umbrella",
            _X,
            "Umbrellas",
            accessories.umbrella,
            patterns=("plain", "plain", "plain", "dotted", "checked", "striped", "floral"),
            genders=("Unisex",),
            new=True,
            share=0.7,
            lean=8,
        ),
    )
}
