"""The other pages as people use them: classify, catalogue, quality; and search and filters in the shop."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.fake_shop import COLOURS, HOSTILE_ID, HOSTILE_NAME, SHAPES, draw
from tests.browser.conftest import serving, visiting
from tests.browser.fake_measurements import HOSTILE_LABEL, classifiers, error_curve
from tests.browser.test_page import DARK, PHONE, accessibility_violations, choose, wait_for
from tests.conftest import FakeEncoder

from modiste.api import create_app
from modiste.api.measured import kept_error_curve
from modiste.catalogue import Catalogue, CatalogueItem, TypeRecogniser
from modiste.embedding import embed_photo
from modiste.model import CurveSource, MeasuredCurve
from modiste.recommendation import Confidence, Feedback, Guarantee, Recommender, Verdict
from modiste.trends.uploads import find_uploaded_trends

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TOKEN = "let me in"
PROMISE = Guarantee(0.5, 0.05, 0.95, "group", 400, 450, 300, 7, "c0ffee")


@dataclass(frozen=True)
class Served:
    """A catalogue on disk and where it is served."""

    url: str
    catalogue: Catalogue


def items() -> list[CatalogueItem]:
    kinds = [(shape, colour) for shape in SHAPES for colour in COLOURS]
    made = [
        CatalogueItem.from_photo(
            f"{shape}/{colour}",
            f"{colour.title()} {shape}",
            draw(shape, colour),
            labels={"type": shape, "colour": colour, "price": str(10 + 7 * at)},
        )
        for at, (shape, colour) in enumerate(kinds)
    ]
    odd = {"<b>": "'\"", "type": "bag", "colour": HOSTILE_LABEL}
    return [CatalogueItem.from_photo(HOSTILE_ID, HOSTILE_NAME, draw("bag", "gold"), labels=odd), *made]


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """The shop with everything there is; ``parametrize("served", [token], indirect=True)`` for a token."""
    encoder = FakeEncoder()
    catalogue = Catalogue.create(tmp_path / "shop", model_id=encoder.id, dimension=encoder.dimension)
    catalogue.add(items(), [embed_photo(encoder, item.photo)[0] for item in items()])
    sure = Confidence(names=("first",), mean=(0.9,), scale=(0.02,), weights=(3.0,), intercept=0.0)
    feedback = Feedback(tmp_path / "feedback.jsonl", "now", PROMISE.max_error)
    for number in range(30):
        feedback.add(Verdict(f"{number:016x}", number % 9 != 0))
    app = create_app(
        Recommender(encoder, catalogue, sure, PROMISE.threshold),
        feedback=feedback,
        guarantee=PROMISE,
        classifiers=classifiers(),
        curve=error_curve(encoder.id, picture()),
        types=TypeRecogniser(encoder, catalogue),
        token=getattr(request, "param", None),
    )
    with serving(app) as url:
        yield Served(url, catalogue)


def picture() -> str:
    return f"data:image/png;base64,{base64.b64encode(draw('tee', 'navy')).decode()}"


Visit = Callable[[str], "Page"]


@pytest.fixture
def visit(chromium: Browser, served: Served, look: dict[str, object]) -> Iterator[Visit]:
    """Opens a page of the shop; no script of it may fail."""
    open_pages: list[AbstractContextManager[Page]] = []

    def go(path: str) -> Page:
        open_pages.append(visiting(chromium, served.url, look, path))
        page = open_pages[-1].__enter__()
        page.locator(READY[path]).first.wait_for()
        return page

    yield go
    for each in open_pages:
        each.__exit__(None, None, None)


READY = {
    "/": "#samples button",
    "/classify": "#models input",
    "/catalogue": "#items button",
    "/quality": "#facts dt",
}
TITLES = {"/": "Shop", "/classify": "Classify", "/catalogue": "Catalogue", "/quality": "Quality"}


def wait_for_count(page: Page, parts: str, count: int) -> None:
    """Not `wait_for_function`, whose polling the pages' security policy forbids."""
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect(page.locator(parts)).to_have_count(count, timeout=30_000)


def file(data: bytes, name: str = "mine.png") -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": data}


# All pages


@pytest.mark.parametrize("path", TITLES)
def test_every_page_leads_to_the_others(visit: Visit, path: str) -> None:
    page = visit(path)
    assert page.locator("nav.pages a[aria-current=page]").all_inner_texts() == [TITLES[path]]
    page.get_by_role("link", name="Quality").click()
    page.wait_for_url("**/quality")


@pytest.mark.parametrize("path", TITLES)
def test_without_scripts_there_is_a_way_on(chromium: Browser, served: Served, path: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.url}{path}")
    assert "needs JavaScript" in page.locator("main").inner_text()
    context.close()


def use(page: Page, path: str) -> None:
    """Bring a page to where there is most to see."""
    if path == "/":
        page.locator("#filters summary").click()
        page.fill("#query", "tee")
        page.keyboard.press("Enter")
        page.locator("#hits button").first.wait_for()
        choose(page, draw("bag", "gold"))
        wait_for(page, "shown")
    elif path == "/classify":
        choose(page, draw("tee", "navy"))
        wait_for(page, "shown")
        page.locator(".model summary").first.click()
    elif path == "/catalogue":
        page.locator("#filters summary").click()
        page.locator("#items button").first.click()
        page.locator("dialog").wait_for()


STILL = [
    {"reduced_motion": "reduce", **look}
    for look in (
        {},
        DARK,
        PHONE,
        {**PHONE, **DARK, "viewport": {"width": 320, "height": 640}},
    )
]


@pytest.mark.parametrize("look", STILL, ids=["light", "dark", "phone", "small dark phone"], indirect=True)
def test_every_page_is_accessible_and_fits(visit: Visit) -> None:
    for path in TITLES:
        page = visit(path)
        assert accessibility_violations(page) == [], path
        use(page, path)
        assert accessibility_violations(page) == [], path
        width = (page.viewport_size or {})["width"]  # `innerWidth` grows with what sticks out
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


# Shop


def test_search_by_name_and_filters(visit: Visit) -> None:
    page = visit("/")
    page.fill("#query", "boot")
    page.keyboard.press("Enter")
    page.locator("#hits button").first.wait_for()
    assert page.locator("#found-title").inner_text() == "6 pieces for “boot”"
    assert page.locator("#rack").is_hidden()
    page.locator("#filters summary").click()
    page.get_by_label("colour").select_option("navy")
    wait_for_count(page, "#hits button", 1)
    assert page.locator("#hits .name").all_inner_texts() == ["Navy boot"]
    assert page.locator("#chosen").inner_text().strip() == "(1)"
    page.locator("#hits button").click()
    wait_for(page, "shown")
    assert page.locator("#preview").get_attribute("alt") == "Navy boot"
    page.get_by_role("button", name="Clear the search").click()
    page.locator("#rack").wait_for()
    assert page.locator("#found").is_hidden()


def test_filters_and_words_go_with_the_photo(visit: Visit) -> None:
    page = visit("/")
    choose(page, draw("dress", "peru"))
    wait_for(page, "shown")
    assert page.locator(".pieces .name").first.inner_text() == "Peru dress"
    page.locator("#filters summary").click()
    with page.expect_response("**/v1/recommendations"):
        page.get_by_label("price, at most").fill("50")
        page.get_by_label("price, at most").press("Tab")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect(page.locator(".pieces .name", has_text="Peru dress")).to_have_count(0, timeout=30_000)
    page.get_by_role("button", name="Clear all filters").click()
    page.locator(".pieces .name", has_text="Peru dress").wait_for()
    page.fill("#words", "crimson")
    page.locator("#words").press("Enter")
    page.locator(".pieces .name", has_text="Crimson").first.wait_for()


# Classify


def test_a_photo_is_named(visit: Visit) -> None:
    page = visit("/classify")
    choose(page, draw("tee", "navy"))
    wait_for(page, "shown")
    assert page.locator("#verdict").inner_text() == "navy"
    assert re.fullmatch(r"\d+% probable, says colours\.", page.locator("#reason").inner_text())
    assert page.locator("#rows tr").count() == 6
    assert page.locator("#rows tr.said th").all_inner_texts() == ["navy"]
    page.get_by_role("button", name="All 10 labels").click()
    assert page.locator("#rows tr").count() == 10
    assert HOSTILE_LABEL in page.locator("#rows th").all_inner_texts()


def test_the_threshold_decides_what_is_said(visit: Visit) -> None:
    page = visit("/classify")
    choose(page, draw("tee", "navy"))
    wait_for(page, "shown")
    page.locator("#threshold").fill("0.01")
    some = page.locator("#rows tr.said").count()
    assert some > 1
    page.locator("#threshold").fill("1")
    assert page.locator("#verdict").inner_text() == "No label is probable enough"
    page.get_by_role("button", name="As the model itself answers").click()
    assert page.locator("#verdict").inner_text() == "navy"


def test_models_show_their_figures_before_they_are_chosen(visit: Visit) -> None:
    page = visit("/classify")
    first, second = page.locator(".model").all()
    assert "90.2%" in first.inner_text()
    first.locator("summary").click()
    assert first.locator(".figures tbody tr").count() == 10
    assert "Not measured" in second.inner_text()
    assert "<i>many</i>" in second.inner_text()
    choose(page, draw("tee", "navy"))
    wait_for(page, "shown")
    with page.expect_response("**/v1/classifications"):
        page.get_by_label("<i>many</i>").check()
    page.locator("#columns th", has_text="Of").wait_for()
    assert page.locator("#columns th").all_inner_texts() == ["Label", "Of", "Probability", "Answer"]


def test_what_is_no_photo_is_not_named(visit: Visit) -> None:
    page = visit("/classify")
    choose(page, b"no photo")
    wait_for(page, "failed")
    assert page.locator("#reason").inner_text().startswith("Not a photo")


# Catalogue


def test_browsing(visit: Visit) -> None:
    page = visit("/catalogue")
    assert page.locator("#count").inner_text() == "31 items"
    assert page.locator("#items .name").first.inner_text() == HOSTILE_NAME
    assert page.locator("#place").inner_text() == "1–24 of 31"
    page.get_by_role("button", name="Next").click()
    wait_for_count(page, "#items li", 7)
    assert page.locator("#place").inner_text() == "25–31 of 31"
    assert page.get_by_role("button", name="Next").is_disabled()


def test_an_item_is_added_changed_removed_and_brought_back(visit: Visit, served: Served) -> None:
    page = visit("/catalogue")
    page.get_by_role("button", name="Add an item").click()
    page.set_input_files("#item-photo", file(draw("dress", "teal")))
    page.fill("#item-name", HOSTILE_NAME)
    page.get_by_role("button", name="Add a label").click()
    page.get_by_label("What the label is of").fill("type")
    page.get_by_label("Label", exact=True).fill(HOSTILE_LABEL)
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("dialog").wait_for(state="detached")
    assert page.locator("#notice").inner_text() == f"“{HOSTILE_NAME}” is added."
    assert page.locator("#count").inner_text() == "32 items"
    added = served.catalogue.get(served.catalogue.ids[-1])
    assert (added.name, added.labels) == (HOSTILE_NAME, {"type": HOSTILE_LABEL})

    page.fill("#query", "crimson bag")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Crimson bag").click()
    page.fill("#item-name", "Scarlet bag")
    page.get_by_role("button", name="Save").click()
    page.locator("dialog").wait_for(state="detached")
    changed = served.catalogue.get("bag/crimson")
    assert (changed.name, changed.labels["colour"]) == ("Scarlet bag", "crimson")

    page.fill("#query", "scarlet")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Scarlet bag").click()
    page.get_by_role("button", name="Remove this item").click()
    page.locator("dialog").wait_for(state="detached")
    assert "bag/crimson" not in served.catalogue
    page.get_by_role("button", name="Undo the last change").click()
    page.get_by_role("button", name="Scarlet bag").wait_for()
    assert "bag/crimson" in served.catalogue


@pytest.mark.parametrize("served", [TOKEN], indirect=True)
def test_a_change_asks_for_the_token(visit: Visit, served: Served) -> None:
    page = visit("/catalogue")
    page.locator("#items button").nth(1).click()
    page.get_by_role("button", name="Remove this item").click()
    page.get_by_label("Token", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("did not take this token").wait_for()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    page.locator("dialog").first.wait_for(state="detached")
    assert len(served.catalogue) == 30
    assert page.evaluate("sessionStorage.getItem('modiste-token')") == TOKEN
    page.get_by_role("button", name="Undo the last change").click()  # without being asked again
    page.get_by_text("is undone").wait_for()
    assert len(served.catalogue) == 31


@pytest.mark.parametrize("served", [TOKEN], indirect=True)
def test_without_the_token_nothing_changes(visit: Visit, served: Served) -> None:
    page = visit("/catalogue")
    page.get_by_role("button", name="Undo the last change").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("needs the server's token").wait_for()
    assert len(served.catalogue) == 31


def test_a_type_is_named_and_recognised(visit: Visit) -> None:
    page = visit("/catalogue")
    page.locator("#types li").first.wait_for()
    before = page.locator("#types li").count()
    page.fill("#type-name", HOSTILE_LABEL)
    page.set_input_files("#type-photos", [file(draw("tee", "teal"), f"{n}.png") for n in range(3)])
    assert page.locator("#type-thumbs img").count() == 3
    page.get_by_role("button", name="Name it").click()
    page.get_by_text("is recognised from now on").wait_for()
    page.locator("#types li", has_text="named here, 3 photos").wait_for()
    assert page.locator("#types li").count() == before + 1
    page.set_input_files("#which", file(draw("tee", "teal")))
    page.locator("#ranked li").first.wait_for()
    assert HOSTILE_LABEL in page.locator("#ranked").inner_text()
    page.get_by_role("button", name=f"Remove {HOSTILE_LABEL}").click()
    page.get_by_text("no longer recognised").wait_for()
    wait_for_count(page, "#types li", before)


def test_new_photos_are_grouped_and_a_group_is_named(
    chromium: Browser, tmp_path: Path, look: dict[str, object]
) -> None:
    encoder = FakeEncoder()
    catalogue = Catalogue.create(tmp_path / "shop", model_id=encoder.id, dimension=encoder.dimension)
    scales = [(at, draw("tee", COLOURS[at % 5], 4 + at // 5)) for at in range(120)]
    old = [
        CatalogueItem.from_photo(str(at), f"Tee {at}", data, labels={"type": "tee"}) for at, data in scales
    ]
    catalogue.add(old, [embed_photo(encoder, item.photo)[0] for item in old])
    sure = Confidence(names=("first",), mean=(0.9,), scale=(0.02,), weights=(3.0,), intercept=0.0)
    app = create_app(
        Recommender(encoder, catalogue, sure, 0.5),
        types=TypeRecogniser(encoder, catalogue),
        trends=lambda photos: find_uploaded_trends(catalogue, encoder, photos).as_dict(),
    )
    arrived = [file(draw("boot", "black", 4 + at), f"tall boot {at}.png") for at in range(10)]
    with serving(app) as url, visiting(chromium, url, look, "/catalogue") as page:
        page.locator("#items button").first.wait_for()
        page.set_input_files("#arrived", arrived[:1])
        page.get_by_text("Choose 2 to 50 photos; these are 1.").wait_for()
        page.set_input_files("#arrived", arrived)
        page.get_by_text("10 photos against 120 items").wait_for()
        group = page.locator("#found form").first
        assert group.locator("img").count() >= 5
        assert group.get_by_label("Name").input_value() == "Boot"
        assert accessibility_violations(page) == []
        group.get_by_label("Name").fill(HOSTILE_LABEL)
        group.get_by_role("button", name="Name this type").click()
        page.locator("#types li", has_text="named here").wait_for()
        assert HOSTILE_LABEL in page.locator("#types").inner_text()
        page.get_by_text("is recognised from now on, by").wait_for()


# Quality


def test_what_is_promised_and_what_feedback_says(visit: Visit) -> None:
    page = visit("/quality")
    told = page.locator("#facts").inner_text()
    assert "≤ 5.0%" in told
    assert "4 of 30 answers" in told
    assert "50.0%" in told
    assert page.locator("#alarm").is_hidden()


def test_a_tolerated_error_is_picked(visit: Visit) -> None:
    page = visit("/quality")
    page.locator("#tolerated").fill("0.05")
    assert page.locator("#chosen .value").first.inner_text() == "76.9%"
    commands = page.locator("#commands").inner_text()
    assert "--max-error 0.05" in commands
    assert re.search(r"--threshold 0\.\d{4}", commands)
    many = page.locator("#cases .shown").count()
    page.locator("#tolerated").fill("0.015")
    assert page.locator("#chosen .value").first.inner_text() != "76.9%"
    assert page.locator("#cases .shown").count() < many
    assert HOSTILE_LABEL in page.locator("#cases").inner_text()
    page.locator("#tolerated").fill("0")
    assert "no threshold keeps" in page.locator("#chosen").inner_text()
    assert "--threshold" not in page.locator("#commands").inner_text()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("rehearsal", "Measured in training, not on this catalogue: on 40 photos of the training data"),
        ("labelled photos", "Measured by modiste calibrate on 40 labelled photos"),
    ],
)
def test_the_models_own_curve_says_where_it_was_measured(
    chromium: Browser, tmp_path: Path, look: dict[str, object], source: CurveSource, told: str
) -> None:
    encoder = FakeEncoder()
    catalogue = Catalogue.create(tmp_path / "shop", model_id=encoder.id, dimension=encoder.dimension)
    sure = Confidence(names=("first",), mean=(0.9,), scale=(0.02,), weights=(3.0,), intercept=0.0)
    kept = MeasuredCurve(source, 40, (0.9, 0.5, 0.1), (0.25, 0.5, 1.0), (0.0, 0.05, 0.2))
    app = create_app(Recommender(encoder, catalogue, sure, 0.5), curve=kept_error_curve(encoder.id, kept))
    with serving(app) as url, visiting(chromium, url, look, "/quality") as page:
        page.get_by_text(told).wait_for()
        page.locator("#tolerated").fill("0.05")
        assert page.locator("#chosen .value").first.inner_text() == "50.0%"
        assert page.locator("#chart circle.now").count() == 1
        assert page.locator("#examples").is_hidden()


def test_without_results_the_page_says_how_to_get_them(
    chromium: Browser, url: str, look: dict[str, object]
) -> None:
    with visiting(chromium, url, look, "/quality") as page:
        page.get_by_text("--results results.json").wait_for()
        assert page.locator("#choice").is_hidden()
    with visiting(chromium, url, look, "/classify") as page:
        page.get_by_text("no model that names photos").wait_for()
