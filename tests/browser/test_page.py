"""The page as people use it: mouse, keyboard, touch, screen reader; light, dark, and on a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tests.api.fake_shop import HOSTILE_NAME, FakeRecommender, draw

if TYPE_CHECKING:
    from playwright.sync_api import FileChooser, Page

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}


def noise() -> bytes:
    """A photo unlike anything in the shop."""
    file = io.BytesIO()
    Image.effect_noise((90, 120), 80).save(file, "PNG")
    return file.getvalue()


def choose(page: Page, data: bytes, name: str = "mine.png", input: str = "#file") -> None:
    page.set_input_files(input, {"name": name, "mimeType": "image/png", "buffer": data})


def wait_for(page: Page, view: str) -> None:
    page.locator(f'[data-view="{view}"]').wait_for()


def names(page: Page) -> list[str]:
    return page.locator(".piece .name").all_inner_texts()


def announced(page: Page) -> str:
    return page.locator("[role=status]").inner_text()


# Handing in a photo


def test_a_chosen_photo_gets_three_similar_pieces(page: Page) -> None:
    choose(page, draw("tee", "firebrick", 12), "mine.png")
    wait_for(page, "shown")
    assert page.locator("#verdict").inner_text() == "Three pieces like it"
    first, *others = names(page)
    assert first == "Crimson tee"
    assert len(others) == 2
    similarities = [
        float(text.removeprefix("Similarity ")) for text in page.locator(".similarity").all_inner_texts()
    ]
    assert similarities == sorted(similarities, reverse=True)
    assert 0.9 < similarities[0] <= 1
    assert page.locator("#preview").get_attribute("alt") == "mine.png"
    for photo in page.locator("#preview, .piece img").all():
        photo.evaluate("photo => photo.decode()")
        assert photo.evaluate("photo => photo.naturalWidth") > 0
    assert re.fullmatch(r"Three pieces like it\. Crimson tee, .+, .+\. Confidence \d+%\.", announced(page)), (
        announced(page)
    )


def test_the_bar_shows_confidence_and_threshold(page: Page) -> None:
    choose(page, draw("tee", "firebrick", 12))
    wait_for(page, "shown")
    percent = int(page.locator("#percent").inner_text().removesuffix("%"))
    assert page.locator("#threshold").inner_text() == "We recommend only at 60% or more."
    bar = page.locator("[role=meter]")
    assert bar.get_attribute("aria-valuenow") == str(percent)
    assert bar.get_attribute("aria-valuetext") == f"{percent}%; recommended only at 60% or more"
    page.wait_for_timeout(600)  # the bar grows
    whole, fill, mark = (page.locator(part).bounding_box() for part in (".bar", ".fill", ".mark"))
    assert whole
    assert fill
    assert mark
    assert fill["width"] / whole["width"] == pytest.approx(percent / 100, abs=0.01)
    assert (mark["x"] + 1 - whole["x"]) / whole["width"] == pytest.approx(0.6, abs=0.01)


GIVE = """([kind, bytes, type]) => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "given.png", { type }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: given, bubbles: true })
    : new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true });
  document.querySelector("footer").dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_a_photo_can_be_dropped_anywhere(page: Page) -> None:
    photo = list(draw("dress", "navy"))
    assert page.evaluate(GIVE, ["dragover", photo, "image/png"]) is True
    assert page.locator("#veil").is_visible()
    assert page.evaluate(GIVE, ["drop", photo, "image/png"]) is True
    assert page.locator("#veil").is_hidden()
    wait_for(page, "shown")
    assert names(page)[0] == "Navy dress"
    assert page.locator(".similarity").first.inner_text() == "The very same photo"


def test_what_is_not_a_file_is_not_taken(page: Page) -> None:
    text = """() => {
      const given = new DataTransfer();
      given.setData("text/plain", "hello");
      const event = new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given }));
      return event.defaultPrevented;
    }"""
    assert page.evaluate(text) is False
    assert page.locator(".welcome").is_visible()


def test_a_photo_can_be_pasted(page: Page) -> None:
    page.evaluate(GIVE, ["paste", list(draw("boot", "black")), "image/png"])
    wait_for(page, "shown")
    assert names(page)[0] == "Black boot"


@pytest.mark.parametrize("look", [PHONE], indirect=True)
def test_a_phone_can_take_a_photo(page: Page) -> None:
    assert page.get_by_text("Take a photo").is_visible()
    assert page.locator("#camera").get_attribute("capture") == "environment"
    choose(page, draw("bag", "navy"), input="#camera")
    wait_for(page, "shown")
    assert names(page)[0] == "Navy bag"


def test_the_same_file_can_be_chosen_again(page: Page) -> None:
    for _ in range(2):
        with page.expect_response("**/v1/recommendations"):
            choose(page, draw("bag", "navy"))
        wait_for(page, "shown")


# The shop's own pieces


def test_a_piece_of_the_shop_finds_its_likes_but_not_itself(page: Page) -> None:
    page.get_by_role("button", name="Navy tee").click()
    wait_for(page, "shown")
    assert page.locator("#preview").get_attribute("alt") == "Navy tee"
    assert len(names(page)) == 3
    assert "Navy tee" not in names(page)
    assert page.evaluate("document.activeElement.id") == "verdict"


def test_more_like_this_and_back(page: Page) -> None:
    choose(page, draw("tee", "firebrick", 12))
    wait_for(page, "shown")
    before = names(page)
    with page.expect_response("**/v1/recommendations"):
        page.locator(".piece").nth(1).click()
    wait_for(page, "shown")
    assert page.locator("#preview").get_attribute("alt") == before[1]
    assert before[1] not in names(page)
    with page.expect_response("**/v1/recommendations"):
        page.go_back()
    wait_for(page, "shown")
    assert names(page) == before
    page.go_back()
    wait_for(page, "welcome")
    assert page.locator(".welcome").is_visible()
    assert page.locator("#preview").is_hidden()


def test_other_pieces_can_be_shown(page: Page) -> None:
    assert page.locator("#count").inner_text() == "31 pieces"
    assert page.locator("#samples button").count() == 12
    with page.expect_response("**/v1/catalogue?*"):
        page.get_by_role("button", name="Show others").click()
    page.wait_for_function("document.querySelectorAll('#samples img').length === 12")


def test_names_are_text_and_ids_are_escaped(page: Page) -> None:
    choose(page, draw("bag", "gold"))
    wait_for(page, "shown")
    assert names(page)[0] == HOSTILE_NAME
    photo = page.locator(".piece img").first
    photo.evaluate("photo => photo.decode()")
    page.locator(".piece").first.click()
    page.wait_for_function("alt => document.querySelector('#preview').alt === alt", arg=HOSTILE_NAME)


# Silence, waiting and failure


def test_nothing_close_enough(page: Page) -> None:
    choose(page, noise())
    wait_for(page, "silent")
    assert page.locator("#verdict").inner_text() == "Nothing close enough"
    assert page.locator("#reason").inner_text() == "None of our pieces looks enough like this photo."
    assert page.locator("#threshold").inner_text() == "We recommend only at 60% or more."
    assert page.locator("#confidence").is_visible()
    assert names(page) == []
    assert announced(page).startswith("Nothing close enough. None of our pieces")


def test_a_file_that_is_no_photo(page: Page) -> None:
    choose(page, b"Dear diary, this is no photo.", "diary.txt")
    wait_for(page, "failed")
    said = "Not a photo: JPEG, PNG, WebP, GIF, BMP or TIFF was expected."
    assert page.locator("#reason").inner_text() == said
    assert page.locator("[role=alert]").inner_text() == said
    assert page.locator("#unshowable").inner_text() == "diary.txt"
    assert page.locator("#confidence").is_hidden()
    choose(page, draw("tee", "navy"))
    wait_for(page, "shown")
    assert page.locator("[role=alert]").inner_text() == ""


def test_a_file_that_is_too_large_is_not_even_sent(page: Page) -> None:
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    drop = GIVE.replace("new Uint8Array(bytes)", "new Uint8Array(20_000_001)")
    page.evaluate(drop, ["drop", [], "image/png"])
    wait_for(page, "failed")
    assert page.locator("#reason").inner_text() == "This file has more than 20 MB. Make the photo smaller."
    assert not [url for url in sent if url.endswith("/v1/recommendations")]


def test_a_server_that_is_gone(page: Page) -> None:
    page.route("**/v1/recommendations", lambda route: route.abort())
    choose(page, draw("tee", "navy"))
    wait_for(page, "failed")
    assert page.locator("#reason").inner_text() == "The shop cannot be reached. Is the server still running?"


@pytest.fixture
def held(shop: FakeRecommender) -> Iterator[FakeRecommender]:
    """The shop, not answering before its turnstile is set."""
    shop.turnstile.clear()
    yield shop
    shop.turnstile.set()


def test_waiting_is_shown_and_the_last_question_counts(page: Page, held: FakeRecommender) -> None:
    choose(page, draw("tee", "navy"))
    wait_for(page, "busy")
    assert page.locator("#answer").get_attribute("aria-busy") == "true"
    assert page.locator(".blank").count() == 3
    assert announced(page) == "Looking through the collection."
    choose(page, draw("boot", "navy"))
    held.turnstile.set()
    wait_for(page, "shown")
    assert names(page)[0] == "Navy boot"
    assert page.locator("#answer").get_attribute("aria-busy") == "false"


# Without a mouse, on other screens


def test_the_keyboard_is_enough(page: Page) -> None:
    choosers: list[FileChooser] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # Playwright takes no bound built-in
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Modiste"
    on_the_way = 0
    while page.evaluate("document.activeElement.id") != "file":
        page.keyboard.press("Tab")
        on_the_way += 1
    assert on_the_way < 10  # the other pages, search and filters
    outline = "getComputedStyle(document.querySelector('#slot')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    for _ in range(5):  # Chromium hands choosers over only a moment after we began to listen
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        if choosers:
            break
    choosers[0].set_files({"name": "a.png", "mimeType": "image/png", "buffer": draw("tee", "navy")})
    wait_for(page, "shown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.press("Tab")
    assert "More like this" in page.evaluate("document.activeElement.innerText")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    with page.expect_response("**/v1/recommendations"):
        page.keyboard.press("Enter")
    wait_for(page, "shown")
    page.wait_for_function("document.activeElement.id === 'verdict'")


SHOW: dict[str, Any] = {
    "welcome": lambda page: None,
    "shown": lambda page: choose(page, draw("bag", "gold")),
    "silent": lambda page: choose(page, noise()),
    "failed": lambda page: choose(page, b"no photo", f"{'very' * 30}long.txt"),
}


@pytest.mark.parametrize("look", [PHONE, {**PHONE, "viewport": {"width": 320, "height": 560}}], indirect=True)
@pytest.mark.parametrize("view", SHOW)
def test_nothing_sticks_out_on_a_phone(page: Page, view: str) -> None:
    SHOW[view](page)
    wait_for(page, view)
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [part.bounding_box() for part in page.locator("main button:visible, main label:visible").all()]
    assert len(boxes) > 12
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    assert all(box and box["height"] >= 24 for box in boxes), "too low for a finger"


def brightness(page: Page, element: str, what: str) -> float:
    """From 0, black, to 1, white."""
    colour = page.locator(element).evaluate(f"element => getComputedStyle(element).{what}")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765


@pytest.mark.parametrize(("look", "dark"), [(DARK, True), ({}, False)], indirect=["look"])
def test_light_and_dark(page: Page, dark: bool) -> None:
    background = brightness(page, "body", "backgroundColor")
    ink = brightness(page, "body", "color")
    assert (background < 0.15 and ink > 0.85) if dark else (background > 0.85 and ink < 0.15)


@pytest.mark.parametrize("look", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_ask(page: Page, held: FakeRecommender) -> None:
    choose(page, draw("tee", "navy"))
    wait_for(page, "busy")
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.blank .mat')).animationName") == "none"
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def accessibility_violations(page: Page) -> list[str]:
    """What axe-core finds, in a line each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    return [
        f"{found['id']}: {found['help']}: {[node['html'] for node in found['nodes']]}"
        for found in axe.Axe().run(page).response["violations"]
    ]


# Colours that are still fading in would be measured half-way.
STILL = [{"reduced_motion": "reduce", **look} for look in ({}, DARK, PHONE)]


@pytest.mark.parametrize("look", STILL, ids=["light", "dark", "phone"], indirect=True)
@pytest.mark.parametrize("view", SHOW)
def test_accessibility(page: Page, view: str) -> None:
    SHOW[view](page)
    wait_for(page, view)
    assert accessibility_violations(page) == []


@pytest.mark.parametrize("look", STILL, ids=["light", "dark", "phone"], indirect=True)
def test_the_description_of_the_api(page: Page, url: str) -> None:
    page.goto(f"{url}/docs")
    page.locator("#operations section").first.wait_for()
    headings = page.locator("h3").all_inner_texts()
    described = page.evaluate("fetch('/openapi.json').then(response => response.json())")
    operations = {f"{method.upper()}{path}" for path, ways in described["paths"].items() for method in ways}
    assert set(headings) == operations
    assert {"POST/v1/recommendations", "DELETE/v1/items/{id}"} <= operations
    assert f"curl -F photo=@photo.jpg {url}/v1/recommendations" in page.locator("pre").all_inner_texts()
    assert "items[].similarity" in page.locator("dt").all_inner_texts()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessibility_violations(page) == []
