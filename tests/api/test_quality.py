"""POST /v1/feedback and GET /v1/quality: verdicts are kept, the alarm rings, and not everyone may write."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, draw

from modiste.api import create_app
from modiste.recommendation import Feedback, Guarantee

PROMISE = Guarantee(0.6, 0.05, 0.95, "group", 400, 450, 300, 7, "c0ffee")
VERDICT = {"answer": "0123456789abcdef", "right": False}


def client_of(recommender: FakeRecommender, file: Path, **options) -> TestClient:
    feedback = Feedback(file, "fake@0.6", PROMISE.max_error)
    host = options.pop("host", "localhost")
    app = create_app(recommender, feedback=feedback, guarantee=PROMISE, **options)
    return TestClient(app, base_url=f"http://{host}", raise_server_exceptions=False)


def test_answers_are_judged_until_the_alarm_rings(recommender: FakeRecommender, tmp_path: Path) -> None:
    client = client_of(recommender, tmp_path / "said.jsonl")
    before = client.get("/v1/quality").json()
    assert (before["answers"], before["error"], before["interval"]) == (0, None, [0.0, 1.0])
    assert (before["promised_error"], before["promised_confidence"], before["alarm"]) == (0.05, 0.95, False)
    answer = client.post("/v1/recommendations", files={"photo": draw("tee", "navy")}).json()
    said = client.post(
        "/v1/feedback", json={"answer": answer["id"], "item": answer["items"][0]["id"], "right": True}
    )
    assert said.status_code == 201
    assert (said.json()["answers"], said.json()["wrong"]) == (1, 0)
    for number in range(8):
        client.post("/v1/feedback", json={"answer": f"{number:016x}", "right": False})
    client.post("/v1/feedback", json={"answer": f"{0:016x}", "right": False})  # said twice, counted once
    after = client_of(recommender, tmp_path / "said.jsonl").get("/v1/quality").json()
    assert (after["answers"], after["wrong"], after["alarm"]) == (9, 8, True)


@pytest.mark.parametrize(
    "verdict", [{}, {"answer": "x", "right": True}, {"answer": "0" * 16, "right": True, "item": "x" * 1025}]
)
def test_what_is_no_verdict_is_refused(
    recommender: FakeRecommender, tmp_path: Path, verdict: dict[str, object]
) -> None:
    client = client_of(recommender, tmp_path / "said.jsonl")
    assert client.post("/v1/feedback", json=verdict).status_code == 422
    assert not (tmp_path / "said.jsonl").exists()


def test_what_cannot_be_kept_is_not_acknowledged(recommender: FakeRecommender, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    client = client_of(recommender, tmp_path / "taken" / "said.jsonl")
    refused = client.post("/v1/feedback", json=VERDICT)
    assert refused.status_code == 503
    assert "could not be kept" in refused.json()["detail"]


def test_writing_takes_the_token_and_asking_does_not(recommender: FakeRecommender, tmp_path: Path) -> None:
    client = client_of(recommender, tmp_path / "a.jsonl", allowed_hosts=["*"], token="s3cret", host="shop")
    refused = client.post("/v1/feedback", json=VERDICT)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.headers["content-type"] == "application/problem+json"
    wrong = client.post("/v1/feedback", json=VERDICT, headers={"Authorization": "Bearer S3cret"})
    assert wrong.status_code == 401
    good = {"Authorization": "Bearer s3cret"}
    assert client.post("/v1/feedback", json=VERDICT, headers=good).status_code == 201
    assert client.get("/v1/quality").json()["answers"] == 1
    assert client.post("/v1/recommendations", files={"photo": draw("tee", "navy")}).status_code == 200


def test_without_a_token_only_this_computer_writes(recommender: FakeRecommender, tmp_path: Path) -> None:
    open_to_all = client_of(recommender, tmp_path / "a.jsonl", allowed_hosts=["*"], host="shop")
    assert open_to_all.post("/v1/feedback", json=VERDICT).status_code == 403
    local = client_of(recommender, tmp_path / "b.jsonl")
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert local.post("/v1/feedback", json=VERDICT, headers=elsewhere).status_code == 403
    assert local.post("/v1/feedback", json=VERDICT, headers={"Origin": "null"}).status_code == 403
    assert local.post("/v1/feedback", json=VERDICT, headers={"Origin": "http://localhost"}).status_code == 201
