"""The pages need nothing but this server, and the API's description is complete."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender

from modiste.api import create_app
from modiste.api.pages import WEB

FILES = sorted(path.name for path in WEB.iterdir() if path.is_file())


@pytest.mark.parametrize("page", ["/", "/classify", "/catalogue", "/map", "/quality", "/docs"])
def test_pages_show_the_shops_name(recommender: FakeRecommender, page: str) -> None:
    client = TestClient(create_app(recommender, name="<Tom & Co>"), base_url="http://localhost")
    response = client.get(page)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;Tom &amp; Co&gt;" in response.text
    assert "<Tom" not in response.text
    assert "{name}" not in response.text
    assert "{header}" not in response.text
    assert client.head(page).status_code == 200


@pytest.mark.parametrize("file", FILES)
def test_nothing_comes_from_elsewhere(client: TestClient, file: str) -> None:
    response = client.get(f"/static/{file}")
    assert response.status_code == 200
    names_of_things = "http://www.w3.org/2000/svg"  # an XML namespace, which nobody fetches
    assert not re.search(r"https?:|//\w+\.\w+", response.text.replace(names_of_things, ""))
    assert "@import" not in response.text


@pytest.mark.parametrize("page", ["/", "/classify", "/catalogue", "/map", "/quality", "/docs"])
def test_pages_obey_the_content_security_policy(client: TestClient, page: str) -> None:
    """No script or style inside the page, and every file it names is there."""
    html = client.get(page).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html)
    for url in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert client.get(url).status_code == 200, url


def test_pages_put_nothing_into_markup() -> None:
    for script in WEB.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script.read_text()
        )


def test_static_files_are_checked_for_freshness(client: TestClient) -> None:
    first = client.get("/static/style.css")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["content-security-policy"]


def test_the_api_describes_itself(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/v1/recommendations",
        "/v1/classifications",
        "/v1/models",
        "/v1/labels",
        "/v1/quality/curve",
        "/v1/catalogue",
        "/v1/catalogue/{id}/photo",
        "/v1/catalogue/versions",
        "/v1/catalogue/undo",
        "/v1/items",
        "/v1/items/{id}",
        "/v1/search",
        "/v1/map",
        "/v1/map/items",
        "/v1/map/points",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert set(response["content"]) == {"application/problem+json"}, (path, status)
    recommend = described["paths"]["/v1/recommendations"]["post"]
    assert set(recommend["responses"]) == {"200", "400", "408", "413", "422", "503"}
    form = described["components"]["schemas"]["Body_recommend_v1_recommendations_post"]
    assert form["required"] == ["photo"]
    assert set(form["properties"]) == {"photo", "exclude", "where", "text", "diverse", "count"}
