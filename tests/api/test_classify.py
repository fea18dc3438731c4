"""Models that name photos, over HTTP."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, draw
from tests.browser.fake_measurements import classifiers, error_curve

from modiste.api import create_app
from modiste.recommendation import Guarantee


@pytest.fixture
def client(recommender: FakeRecommender) -> TestClient:
    promise = Guarantee(0.6, 0.05, 0.95, "group", 400, 450, 300, 7, "c0ffee")
    curve = error_curve(recommender.catalogue.model_id, "data:,")
    app = create_app(recommender, classifiers=classifiers(), curve=curve, guarantee=promise)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def test_models_come_with_their_figures(client: TestClient) -> None:
    one, many = client.get("/v1/models").json()["models"]
    assert (one["labels"], one["groups"], one["several"]) == (10, ["articleType"], False)
    assert one["figures"]["accuracy"] == 0.902
    assert [each["label"] for each in one["figures"]["classes"][:2]] == ["red", "navy"]
    assert (many["several"], many["figures"]) == (True, None)


def test_every_label_has_a_probability(client: TestClient) -> None:
    said = client.post("/v1/classifications", files={"photo": draw("tee", "navy")}).json()
    assert said["model"] == "colours-0123456789ab"
    assert said["labels"][0]["label"] == "navy"
    assert [label["said"] for label in said["labels"]] == [True] + 9 * [False]
    assert sum(label["probability"] for label in said["labels"]) == pytest.approx(1, abs=1e-4)
    chances = [label["probability"] for label in said["labels"]]
    assert chances == sorted(chances, reverse=True)


def test_a_model_can_be_chosen(client: TestClient) -> None:
    *_, many = client.get("/v1/models").json()["models"]
    photo = {"photo": draw("tee", "navy")}
    said = client.post("/v1/classifications", files=photo, data={"model": many["id"]}).json()
    assert (said["model"], said["several"], len(said["labels"])) == (many["id"], True, 6)
    unknown = client.post("/v1/classifications", files=photo, data={"model": "nope"})
    assert (unknown.status_code, "/v1/models" in unknown.json()["detail"]) == (404, True)


def test_what_is_no_photo_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/classifications", files={"photo": b"no photo"})
    assert (answer.status_code, answer.json()["detail"][:11]) == (422, "Not a photo")


def test_naming_is_no_write(recommender: FakeRecommender) -> None:
    app = create_app(recommender, classifiers=classifiers(), allowed_hosts=["*"], token="secret")
    client = TestClient(app, base_url="http://shop.example")
    assert client.post("/v1/classifications", files={"photo": draw("tee", "navy")}).status_code == 200


def test_without_models_there_is_nothing_to_ask(recommender: FakeRecommender) -> None:
    client = TestClient(create_app(recommender), base_url="http://localhost")
    assert client.get("/v1/models").json() == {"models": []}
    assert client.post("/v1/classifications", files={"photo": draw("tee", "navy")}).status_code == 404
    choices = client.get("/v1/quality/curve").json()
    assert (choices["curve"], choices["promise"], choices["threshold"]) == (None, None, 0.6)


def test_thresholds_come_with_what_is_promised(client: TestClient) -> None:
    choices = client.get("/v1/quality/curve").json()
    assert choices["promise"] == {
        "max_error": 0.05,
        "confidence": 0.95,
        "unit": "group",
        "units": 400,
        "shown": 300,
        "wrong": 7,
    }
    assert len(choices["curve"]["points"]) == 120
    assert choices["curve"]["model"] == choices["model"]
    assert choices["curve"]["source"] == "evaluation"


def test_labels_are_counted(client: TestClient) -> None:
    levels = {level["level"]: level for level in client.get("/v1/labels").json()["levels"]}
    assert {"label": "tee", "items": 6} in levels["type"]["labels"]
    assert not levels["type"]["numeric"]
    assert levels["<b>"]["labels"] == [{"label": "'\"", "items": 1}]
