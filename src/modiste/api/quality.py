"""``POST /v1/feedback`` and ``GET /v1/quality``: were the answers right, and is the promise kept?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException

from modiste.api.problems import problem_responses
from modiste.api.schemas import QualityOfAnswers, Verdict
from modiste.recommendation.feedback import Verdict as Said

if TYPE_CHECKING:
    from modiste.recommendation import Feedback, Guarantee

__all__ = ["quality_routes"]


def quality_routes(feedback: Feedback, threshold: float, guarantee: Guarantee | None) -> APIRouter:
    """The routes; ``guarantee`` is what was promised of the threshold, if anything was."""
    routes = APIRouter(tags=["quality"])

    def now() -> QualityOfAnswers:
        found = feedback.quality()
        return QualityOfAnswers(
            answers=found.answers,
            wrong=found.wrong,
            error=found.error,
            interval=list(found.interval),
            threshold=threshold,
            promised_error=found.max_error,
            promised_confidence=guarantee.confidence if guarantee else None,
            evidence=found.evidence,
            alarm=found.broken,
        )

    @routes.post(
        "/v1/feedback", status_code=201, responses=problem_responses(400, 401, 403, 408, 413, 422, 503)
    )
    def say(verdict: Verdict) -> QualityOfAnswers:
        """Say whether a shown answer was right; the last word on an answer or item counts. Kept for good."""
        try:
            feedback.add(Said(verdict.answer, verdict.right, verdict.item))
        except OSError as error:
            raise HTTPException(
                503, "The verdict could not be kept; the server's disk needs a look."
            ) from error
        return now()

    @routes.get("/v1/quality")
    def quality() -> QualityOfAnswers:
        """The error among shown answers as far as feedback tells, with an alarm if a promise is broken."""
        return now()

    return routes
