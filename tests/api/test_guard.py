"""Hosts, request ids and headers; errors outside any route."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender

from modiste.api import create_app

ADDRESSES = ["/", "/docs", "/static/app.js", "/openapi.json", "/healthz", "/v1/catalogue", "/nothing"]


@pytest.mark.parametrize("address", [*ADDRESSES, "/v1/catalogue/tee%2Fnavy/photo"])
def test_every_answer_is_protected(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"]
    assert headers["x-request-id"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_other_sites_get_no_permission(client: TestClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (
        client.get("/healthz", headers=asked),
        client.options("/v1/recommendations", headers=asked),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80"]
)
def test_this_computer_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


OTHER_HOSTS = ["evil.example", "evil.example:8000", "localhost.evil.example", "localhost@evil", "127.0.0.1."]
NO_HOSTS = ["", "localhost:80:80", "[::2]", "[localhost]", "evil\x00localhost"]


@pytest.mark.parametrize("host", [*OTHER_HOSTS, *NO_HOSTS])
def test_another_name_is_not_answered(client: TestClient, host: str) -> None:
    """A page elsewhere whose name now leads to 127.0.0.1 must not read what the shop has."""
    response = client.get("/v1/catalogue", headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "localhost" in response.json()["detail"]


def test_names_can_be_given_and_all_be_allowed(recommender: FakeRecommender) -> None:
    named = TestClient(create_app(recommender, allowed_hosts=["Shop.example"]))
    assert named.get("/healthz", headers={"Host": "shop.example:443"}).status_code == 200
    assert named.get("/healthz", headers={"Host": "localhost"}).status_code == 421
    anyone = TestClient(create_app(recommender, allowed_hosts=["*"]))
    assert anyone.get("/healthz", headers={"Host": "whoever.example"}).status_code == 200


def test_request_ids(client: TestClient) -> None:
    one, other = (client.get("/healthz").headers["x-request-id"] for _ in range(2))
    assert one != other
    assert client.get("/healthz", headers={"X-Request-ID": "my-id.7"}).headers["x-request-id"] == "my-id.7"
    for bad in ("a b", "x" * 65, "<script>", "ü"):
        assert client.get("/healthz", headers={"X-Request-ID": bad.encode()}).headers["x-request-id"] != bad


def test_what_is_not_there(client: TestClient) -> None:
    for address in (
        "/nothing",
        "/v1",
        "/v1/catalogue/",
        "/static/nope.js",
        "/static/../api/app.py",
        "/static/%00",
    ):
        response = client.get(address)
        assert response.status_code == 404, address
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"] == "There is nothing at this address; /docs lists what there is."


def test_methods_that_are_not_taken(client: TestClient) -> None:
    for method, address, allowed in [
        ("GET", "/v1/recommendations", "POST"),
        ("DELETE", "/v1/catalogue", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/static/app.js", "GET, HEAD"),
    ]:
        response = client.request(method, address)
        assert response.status_code == 405
        assert sorted(response.headers["allow"].split(", ")) == allowed.split(", ")
        assert response.headers["content-type"] == "application/problem+json"
        assert (
            response.json()["detail"] == "This address does not take this method; /docs lists what it takes."
        )
