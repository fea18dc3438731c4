"""/readyz, /metrics, the log and CORS: what whoever operates the server relies on."""

from __future__ import annotations

import io
import json
import logging
import signal
from collections.abc import Iterator

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, draw

from modiste.api import create_app
from modiste.api.logs import log_to_stderr
from modiste.api.operations import Doors

URL = "/v1/recommendations"


def samples(client: TestClient) -> dict[str, float]:
    """``{'modiste_answers_total{outcome="shown"}': 1.0, …}``"""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_ready_only_while_it_runs(recommender: FakeRecommender) -> None:
    app = create_app(recommender)
    early = TestClient(app, base_url="http://localhost").get("/readyz")
    assert (early.status_code, early.headers["retry-after"]) == (503, "1")
    assert early.headers["content-type"] == "application/problem+json"
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/readyz").json() == {"status": "ready", "items": 31, "version": 1}
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_doors_close_with_the_first_signal_and_the_server_hears_it_too() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        doors = Doors()
        with doors.opened():
            assert doors.open
            signal.raise_signal(signal.SIGTERM)
            assert not doors.open
        assert heard == [signal.SIGTERM]
        signal.raise_signal(signal.SIGTERM)
        assert len(heard) == 2, "the handler from before is back"
    finally:
        signal.signal(signal.SIGTERM, before)


def test_everything_is_counted(client: TestClient) -> None:
    client.post(URL, files={"photo": draw("tee", "navy")})
    client.post(URL, files={"photo": draw("tee", "navy")}, data={"exclude": "tee/navy"})
    noise = io.BytesIO()
    Image.effect_noise((90, 120), 80).save(noise, "PNG")
    client.post(URL, files={"photo": noise.getvalue()})
    client.post(URL, files={"photo": b"no photo"})
    client.post(URL, content=b"", headers={"Content-Length": str(10**9)})
    for item in ("tee%2Fnavy", "bag%2Fblack", "none"):
        client.get(f"/v1/catalogue/{item}/photo")
    client.get("/nothing/here")
    client.request("BREW", "/v1/catalogue")
    client.get("/static/app.js")
    found = samples(client)
    photo = 'method="GET",route="/v1/catalogue/{id:path}/photo"'
    assert found[f'modiste_requests_total{{{photo},status="200"}}'] == 2
    assert found[f'modiste_requests_total{{{photo},status="404"}}'] == 1
    assert found[f'modiste_requests_total{{method="POST",route="{URL}",status="200"}}'] == 3
    assert found['modiste_requests_total{method="GET",route="unmatched",status="404"}'] == 1
    assert found['modiste_requests_total{method="other",route="/v1/catalogue",status="405"}'] == 1
    assert found['modiste_answers_total{outcome="shown"}'] == 2
    assert found['modiste_answers_total{outcome="silent"}'] == 1
    assert found['modiste_uploads_refused_total{reason="no photo"}'] == 1
    assert found['modiste_uploads_refused_total{reason="too large"}'] == 1
    assert found[f'modiste_request_seconds_count{{method="POST",route="{URL}"}}'] >= 4
    assert found["modiste_catalogue_items"] == 31
    assert found["modiste_catalogue_version"] == 1
    assert not [name for name in found if "navy" in name], "ids are no labels"


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Logging is as before when a test has changed it."""
    loggers = [logging.getLogger(name) for name in ("modiste", "uvicorn")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield capsys
    for logger, handlers, level, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_a_line_for_each_request_and_nothing_of_what_was_sent(
    recommender: FakeRecommender, log: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_to_stderr("json")
    client = TestClient(
        create_app(recommender, token="s3cret"), base_url="http://localhost", raise_server_exceptions=False
    )
    headers = {"X-Request-ID": "mine", "Authorization": "Bearer s3cret"}
    client.get("/v1/catalogue/tee%2Fnavy/photo?secret=query", headers=headers)
    client.post(URL, files={"photo": ("secret.png", b"secret photo")})
    client.get("/evil%0Aline")
    monkeypatch.setattr(recommender.catalogue, "page", lambda *_: 1 / 0)
    client.get("/v1/catalogue")
    text = log.readouterr().err
    assert "secret" not in text
    assert "s3cret" not in text
    photo, refused, evil, crashed = map(json.loads, text.splitlines())
    assert photo.pop("time").endswith("Z")
    assert photo.pop("milliseconds") >= 0
    assert photo.pop("process") > 0
    assert photo == {
        "level": "info",
        "message": photo["message"],
        "request_id": "mine",
        "method": "GET",
        "path": "/v1/catalogue/tee/navy/photo",
        "route": "/v1/catalogue/{id:path}/photo",
        "status": 200,
        "bytes_sent": len(draw("tee", "navy")),
    }
    assert (refused["status"], crashed["status"]) == (422, 500)
    assert evil["path"] == "/evil%0Aline"
    log_to_stderr("text")
    client.get("/healthz", headers={"X-Request-ID": "again"})
    line = log.readouterr().err
    assert "INFO GET /healthz 200 " in line
    assert line.endswith(" ms [again]\n")


def test_allowed_sites_may_ask_and_write_with_the_token(recommender: FakeRecommender) -> None:
    app = create_app(
        recommender, allowed_hosts=["*"], token="s3cret", allowed_origins=["https://shop.example"]
    )
    client = TestClient(app, base_url="http://api.example", raise_server_exceptions=False)
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "Authorization"}
    mine, other = {"Origin": "https://shop.example"}, {"Origin": "https://evil.example"}
    allowed = client.options("/v1/items/7", headers=mine | preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "PUT" in allowed.headers["access-control-allow-methods"]
    assert allowed.headers["x-request-id"]
    assert (
        "access-control-allow-origin" not in client.options("/v1/items/7", headers=other | preflight).headers
    )
    read = client.get("/v1/catalogue", headers=mine)
    assert read.headers["access-control-allow-origin"] == "https://shop.example"
    assert "ETag" in read.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in read.headers
    refused = client.delete("/v1/items/7", headers=mine)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://shop.example", "its page can say why"
    assert client.delete("/v1/items/7", headers=other).status_code == 403


def test_a_server_without_a_token_lets_not_every_site_write(recommender: FakeRecommender) -> None:
    app = create_app(recommender, allowed_origins=["*"])
    client = TestClient(app, base_url="http://localhost")
    elsewhere = {"Origin": "https://evil.example"}
    assert client.get("/v1/catalogue", headers=elsewhere).headers["access-control-allow-origin"] == "*"
    assert client.delete("/v1/items/7", headers=elsewhere).status_code == 403
