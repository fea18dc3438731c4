"""The map as people use it, on the server's page and in the file: mouse, lasso, keys, finger; light and dark.

Where the environment variable MODISTE_SCREENSHOTS names a folder, pictures of the page are kept there.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.api.fake_shop import COLOURS, HOSTILE_ID, HOSTILE_NAME, SHAPES, draw, look
from tests.browser.conftest import FLAGS, browsing, serving

from modiste.api import create_app
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.map import map_catalogue
from modiste.map_page import write_map

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
HOSTILE_LABEL = "</script><img src=x onerror=alert(1)>"
# Software rendering, so that WebGL is tested where there is no graphics card.
WITH_WEBGL = [*(flag for flag in FLAGS if flag != "--disable-gpu"), "--enable-unsafe-swiftshader"]
WITHOUT_WEBGL = """HTMLCanvasElement.prototype.getContext = ((get) => function (kind, ...rest) {
  return kind === "webgl2" ? null : get.call(this, kind, ...rest);
})(HTMLCanvasElement.prototype.getContext)"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Garments in every colour, with two labels and a price, and one whose name and label are hostile."""
    shop = Catalogue.create(tmp_path_factory.mktemp("map") / "shop", model_id="m-1", dimension=192 * 3)
    items = [
        CatalogueItem(
            f"{shape}/{colour}",
            f"{colour.title()} {shape}",
            draw(shape, colour),
            "image/png",
            labels={"type": shape, "colour": colour, "price": f"{10 + 7 * (len(shape) * 6 + n)}"},
        )
        for shape in SHAPES
        for n, colour in enumerate(COLOURS)
    ]
    items.append(
        CatalogueItem(
            HOSTILE_ID, HOSTILE_NAME, draw("bag", "gold"), "image/png", labels={"type": HOSTILE_LABEL}
        )
    )
    vectors = np.stack([look(item.photo) for item in items]).astype(np.float32)
    shop.add(items, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return shop


@pytest.fixture(scope="module")
def url(shop: Catalogue) -> Iterator[str]:
    app = create_app(SimpleNamespace(catalogue=shop, threshold=0.5))  # type: ignore[arg-type]
    with serving(app) as url:
        yield f"{url}/map"


@pytest.fixture(scope="module")
def file(shop: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "map.html"
    write_map(shop, map_catalogue(shop), path, name="Corner & shop")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Like the one of the other pages' tests, but with WebGL."""
    with browsing(WITH_WEBGL) as browser:
        yield browser


Open = Callable[..., "Page"]


@pytest.fixture
def open_page(chromium: Browser, url: str, file: str) -> Iterator[Open]:
    """``open_page("server", **look)`` or ``open_page("file")``: the map, ready. No script may fail."""
    failures: list[str] = []
    contexts = []

    def begin(where: str = "server", before: str = "", **how: Any) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        if before:
            page.add_init_script(before)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if "Policy" in said.text else None)
        page.on("dialog", lambda dialog: failures.append(f"dialog: {dialog.message}"))
        own = (url.removesuffix("/map") if where == "server" else file, "data:", "blob:")
        page.on("request", lambda asked: None if asked.url.startswith(own) else failures.append(asked.url))
        page.goto(url if where == "server" else file)
        page.locator('[data-state="ready"]').wait_for()
        return page

    yield begin
    for context in contexts:
        context.close()
    assert failures == []


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("MODISTE_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")))


def on_screen(page: Page, shop: Catalogue) -> dict[str, tuple[float, float]]:
    """Where each item is drawn in the window before anything has moved."""
    box = page.locator("#stage").bounding_box()
    assert box
    wide, tall = box["width"] - 2, box["height"] - 2  # without the border
    scale = 0.44 * min(wide, tall)
    middle = np.array([box["x"] + 1 + wide / 2, box["y"] + 1 + tall / 2])
    places: NDArray[Any] = map_catalogue(shop).points * scale + middle
    return {id: (float(x), float(y)) for id, (x, y) in zip(shop.ids, places, strict=True)}


def loaded(page: Page, pictures: str) -> bool:
    """Whether these pictures, images or canvases, show something that is not white all over."""
    script = """pictures => pictures.length > 0 && pictures.every((picture) => {
      if (picture.tagName === "IMG") return picture.complete && picture.naturalWidth > 0;
      const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
      return data.some((value, at) => at % 4 < 3 && value < 200 && data[at | 3] > 0);
    })"""
    for _ in range(100):
        if page.locator(pictures).evaluate_all(script):
            return True
        page.wait_for_timeout(50)
    return False


def lasso_all(page: Page) -> None:
    box = page.locator("#stage").bounding_box()
    assert box
    page.get_by_role("button", name="Lasso").click()
    wide, tall = box["width"], box["height"]
    corners = [(6, tall - 8), (wide - 8, tall - 8), (wide - 8, 3), (6, 3)]
    page.mouse.move(box["x"] + corners[0][0], box["y"] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()


def listed(page: Page) -> list[str]:
    found: list[str] = page.locator("#chosen button").evaluate_all("all => all.map((one) => one.dataset.id)")
    return found


def colours_at(page: Page, x: float, y: float) -> tuple[int, ...]:
    """The colour of the window there."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    pixel = shot.getpixel((round(x), round(y)))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


@pytest.mark.parametrize("where", ["server", "file"])
def test_hovering_shows_the_photo_and_the_labels(open_page: Open, shop: Catalogue, where: str) -> None:
    page = open_page(where)
    assert page.locator("#count").inner_text() == "31 pieces"
    page.mouse.move(*on_screen(page, shop)["dress/navy"])
    page.locator("#card").wait_for()
    assert page.locator("#card .name").inner_text() == "Navy dress"
    assert "colour\nnavy" in page.locator("#card dl").inner_text()
    assert loaded(page, "#card .mat > *")
    keep(page, f"hover-{where}")
    page.mouse.move(5, 5)
    assert page.locator("#card").is_hidden()


@pytest.mark.parametrize("where", ["server", "file"])
def test_a_lasso_lists_what_is_in_it(open_page: Open, shop: Catalogue, where: str) -> None:
    page = open_page(where)
    lasso_all(page)
    page.locator("#list").wait_for()
    assert sorted(listed(page)) == sorted(shop.ids)
    assert page.locator("#list-title").inner_text() == "31 pieces"
    assert page.evaluate("document.activeElement.id") == "list-title"
    page.locator("#chosen li:last-child").scroll_into_view_if_needed()
    assert loaded(page, "#chosen li:last-child .mat > *")
    assert HOSTILE_NAME in page.locator("#chosen .name").all_inner_texts()
    assert page.locator("#chosen img[src='x']").count() == 0
    keep(page, f"lasso-{where}")


def test_a_lasso_around_some(open_page: Open, shop: Catalogue) -> None:
    page = open_page()
    places = on_screen(page, shop)
    page.get_by_role("button", name="Lasso").click()
    x, y = places["boot/navy"]
    page.mouse.move(x - 30, y)
    page.mouse.down()
    for dx, dy in [(0, -30), (30, 0), (0, 30)]:
        page.mouse.move(x + dx, y + dy)
    page.mouse.up()
    within = {id for id, (a, b) in places.items() if abs(a - x) + abs(b - y) < 30}
    assert set(listed(page)) == within
    assert "boot/navy" in within


def test_a_box(open_page: Open, shop: Catalogue) -> None:
    page = open_page()
    places = on_screen(page, shop)
    page.get_by_role("button", name="Box").click()
    x, y = places["bag/peru"]
    page.mouse.move(x - 40, y - 25)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=3)
    page.mouse.up()
    assert set(listed(page)) == {id for id, (a, b) in places.items() if abs(a - x) < 40 and abs(b - y) < 25}


def test_the_list_can_be_taken_along(open_page: Open, shop: Catalogue) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    lasso_all(page)
    page.get_by_role("button", name="Copy ids").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert sorted(page.evaluate("navigator.clipboard.readText()").split("\n")) == sorted(shop.ids)
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download CSV").click()
    text = Path(waited.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    by_id = {row["id"]: row for row in rows}
    assert by_id[HOSTILE_ID] == {
        "id": HOSTILE_ID, "name": HOSTILE_NAME, "colour": "", "price": "", "type": HOSTILE_LABEL,
    }  # fmt: skip
    assert by_id["tee/navy"]["colour"] == "navy"
    assert len(rows) == 31


@pytest.mark.parametrize("webgl", [True, False], ids=["webgl", "canvas"])
def test_colour_says_the_label_chosen(open_page: Open, shop: Catalogue, webgl: bool) -> None:
    page = open_page(before="" if webgl else WITHOUT_WEBGL)
    assert page.locator("#atlas").get_attribute("data-painter") == ("WebGL" if webgl else "2-D canvas")
    page.evaluate("document.getElementById('over').style.visibility = 'hidden'")  # points, not photos
    places = on_screen(page, shop)
    page.get_by_label("Colour by").select_option("type")
    seen = {}
    for shape in ("tee", "boot"):
        swatch = page.locator(".legend li", has_text=shape).locator(".swatch")
        background = swatch.evaluate("swatch => getComputedStyle(swatch).backgroundColor")
        seen[shape] = tuple(int(value) for value in background[4:-1].split(","))
    assert seen["tee"] != seen["boot"]
    page.wait_for_timeout(200)
    for shape, wanted in seen.items():
        there = [colours_at(page, *places[f"{shape}/{colour}"]) for colour in COLOURS]
        near = [max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) < 45 for pixel in there]
        assert sum(near) >= 4, (shape, wanted, there)  # some may be covered by others
    keep(page, f"colour-{'webgl' if webgl else 'canvas'}")


def test_the_legend_counts_and_hides(open_page: Open, shop: Catalogue) -> None:
    page = open_page()
    page.get_by_label("Colour by").select_option("type")
    rows = page.locator(".legend li").all_inner_texts()
    assert [row.split("\n") for row in rows][:2] == [["bag", "6"], ["boot", "6"]]
    assert HOSTILE_LABEL in rows[-1]
    page.get_by_role("checkbox", name="boot").uncheck()
    assert page.locator("#status").inner_text() == "25 pieces shown."
    lasso_all(page)
    assert not [id for id in listed(page) if id.startswith("boot/")]
    assert len(listed(page)) == 25
    page.get_by_role("button", name="Show none").click()
    page.get_by_role("checkbox", name="tee").check()
    lasso_all(page)
    assert {id.split("/")[0] for id in listed(page)} == {"tee"}


def test_numbers_are_a_scale(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Colour by").select_option("price")
    ends = page.locator(".ramp-ends span").all_inner_texts()
    low, high = (float(text[2:]) for text in ends)
    assert low < high
    assert page.locator(".legend li").all_inner_texts() == ["price known\n30", "not known\n1"]


def test_search_finds_by_name(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Find by name").fill("navy")
    page.get_by_text("5 found").wait_for()
    page.get_by_role("button", name="List them").click()
    assert sorted(listed(page)) == sorted(f"{shape}/navy" for shape in SHAPES)
    keep(page, "search")
    page.get_by_label("Find by name").fill("no such thing")
    page.get_by_text("0 found").wait_for()
    assert page.locator("#list-found").is_hidden()


def test_wheel_and_drag_and_reset(open_page: Open, shop: Catalogue) -> None:
    page = open_page()
    places = on_screen(page, shop)
    x, y = places["tee/crimson"]
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    page.mouse.move(x + 1, y)  # what is under the pointer stays under it
    page.locator("#card .name", has_text="Crimson tee").wait_for()
    page.mouse.down()
    page.mouse.move(x + 61, y + 40, steps=4)
    page.mouse.up()
    page.mouse.move(x - 200, y - 200)
    page.mouse.move(x + 61, y + 40)
    page.locator("#card .name", has_text="Crimson tee").wait_for()
    page.wait_for_timeout(400)
    keep(page, "close")
    page.get_by_role("button", name="Reset").click()
    page.mouse.move(x, y)
    page.locator("#card .name", has_text="Crimson tee").wait_for()


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page()
    page.locator("#over").focus()
    page.keyboard.press("Enter")
    first = page.locator("#card .name").inner_text()
    assert page.locator("#status").inner_text().startswith(first)
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#card .name").inner_text() != first
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()
    for key in ("+", "+", "+", "ArrowLeft", "-", "l"):
        page.keyboard.press(key)
    page.locator("#list").wait_for()
    some = len(listed(page))
    assert 0 < some < 31
    assert page.evaluate("document.activeElement.id") == "list-title"
    page.get_by_role("button", name="Close", exact=True).press("Enter")
    assert page.evaluate("document.activeElement.id") == "over"
    page.keyboard.press("0")
    page.keyboard.press("l")
    assert len(listed(page)) == 31
    page.locator("#chosen button").first.press("Enter")
    assert page.locator("#card").is_visible()


def test_two_fingers_zoom(open_page: Open, shop: Catalogue) -> None:
    page = open_page(**PHONE)
    box = page.locator("#over").bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def fingers(kind: str, *apart: float) -> None:
        points = [{"x": x + each, "y": y, "id": at} for at, each in enumerate(apart)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", -20, 20)
    for each in (22, 26, 30):
        fingers("touchMove", -each, each)
    fingers("touchEnd")
    page.get_by_role("button", name="List what is in view").click()
    assert 0 < len(listed(page)) < 31


def test_a_tap_names_a_piece(open_page: Open, shop: Catalogue) -> None:
    page = open_page(**PHONE)
    page.touchscreen.tap(*on_screen(page, shop)["dress/navy"])
    page.locator("#card").wait_for()
    assert page.locator("#card .name").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, "phone")


@pytest.mark.parametrize("how", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
def test_accessibility(open_page: Open, shop: Catalogue, how: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = open_page(**how)

    def violations() -> list[str]:
        return [
            f"{found['id']}: {found['help']}: {[node['html'] for node in found['nodes']]}"
            for found in axe.Axe().run(page).response["violations"]
        ]

    assert violations() == []
    page.get_by_role("button", name="List what is in view").click()
    page.get_by_label("Find by name").fill("navy")
    page.get_by_text("5 found").wait_for()
    assert violations() == []
    keep(page, f"axe-{'-'.join(map(str, how))}")


def test_no_photos_still_make_a_map(
    open_page: Open, chromium: Browser, shop: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "bare.html"
    write_map(shop, map_catalogue(shop), path, photos=False)
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.locator('[data-state="ready"]').wait_for()
    page.mouse.move(*on_screen(page, shop)["dress/navy"])
    page.locator("#card").wait_for()
    assert page.locator("#card .mat").count() == 0
    page.close()
