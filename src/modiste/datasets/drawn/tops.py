"""What is worn above the waist, and dresses: seen from the front, as if on an invisible wearer."""

from __future__ import annotations

from dataclasses import dataclass

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import Point, arc, curve, ellipse, mirrored, polygon, rounded_box
from modiste.datasets.drawn.palette import darker, lighter, mix
from modiste.datasets.drawn.patterns import turned

__all__ = ["dress", "jacket", "shirt", "sweater", "sweatshirt", "tshirt", "tunic"]


@dataclass(frozen=True)
class Cut:
    """The measures of a garment: half widths, and heights from ``top`` (the neck) down."""

    top: float = -28
    neck: float = 5.5
    neckline: float = 5  # how far down it reaches in front
    vee: bool = False
    shoulder: float = 14
    slope: float = 3.5
    armhole: float = 14
    chest: float = 14
    waist: float = 13.3
    waist_at: float = 32
    hem: float = 14
    length: float = 56
    sleeve: float = 16  # 0: none
    sleeve_width: float = 7
    spread: float = 7.5  # how far the sleeve ends are from the body's side


def _body(canvas: Canvas, cut: Cut, paint: Paint, inside: RGB, *, folds: float = 0.07, depth: float = 0.4) -> None:
    """The back of the neck, both sleeves and the front."""
    top, shoulder_y = cut.top, cut.top + cut.slope
    back = [(0, top + 0.9), (cut.neck * 0.6, top + 0.6), (cut.neck, top), (cut.neck, top),
            (cut.neck * 0.6, top + cut.neckline), (0, top + cut.neckline + 1)]  # fmt: skip
    canvas.fill(curve(mirrored(back)), darker(inside, 0.35), bulge=4)
    for side in (-1, 1):
        _sleeve(canvas, cut, side, paint, folds, depth)
    n, d = cut.neck, cut.neckline
    if cut.vee:
        neckline: list[Point] = [(0, top + d), (n * 0.55, top + d * 0.5), (n, top), (n, top)]
    else:
        neckline = [(0, top + d), (n * 0.4, top + d * 0.93), (n * 0.75, top + d * 0.7), (n, top), (n, top)]
    half = [
        *neckline,
        (cut.shoulder, shoulder_y),
        (cut.shoulder, shoulder_y),
        (cut.shoulder - 0.6 if cut.sleeve else cut.shoulder - 2.4, shoulder_y + cut.armhole * 0.5),
        (cut.chest, shoulder_y + cut.armhole),
        (cut.chest, shoulder_y + cut.armhole),
        (cut.waist, top + cut.waist_at),
        (cut.hem, top + cut.length - 0.8),
        (cut.hem, top + cut.length - 0.8),
        (cut.hem * 0.5, top + cut.length),
        (0, top + cut.length + 0.3),
    ]
    canvas.fill(curve(mirrored(half)), paint, bulge=4.5, folds=folds, depth=depth)
    for side in (-1, 1):
        armpit = shoulder_y + cut.armhole
        canvas.crease(
            polygon([(side * cut.chest, armpit), (side * cut.chest * 0.45, armpit + 7)]), 1.6, 0.14
        )
        canvas.crease(
            polygon([(side * cut.waist, top + cut.waist_at + 2), (side * cut.waist * 0.4, top + cut.waist_at + 6)]),
            2, 0.1,
        )  # fmt: skip


def _sleeve(canvas: Canvas, cut: Cut, side: int, paint: Paint, folds: float, depth: float) -> None:
    if not cut.sleeve:
        return
    shoulder_y = cut.top + cut.slope
    end_x, end_y = cut.chest + cut.spread, shoulder_y + cut.sleeve
    w = cut.sleeve_width
    short = cut.sleeve < 24
    outer = (end_x, end_y - 1.5) if short else (end_x, end_y)
    inner = (end_x - w * 0.9, end_y + 2) if short else (end_x - w * 0.85, end_y + 0.8)
    bend: list[Point] = [] if short else [(cut.shoulder + cut.spread * 0.75, shoulder_y + cut.sleeve * 0.45)]
    bend_in: list[Point] = [] if short else [(cut.chest + cut.spread * 0.22, shoulder_y + cut.sleeve * 0.52)]
    points = [
        (cut.shoulder - 4, shoulder_y - 0.8),
        (cut.shoulder, shoulder_y),
        (cut.shoulder + 2.2, shoulder_y + 2.6),
        *bend,
        outer, outer, inner, inner,
        *bend_in,
        (cut.chest, shoulder_y + cut.armhole + 0.4),
        (cut.chest - 2, shoulder_y + cut.armhole - 3),
    ]  # fmt: skip
    outline = curve([(side * x, y) for x, y in points])
    canvas.fill(outline, turned(paint, side * (-32 if short else -14)), bulge=3, folds=folds, depth=depth)
    if not short:
        elbow = shoulder_y + cut.sleeve * 0.5
        for y in (elbow - 2, elbow + 2):
            x = cut.chest + cut.spread * 0.35
            canvas.crease(polygon([(side * x, y), (side * (x + 3.5), y + 2)]), 1.2, 0.16)


def _cuffs(canvas: Canvas, cut: Cut, colour: RGB, height: float = 2.6) -> None:
    """Ribbing at the ends of long sleeves and along the hem."""
    end_x, end_y = cut.chest + cut.spread, cut.top + cut.slope + cut.sleeve
    bottom = cut.top + cut.length
    for side in (-1, 1):
        cuff = [(end_x - 0.1, end_y - height), (end_x, end_y + 0.4), (end_x - cut.sleeve_width * 0.85, end_y + 1.2),
                (end_x - cut.sleeve_width * 0.88, end_y - height + 0.8)]  # fmt: skip
        canvas.fill(polygon([(side * x, y) for x, y in cuff]), colour, bulge=1.5)
    hem = rounded_box(-cut.hem, bottom - height - 0.5, cut.hem, bottom + 0.6, 0.8)
    canvas.fill(hem, colour, bulge=2)
    for x in range(-int(cut.hem) + 1, int(cut.hem), 2):
        canvas.seam(polygon([(x, bottom - height), (x, bottom + 0.4)]), 0.35, 0.14)


def _buttons(canvas: Canvas, x: float, top: float, bottom: float, n: int, colour: RGB, size: float = 0.55) -> None:
    for i in range(n):
        canvas.fill(ellipse(x, top + (bottom - top) * i / max(n - 1, 1), size), colour, bulge=0.5, depth=0.7)


def _collar(canvas: Canvas, cut: Cut, colour: Paint, *, tip: float = 6.5, open_: float = 1.2) -> None:
    """A turned-down collar with two points."""
    top, n = cut.top, cut.neck
    canvas.fill(curve([(-n, top), (-n, top), (0, top - 2.2), (n, top), (n, top), (0, top + 1)]), colour, bulge=2)
    for side in (-1, 1):
        flap = [(n * 0.75, top - 2.0), (n + 1.2, top + 0.6), (n * 0.95, top + tip), (open_ * 0.4, top + tip * 0.72)]
        canvas.crease(polygon([(side * x, y + 0.6) for x, y in flap[1:]]), 1, 0.25)
        canvas.fill(polygon([(side * x, y) for x, y in flap]), colour, bulge=1.6, depth=0.45)


def tshirt(canvas: Canvas, look: Look) -> None:
    """Round, V-necked or polo; some with a print on the chest."""
    rng = canvas.rng
    style = rng.choice(["crew", "crew", "vee", "polo"])
    wide = rng.uniform(-0.8, 1.2)
    cut = Cut(
        neckline=rng.uniform(4.2, 6) if style != "vee" else rng.uniform(8, 11), vee=style == "vee",
        chest=14.5 + wide, hem=14.3 + wide, waist=13.4 + wide, length=rng.uniform(54, 60),
        sleeve=rng.uniform(13, 17) if rng.random() > 0.12 else 41, sleeve_width=rng.uniform(7.5, 9),
    )  # fmt: skip
    paint = look.cloth()
    _body(canvas, cut, paint, look.colour)
    rib = look.other if rng.random() < 0.25 else darker(look.colour, 0.12)
    if style == "polo":
        trim = look.other if rng.random() < 0.4 else look.colour
        canvas.fill(rounded_box(-1.3, cut.top + 2, 1.3, cut.top + 15, 0.4), darker(trim, 0.06), bulge=1)
        _collar(canvas, cut, trim, tip=6)
        _buttons(canvas, 0, cut.top + 7.5, cut.top + 12.5, 2, lighter(trim, 0.6))
    elif style == "vee":
        n, d = cut.neck, cut.top + cut.neckline
        canvas.line(curve([(-n, cut.top), (-n * 0.55, cut.top + cut.neckline * 0.5), (0, d), (0, d),
                           (n * 0.55, cut.top + cut.neckline * 0.5), (n, cut.top)], closed=False), rib, 1.1)  # fmt: skip
    else:
        n, d = cut.neck, cut.neckline
        canvas.line(curve([(-n, cut.top), (-n * 0.75, cut.top + d * 0.7), (0, cut.top + d),
                           (n * 0.75, cut.top + d * 0.7), (n, cut.top)], closed=False), rib, 1.3)  # fmt: skip
    bottom = cut.top + cut.length
    canvas.seam(polygon([(-cut.hem, bottom - 2.4), (0, bottom - 1.6), (cut.hem, bottom - 2.4)]), 0.35, 0.2)
    if look.pattern == "plain" and style != "polo" and rng.random() < 0.55:
        _print(canvas, look)


def _print(canvas: Canvas, look: Look) -> None:
    """A picture on the chest: a sun over hills, rings, bars of letters, or a leaf."""
    rng = canvas.rng
    y = -7 + rng.uniform(-2, 2)
    a, b = look.other, look.accent
    flat = {"depth": 0.05, "clip": True}
    match rng.integers(4):
        case 0:
            canvas.fill(ellipse(0, y, 7), a, bulge=2, depth=0.05, clip=True)
            canvas.fill(ellipse(1.6, y - 2, 2.6), b, bulge=2, depth=0.05, clip=True)
            hills = curve([(-6.5, y + 2.6), (-3, y - 0.5), (0, y + 2.4), (3, y + 0.6), (6.5, y + 2.6), (3.5, y + 6), (-3.5, y + 6)])
            canvas.fill(hills, darker(look.colour, 0.2), bulge=2, depth=0.05, clip=True)
        case 1:
            for r, colour in ((7.5, a), (5.6, look.colour), (3.8, b)):
                canvas.fill(ellipse(0, y, r), colour, bulge=2, depth=0.05, clip=True)
        case 2:
            for i, half in enumerate((7.5, 5.5, 7)):
                for k in range(int(half * 2 // 2.2)):
                    x = -half + 2.2 * k
                    canvas.fill(rounded_box(x, y - 4 + i * 3.4, x + 1.6, y - 1.6 + i * 3.4, 0.5),
                                b if i == 1 else a, bulge=1, depth=0.05, clip=True)  # fmt: skip
        case _:
            canvas.fill(curve([(0, y - 8), (0, y - 8), (5, y - 2), (3.5, y + 4), (0, y + 6), (-3.5, y + 4), (-5, y - 2)]),
                        a, bulge=2, depth=0.05, clip=True)  # fmt: skip
            canvas.line(polygon([(0, y - 5), (0, y + 9)]), b, 0.8, depth=0.05, clip=True)
            for k in (-2, 1, 4):
                canvas.line(polygon([(-3, y + k - 2), (0, y + k), (3, y + k - 2)]), b, 0.6, depth=0.05, clip=True)
    del flat


def shirt(canvas: Canvas, look: Look) -> None:
    """Buttoned, with a collar; long or short sleeves, with or without a pocket."""
    rng = canvas.rng
    long = rng.random() < 0.68
    cut = Cut(
        neck=5, neckline=3.2, vee=True, chest=14 + rng.uniform(-0.6, 0.8), hem=13.6, waist=12.8,
        length=rng.uniform(57, 61), sleeve=rng.uniform(40, 44) if long else rng.uniform(14, 17),
        sleeve_width=6.8 if long else 8.5, spread=rng.uniform(6, 8.5), top=-28.5,
    )  # fmt: skip
    paint = look.cloth(0.8)
    _body(canvas, cut, paint, look.colour, folds=0.08)
    bottom = cut.top + cut.length
    tail = look.colour
    canvas.seam(polygon([(-1.3, cut.top + 5), (-1.3, bottom)]), 0.4, 0.22)
    canvas.seam(polygon([(1.3, cut.top + 5), (1.3, bottom)]), 0.4, 0.3)
    canvas.crease(polygon([(1.6, cut.top + 6), (1.6, bottom)]), 0.8, 0.12)
    _buttons(canvas, 0, cut.top + 8.5, bottom - 6, 7, lighter(tail, 0.7) if sum(tail) < 520 else darker(tail, 0.35))
    if rng.random() < 0.6:
        for side in (1,) if rng.random() < 0.6 else (-1, 1):
            x0, x1, y0 = (3.6, 10.6, cut.top + 16)
            canvas.seam(polygon([(side * x, y) for x, y in
                                 [(x0, y0), (x1, y0), (x1, y0 + 7), ((x0 + x1) / 2, y0 + 8.6), (x0, y0 + 7), (x0, y0)]]),
                        0.45, 0.32)  # fmt: skip
    plain = mix(look.colour, look.other, 0.15) if look.pattern != "plain" else look.colour
    if long:
        for side in (-1, 1):
            end_x, end_y = cut.chest + cut.spread, cut.top + cut.slope + cut.sleeve
            w = cut.sleeve_width * 0.85
            canvas.fill(polygon([(side * (end_x + 0.1), end_y - 4), (side * (end_x + 0.2), end_y + 0.4),
                                 (side * (end_x - w), end_y + 1.2), (side * (end_x - w), end_y - 3.2)]),
                        plain, bulge=1.5)  # fmt: skip
    _collar(canvas, cut, plain if rng.random() < 0.85 else (243, 242, 239), tip=6.8)


def sweater(canvas: Canvas, look: Look) -> None:
    """Knitted: with ribbed hems, round, V-necked or with a rolled collar."""
    rng = canvas.rng
    style = rng.choice(["round", "vee", "roll"])
    cut = Cut(
        neckline=5 if style != "vee" else rng.uniform(10, 13), vee=style == "vee", chest=15, hem=13.6, waist=14.6,
        length=rng.uniform(53, 56), sleeve=rng.uniform(41, 44), sleeve_width=7.5, spread=rng.uniform(6.5, 8.5), top=-27,
    )  # fmt: skip
    _body(canvas, cut, look.cloth(1.3), look.colour, folds=0.06, depth=0.5)
    y = cut.top + 8 + cut.neckline
    cables = rng.random() < 0.5 and look.pattern == "plain"
    for x in (-9, -6, -3, 0, 3, 6, 9) if cables else ():
        canvas.crease(polygon([(x, y), (x, cut.top + cut.length - 4)]), 0.7, 0.16)
    rib = darker(look.colour, 0.1)
    _cuffs(canvas, cut, rib, 3.6)
    n, top, d = cut.neck, cut.top, cut.neckline
    if style == "roll":
        canvas.fill(curve(mirrored([(0, top - 4.6), (n - 0.8, top - 4.2), (n + 0.6, top + 0.5), (n - 0.5, top + 4.6), (0, top + 5.6)])), rib, bulge=3)
    elif style == "vee":
        canvas.line(curve([(-n, top), (-n * 0.55, top + d * 0.5), (0, top + d), (0, top + d), (n * 0.55, top + d * 0.5), (n, top)], closed=False), rib, 2)
    else:
        canvas.line(curve([(-n, top), (-n * 0.75, top + d * 0.7), (0, top + d), (n * 0.75, top + d * 0.7), (n, top)], closed=False), rib, 2.2)


def sweatshirt(canvas: Canvas, look: Look) -> None:
    """With a hood, strings and a pouch."""
    rng = canvas.rng
    cut = Cut(
        neckline=7, neck=6.5, chest=15.4, hem=14, waist=15, length=54, sleeve=43, sleeve_width=8.2,
        spread=rng.uniform(6.5, 8.5), top=-25,
    )  # fmt: skip
    hood = curve(mirrored([(0, -34.5), (6.5, -33.2), (10, -27.5), (9, -21), (4, -17.5), (0, -17)]))
    canvas.fill(hood, look.colour, bulge=4, depth=0.5)
    lining = look.other if rng.random() < 0.4 else darker(look.colour, 0.35)
    canvas.fill(curve(mirrored([(0, -31.5), (4.4, -30), (6, -26), (4, -20), (0, -17)])), lining, bulge=5, depth=0.9)
    _body(canvas, cut, look.cloth(1.4), lining, folds=0.08, depth=0.45)
    for side in (-1, 1):
        canvas.fill(curve([(side * x, y) for x, y in [(6.5, -29), (10, -26.5), (9.8, -21), (4.5, -15.5), (0.4, -16.4), (0.4, -18.5), (4.8, -21)]]),
                    look.colour, bulge=2.6, depth=0.5)  # fmt: skip
    _cuffs(canvas, cut, darker(look.colour, 0.1), 3.2)
    pouch = polygon([(-6, 10), (6, 10), (10.5, 17), (10.5, 24.6), (-10.5, 24.6), (-10.5, 17)])
    canvas.crease(pouch, 1, 0.2)
    canvas.fill(pouch, darker(look.colour, 0.03), bulge=1.8, depth=0.3)
    if rng.random() < 0.4:
        canvas.seam(polygon([(0, -16), (0, 28)]), 0.9, 0.5)
        canvas.seam(polygon([(0.2, -16), (0.2, 28)]), 0.3, 0.6, light=True)
    for x in (-2.6, 2.6):
        canvas.line(curve([(x * 0.8, -17), (x * 1.1, -11), (x, -5)], closed=False), lighter(look.colour, 0.7), 0.8)


def jacket(canvas: Canvas, look: Look) -> None:
    """Zipped: quilted, biker or plain, with a standing collar."""
    rng = canvas.rng
    style = rng.choice(["quilted", "biker", "bomber"])
    cut = Cut(
        neckline=6, neck=6, vee=True, chest=15.6, hem=14.6 if style != "bomber" else 13.6, waist=14.6, slope=3.2,
        length=rng.uniform(52, 57), sleeve=rng.uniform(42, 45), sleeve_width=8.4, spread=rng.uniform(6, 8), top=-26,
    )  # fmt: skip
    gloss = 0.25 if style == "biker" else 0.1
    body = look.cloth(1.5)
    _body(canvas, cut, body, darker(look.colour, 0.3), folds=0.1, depth=0.55)
    bottom = cut.top + cut.length
    metal = (205, 205, 208)
    if style == "quilted":
        for y in range(int(cut.top) + 11, int(bottom) - 2, 6):
            canvas.crease(curve([(-14.6, y + 0.5), (-7, y + 1.4), (0, y + 0.5), (7, y + 1.4), (14.6, y + 0.5)], closed=False), 1.1, 0.4)
            canvas.crease(curve([(-14, y + 2.6), (0, y + 2.6), (14, y + 2.6)], closed=False), 1.2, -0.12)
        for side in (-1, 1):
            for y in range(int(cut.top) + 14, int(cut.top + cut.sleeve), 6):
                canvas.crease(polygon([(side * 15.4, y + 2), (side * 23, y)]), 1, 0.35)
    elif style == "bomber":
        _cuffs(canvas, cut, look.other if rng.random() < 0.5 else darker(look.colour, 0.3), 4)
    tilt = 5 if style == "biker" else 0
    canvas.seam(polygon([(tilt, cut.top + 4), (0, bottom)]), 1.5, 0.5)
    canvas.line(polygon([(tilt, cut.top + 4), (0, bottom - 1)]), metal, 0.7, clip=True)
    collar = look.colour if style != "bomber" else darker(look.colour, 0.25)
    for side in (-1, 1):
        if style == "biker":
            lapel = [(4.6, cut.top - 2.5), (8.4, cut.top + 2), (10.5, cut.top + 8.5), (7.6, cut.top + 9), (1 + tilt * (side > 0) * 0.6, cut.top + 15)]
            canvas.crease(polygon([(side * x, y + 0.8) for x, y in lapel[1:]]), 1.4, 0.35)
            canvas.fill(polygon([(side * x, y) for x, y in lapel]), collar, bulge=1.6, depth=0.5, sheen=gloss)
        else:
            stand = [(5.2, cut.top - 5), (6.8, cut.top - 3), (6.6, cut.top + 1), (0.5, cut.top + 6.5), (0.5, cut.top + 1), (4, cut.top - 3.4)]
            canvas.fill(curve([(side * x, y) for x, y in stand]), collar, bulge=2, depth=0.5)
        canvas.seam(polygon([(side * 10.5, bottom - 17), (side * 7, bottom - 8)]), 0.8, 0.5)
        canvas.line(polygon([(side * 10.3, bottom - 16.4), (side * 7, bottom - 8)]), metal, 0.35, alpha=0.8)


def tunic(canvas: Canvas, look: Look) -> None:
    """A long loose top with a slit neck, an embroidered yoke and three-quarter sleeves."""
    rng = canvas.rng
    cut = Cut(
        top=-33, neckline=9, neck=4.6, vee=True, shoulder=11.5, chest=12, waist=11.6, waist_at=26, hem=17,
        length=66, sleeve=rng.uniform(26, 31), sleeve_width=7, spread=6.5, armhole=13,
    )  # fmt: skip
    _body(canvas, cut, look.cloth(1.1), look.colour, folds=0.12)
    yoke = look.other if look.pattern == "plain" else look.accent
    n, top = cut.neck, cut.top
    canvas.line(curve([(-n, top), (-2.2, top + 5), (0, top + 10), (0, top + 10), (2.2, top + 5), (n, top)], closed=False), yoke, 1.6)
    canvas.line(polygon([(0, top + 10), (0, top + 19)]), yoke, 1.6)
    for y in range(4):
        canvas.fill(ellipse(0, top + 11.5 + 2.2 * y, 0.45), lighter(yoke, 0.6), bulge=0.4)
    bottom = top + cut.length
    canvas.line(curve([(-16.8, bottom - 2.6), (0, bottom - 1.5), (16.8, bottom - 2.6)], closed=False), yoke, 1.5, clip=True)
    for side in (-1, 1):
        canvas.seam(polygon([(side * 14.6, bottom - 16), (side * 16.4, bottom)]), 0.6, 0.4)
        for x in (4, 9):
            canvas.crease(polygon([(side * x * 0.7, top + 28), (side * x * 1.25, bottom - 2)]), 1.8, 0.13)


def dress(canvas: Canvas, look: Look) -> None:
    """Fitted above a waist, flared or straight below; straps, no sleeves or short ones."""
    rng = canvas.rng
    flared = rng.random() < 0.65
    straps = rng.random() < 0.4
    hem = rng.uniform(16, 20) if flared else rng.uniform(10.5, 12)
    sleeve = 0 if straps or rng.random() < 0.5 else rng.uniform(9, 12)
    top = -34.0
    cut = Cut(
        top=top, neckline=rng.uniform(6, 10), neck=5.6, vee=bool(rng.random() < 0.5), shoulder=9.6 if sleeve else 8.6,
        slope=2, armhole=12, chest=9.8, waist=7.6, waist_at=24, hem=hem, length=rng.uniform(62, 68), sleeve=sleeve,
        sleeve_width=6, spread=5,
    )  # fmt: skip
    waist_y = top + cut.waist_at
    bottom = top + cut.length
    paint = look.cloth(1.1)
    if straps:
        for side in (-1, 1):
            canvas.line(polygon([(side * 5, top), (side * 6.2, top + 10)]), look.colour, 1.2)
        bodice = curve(mirrored([(0, top + 10.5), (3.4, top + 8.6), (6.4, top + 8.4), (6.4, top + 8.4), (9.6, top + 13.5), (8.8, top + 18), (7.6, waist_y), (7.6, waist_y), (0, waist_y + 1)]))
    else:
        _body(canvas, Cut(**{**cut.__dict__, "length": cut.waist_at + 3, "hem": 7.8}), paint, look.colour)
        bodice = None
    wave: list[Point] = [(hem, bottom - 1.5), (hem, bottom - 1.5), (hem * 0.75, bottom + 0.4), (hem * 0.5, bottom - 0.4), (hem * 0.25, bottom + 0.6), (0, bottom)]
    mid = (hem * 0.68, waist_y + cut.length * 0.28) if flared else (11.2, waist_y + 11)
    skirt = curve(mirrored([(0, waist_y - 1), (7.6, waist_y - 0.5), (7.6, waist_y - 0.5), mid, *wave]))
    canvas.fill(skirt, turned(paint, 0), bulge=5, folds=0.1 if flared else 0.06)
    if bodice is not None:
        canvas.fill(bodice, paint, bulge=4, folds=0.05)
    if flared:
        for x in (-0.75, -0.4, -0.05, 0.3, 0.65):
            canvas.crease(curve([(x * 7, waist_y + 3), (x * hem * 0.7, waist_y + 18), (x * hem * 1.1, bottom)], closed=False), 1.5, 0.17)
            canvas.crease(curve([(x * 7 + 1.4, waist_y + 5), (x * hem * 0.7 + 2.4, waist_y + 18), (x * hem * 1.1 + 3, bottom)], closed=False), 1.5, -0.1)
    if rng.random() < 0.6:
        belt = look.accent if rng.random() < 0.5 else darker(look.colour, 0.35)
        canvas.line(curve([(-7.7, waist_y), (0, waist_y + 0.8), (7.7, waist_y)], closed=False), belt, 2, clip=True)
