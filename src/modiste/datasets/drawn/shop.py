"""Draw a product of the sample shop, or all of it: photos, labels and splits, laid out like real data."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modiste.datasets.drawn.assortment import ARTICLE_TYPES, ArticleType
from modiste.datasets.drawn.canvas import Canvas, Pose
from modiste.datasets.drawn.look import Look, choose_look
from modiste.datasets.splits import COLUMNS
from modiste.errors import DataError
from modiste.progress import Progress, silent

__all__ = ["Product", "draw_photo", "draw_product", "draw_sample"]

STYLES = (
    "id", "gender", "masterCategory", "subCategory", "articleType", "baseColour", "season", "year", "usage",
    "productDisplayName",
)  # fmt: skip
_BRANDS = {
    "Apparel": ("Lindenhof", "Marais & Fils", "Nordlys", "Oakhaven", "Petit Voyage", "Salt & Linen"),
    "Footwear": ("Halden", "Corso Nove", "Ferrow", "Stridewell", "Alba Lane"),
    "Accessories": ("Amberley", "Kestrel & Co", "Vero Luce", "Brookmere", "Ostara"),
    "Personal Care": ("Fleur Douce", "Maison Ivoire", "Rosalind"),
}
_IN_NAMES = {
    "striped": "Striped", "pinstriped": "Pinstriped", "checked": "Checked", "dotted": "Polka Dot",
    "floral": "Floral", "wavy": "Printed", "block": "Colour-Block",
}  # fmt: skip
_FIRST_ID = 10001
_JPEG_QUALITY = 92


@dataclass(frozen=True, eq=False)
class Product:
    """A drawn product: its photo (height, width, 3) uint8, and what it looks like."""

    kind: ArticleType
    look: Look
    photo: NDArray[np.uint8]


def draw_product(article_type: str, rng: np.random.Generator, height: int = 80) -> Product:
    """One product of this type (a key of `ARTICLE_TYPES`), three quarters as wide as ``height`` pixels.

    Raises `DataError` for a type the shop does not sell.

    >>> draw_product("Ties", np.random.default_rng(0)).photo.shape
    (80, 60, 3)
    """
    if article_type not in ARTICLE_TYPES:
        raise DataError(f"the sample shop sells no {article_type!r}, but {', '.join(ARTICLE_TYPES)}")
    kind = ARTICLE_TYPES[article_type]
    look = choose_look(kind.colours, kind.patterns, rng)
    pose = Pose(
        turn=rng.uniform(-kind.lean, kind.lean),
        scale=rng.uniform(0.9, 1.02),
        flip=kind.turns and bool(rng.random() < 0.3),
        x=rng.uniform(-0.8, 0.8),
        y=rng.uniform(-1, 1),
    )
    canvas = Canvas(height, rng, pose)
    kind.draw(canvas, look)
    return Product(kind, look, canvas.photo())


def draw_photo(article_type: str, rng: np.random.Generator, height: int = 80) -> NDArray[np.uint8]:
    """The photo of a product of this type, (height, width, 3).

    >>> draw_photo("Watches", np.random.default_rng(0), height=160).shape
    (160, 120, 3)
    """
    return draw_product(article_type, rng, height).photo


def draw_sample(
    folder: Path, *, per_type: int = 40, seed: int = 0, height: int = 80, progress: Progress = silent
) -> None:
    """Draw a shop into a new or empty folder: ``styles.csv``, ``images/<id>.jpg`` and ``splits/*.csv``.

    There are about ``per_type`` photos of the average type, from 0.6 times as many rings to 1.7 times as
    many T-shirts, and never fewer than three. The same arguments make the same files, to the byte. Of each
    main type about 70 % go to train, 15 % to main_support and 15 % to main_test; new types are halved.

    The folder appears complete or not at all. Raises `DataError` if there is something in it already.

    >>> with tempfile.TemporaryDirectory() as parent:
    ...     draw_sample(Path(parent) / "shop", per_type=1, height=16)
    ...     sorted(path.name for path in (Path(parent) / "shop").iterdir())
    ['images', 'splits', 'styles.csv']
    """
    if per_type < 1 or height < 16:
        raise DataError(
            f"at least 1 photo per type and 16 pixels of height expected, got {per_type} and {height}"
        )
    _refuse_used(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)  # mkdtemp keeps others out
        _draw_into(beside, per_type, seed, height, progress)
        _refuse_used(folder)
        if folder.is_dir():
            folder.rmdir()
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _refuse_used(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise DataError(f"{folder} is there already; give a new or empty folder, or remove this one first")


def _draw_into(folder: Path, per_type: int, seed: int, height: int, progress: Progress) -> None:
    """Draw every photo, then write the tables."""
    wanted = [
        (kind, k) for kind in ARTICLE_TYPES.values() for k in range(max(round(kind.share * per_type), 3))
    ]
    shuffled = np.random.default_rng(seed).permutation(len(wanted))
    ids = {wanted[place]: str(_FIRST_ID + at) for at, place in enumerate(shuffled.tolist())}
    images = folder / "images"
    images.mkdir()
    styles: dict[str, Sequence[str]] = {}
    place_of = {name: place for place, name in enumerate(ARTICLE_TYPES)}
    for done, (kind, k) in enumerate(wanted):
        progress(done, len(wanted), "drawing photos")
        rng = np.random.default_rng(
            [seed, place_of[kind.name], k]
        )  # each photo its own: none depends on others
        product = draw_product(kind.name, rng, height)
        id = ids[kind, k]
        Image.fromarray(product.photo).save(images / f"{id}.jpg", quality=_JPEG_QUALITY)
        styles[id] = _style(id, product, rng)
    progress(len(wanted), len(wanted), "drawing photos")
    _write(folder / "styles.csv", STYLES, (styles[id] for id in sorted(styles, key=int)))
    _write_splits(folder / "splits", {kind: [ids[w] for w in wanted if w[0] is kind] for kind, _ in wanted})


def _style(id: str, product: Product, rng: np.random.Generator) -> Sequence[str]:
    """A row of ``styles.csv``."""
    kind, look = product.kind, product.look
    brands = _BRANDS[kind.master]
    words = [
        brands[rng.integers(len(brands))],
        look.name.removesuffix(" Blue") if "Navy" in look.name else look.name,
    ]
    if look.pattern in _IN_NAMES:
        words.append(_IN_NAMES[look.pattern])
    season = ("Summer", "Fall", "Winter", "Spring")[rng.integers(4)]
    gender = kind.genders[rng.integers(len(kind.genders))]
    year = str(rng.integers(2023, 2027))
    name = " ".join([*words, kind.noun])
    return (id, gender, kind.master, kind.category, kind.name, look.name, season, year, kind.usage, name)


def _write_splits(folder: Path, ids_of: dict[ArticleType, list[str]]) -> None:
    """Main types to train, main_support and main_test; new ones to new_support and new_test."""
    folder.mkdir()
    categories = list(dict.fromkeys(kind.category for kind in ARTICLE_TYPES.values()))
    names = ("train", "main_support", "main_test", "new_support", "new_test")
    rows: dict[str, list[Sequence[str]]] = {name: [] for name in names}
    for type_id, (kind, ids) in enumerate(ids_of.items()):
        if kind.new:
            cuts = [len(ids) // 2]
            parts = dict(zip(names[3:], np.split(np.array(ids), cuts), strict=True))
        else:
            held = max(round(0.15 * len(ids)), 1)
            parts = dict(
                zip(names[:3], np.split(np.array(ids), [len(ids) - 2 * held, len(ids) - held]), strict=True)
            )
        labels = (kind.name, kind.category, str(type_id), str(categories.index(kind.category)))
        for name, part in parts.items():
            rows[name] += [(id, *labels) for id in part.tolist()]
    for name in names:
        _write(folder / f"{name}.csv", COLUMNS, sorted(rows[name], key=lambda row: int(row[0])))


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
