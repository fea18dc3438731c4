"""The sections to look at: photos, and the maps of classes.

A function whose part is not in the results returns nothing.
"""

from __future__ import annotations

from functools import partial

from modiste.reports import charts
from modiste.reports.contents import Block, Chart, Gallery, Row, Table, Values
from modiste.reports.wording import Thumbnails, listed, percent

__all__ = ["maps", "mistaken", "recommendations", "typical"]

MOST_CONFUSED = 5


def mistaken(results: Values, part: str) -> Gallery | None:
    """Photos of the pairs confused most often."""
    look = Thumbnails(results)
    rows = []
    for true, called, often, _ in results["confusions"][part]["pairs"][:6]:
        ids = [
            id for id, pair in results.get("wrong", {}).get(part, {}).items() if list(pair) == [true, called]
        ]
        photos = look.up((id, "", f"{true} called {called}, photo {id}") for id in ids)[:4]
        if photos:
            rows.append(Row(f"{true} called {called}: {len(photos)} of {often}", photos))
    return Gallery("mistaken", "Photos of the pairs confused most often", rows) if rows else None


def recommendations(results: Values) -> list[Block]:
    selective = results.get("selective") or {}
    look = Thumbnails(results)
    kinds: dict[tuple[bool, bool], list[Row]] = {}
    for one in selective.get("examples", ()):
        photos = look.up(
            [
                (one["id"], one["type"], f"query: {one['type']}, photo {one['id']}"),
                *(
                    (item, kind, f"recommended: {kind}, photo {item}")
                    for item, kind in zip(one["items"], one["item_types"], strict=True)
                ),
            ]
        )
        if len(photos) == 1 + len(one["items"]):
            row = Row(f"confidence {one['confidence']:.2f}", photos, query=True)
            kinds.setdefault((one["shown"], one["right"]), []).append(row)
    titles = {
        (True, True): ("shown-right", "Shown, and one of the three fits"),
        (True, False): ("shown-wrong", "Shown, and none fits"),
        (False, True): ("withheld-right", "Withheld, though one would have fitted"),
        (False, False): ("withheld-wrong", "Withheld, and none would have fitted"),
    }
    return [Gallery(name, title, kinds[kind]) for kind, (name, title) in titles.items() if kind in kinds]


def maps(results: Values) -> list[Block]:
    blocks: list[Block] = []
    if maps := results.get("maps"):
        how = {"t-sne": "t-SNE", "pca": "principal components"}.get(maps["method"], maps["method"])
        blocks.append(
            f"The map ({how}) is fitted on training photos; test photos are placed in it, so that both "
            "pictures show one space. Large marks are the centroids of the classes. Distances between far "
            "clusters mean little."
        )
        frame = _frame(maps)
        for split, found in maps["splits"].items():
            blocks.append(
                Chart(
                    f"map-{split}",
                    f"Map of {split}: {len(found['ids']):,} photos of {len(maps['labels'])} classes",
                    f"Scatter plot of {listed(maps['labels'])}; which of them overlap is in the table below",
                    4.6,
                    partial(
                        charts.class_map,
                        labels=maps["labels"],
                        classes=found["classes"],
                        points=found["points"],
                        centroids=found["centroids"],
                        frame=frame,
                    ),
                )
            )
        blocks += _overlap(maps["overlap"])
    if between := results.get("between"):
        blocks += _between(results, between)
    return blocks


def _frame(maps: Values) -> list[float]:
    """What of the map to show: all of it, with a margin."""
    points = [point for split in maps["splits"].values() for point in (*split["points"], *split["centroids"])]
    frame: list[float] = []
    for axis in (0, 1):
        low, high = min(p[axis] for p in points), max(p[axis] for p in points)
        margin = 0.05 * (high - low) or 1.0
        frame += [low - margin, high + margin]
    return frame


def _overlap(overlap: Values) -> list[Block]:
    pairs = overlap["pairs"]
    correlation = overlap["correlation"]
    if any(often is None for *_, often in pairs):
        rows = [(f"{a} and {b}", percent(near)) for a, b, near, _ in pairs[:8]]
        return [Table("The pairs that overlap most", ("", "overlap in the map"), rows)]
    if correlation is None:
        said = "Whether classes that overlap are those that are confused cannot be said: nothing varies."
    else:
        often = sorted(pairs, key=lambda pair: -pair[3])[:MOST_CONFUSED]
        near = sorted(pairs, key=lambda pair: -pair[2])[:MOST_CONFUSED]
        both = [f"{a} and {b}" for a, b, *_ in often if [a, b] in [pair[:2] for pair in near]]
        verdict = (
            "Classes that overlap in the map are the ones that get confused"
            if correlation >= 0.5
            else "Overlap in the map says something of what gets confused"
            if correlation >= 0.2
            else "Overlap in the map says little of what gets confused"
        )
        said = (
            f"{verdict}: Spearman's correlation over the {len(pairs)} pairs is {correlation:.2f} "
            f"(permutation p = {overlap['p_value']:.3f})."
        )
        if both:
            said += (
                f" Among the {MOST_CONFUSED} nearest and the {MOST_CONFUSED} most confused: {listed(both)}."
            )
    return [
        said,
        Chart(
            "overlap",
            "Overlap in the map, and confusion when named from the support set; each dot is a pair of "
            "classes",
            said,
            3.5,
            partial(charts.overlap_and_confusion, pairs=pairs),
        ),
        Table(
            "The pairs that overlap most",
            ("", "overlap in the map", "one called the other"),
            [(f"{a} and {b}", percent(x), percent(y)) for a, b, x, y in pairs[:8]],
        ),
    ]


def _between(results: Values, between: Values) -> list[Block]:
    look = Thumbnails(results)
    first, second = between["classes"]
    apart = listed(f"{value:.2f} in {split}" for split, value in between["apart"].items())
    moved = listed(f"{value:.2f} for {name}" for name, value in between["moved"].items())
    one, other = between["apart"]
    blocks: list[Block] = [
        f"{first} and {second}: their centroids are {apart} apart (vectors have length 1). From {one} to "
        f"{other} a centroid moves by {moved}."
    ]
    nearest = [
        Row(
            split,
            look.up(
                (id, name, f"photo {id}, the nearest to the centroid of {name} in {split}")
                for id, name in zip(ids, between["classes"], strict=True)
            ),
        )
        for split, ids in between["nearest"].items()
    ]
    ways = [
        Row(
            split,
            look.up(
                (id, f"{kind} {place:.2f}", f"photo {id}, {kind}, at {place:.2f} of the way in {split}")
                for id, kind, place in way
            ),
        )
        for split, way in between["way"].items()
    ]
    for name, title, rows in (
        ("centroids", "The photo nearest to each centroid", nearest),
        ("transition", f"Along the line from {first} (0) to {second} (1), by place on it", ways),
    ):
        if any(row.photos for row in rows):
            blocks.append(Gallery(name, title, rows))
    return blocks


def typical(results: Values) -> list[Block]:
    examples = results.get("examples") or {}
    look = Thumbnails(results)
    rows = []
    for name, one in examples.get("classes", {}).items():
        photos = look.up(
            [(id, "typical", f"{name}, typical, photo {id}") for id in one["typical"]]
            + [(id, "odd", f"{name}, odd, photo {id}") for id in one["odd"]]
        )
        if photos:
            rows.append(Row(name, photos))
    if not rows:
        return []
    return [
        "Typical photos are nearest to the mean of their class, odd ones farthest from it: unusual items, "
        "and now and then a wrong label.",
        Gallery("typical", "Test photos of each class", rows),
    ]
