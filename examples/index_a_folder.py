"""A retailer's photos → the three items most like a photo, or nothing.

    python examples/index_a_folder.py photos/ customer.jpg     # a folder, a zip or a table of photos
    python examples/index_a_folder.py                          # on a drawn shop

The catalogue stays in ``catalogue/``: run it again and only what is new or changed is read.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import modiste


def main(photos: str | None = None, query: str | None = None, catalogue: str = "catalogue") -> None:
    encoder = modiste.load_model("default")
    with tempfile.TemporaryDirectory() as folder:
        if photos is None:
            modiste.draw_sample(Path(folder), per_type=4)
            photos = folder
        report = modiste.index(modiste.open_listing(photos), catalogue, encoder)
    print(f"{report.added} items added, {report.updated} updated, {len(report.skipped)} photos skipped")

    shop = modiste.Catalogue.open(catalogue)
    recommender = modiste.build_recommender(encoder, shop)
    if query is None:  # one of the shop's own items, which must not recommend itself
        photo, _ = shop.photo(shop.ids[0])
        answer = recommender.recommend(photo, exclude=[shop.ids[0]])
    else:
        answer = recommender.recommend(Path(query))
    if not answer.shown:
        print(f"nothing to recommend: {answer.reason} (confidence {answer.confidence:.2f})")
    for item in answer.items:
        print(f"{item.similarity:.3f}  {item.id}  {item.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
