"""A made-up fashion shop, drawn: photos without a camera, a network or a licence question.

::

    palette.py       colours with names                outlines.py   curves and boxes
    patterns.py      stripes, checks, flowers, metal   canvas.py     light, shadow and fabric on outlines
    look.py          the colours and pattern of one product
    body.py          the upper half of any garment
    tops.py … beauty.py                               the products, by where they are worn
    assortment.py    what the shop sells               shop.py       photos, labels and splits in a folder

"""

from __future__ import annotations

from modiste.datasets.drawn.assortment import ARTICLE_TYPES, ArticleType
from modiste.datasets.drawn.shop import Product, draw_photo, draw_product, draw_sample

__all__ = ["ARTICLE_TYPES", "ArticleType", "Product", "draw_photo", "draw_product", "draw_sample"]
