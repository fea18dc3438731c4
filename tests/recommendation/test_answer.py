"""What leaves the house as JSON."""

from __future__ import annotations

import json

from modiste.recommendation import Abstention, Recommendation, Suggestion


def test_both_answers_have_the_same_shape() -> None:
    shown = Recommendation((Suggestion("7", "Navy shirt", 0.912345),), 0.81239, 0.5).as_dict()
    silent = Abstention("Nothing close enough.", 0.2, 0.5).as_dict()
    assert shown == {
        "shown": True,
        "confidence": 0.8124,
        "threshold": 0.5,
        "items": [{"id": "7", "name": "Navy shirt", "similarity": 0.9123}],
        "reason": None,
    }
    assert list(shown) == list(silent)
    assert (silent["shown"], silent["items"], silent["reason"]) == (False, [], "Nothing close enough.")
    assert json.loads(json.dumps(silent)) == silent
