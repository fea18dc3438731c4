"""Three similar items with a confidence, or silence with a reason."""

from modiste.recommendation.answer import Abstention, Answer, Recommendation, Suggestion
from modiste.recommendation.confidence import Confidence, features, fit_confidence
from modiste.recommendation.recommender import Recommender, build_recommender, rank

__all__ = [
    "Abstention",
    "Answer",
    "Confidence",
    "Recommendation",
    "Recommender",
    "Suggestion",
    "build_recommender",
    "features",
    "fit_confidence",
    "rank",
]
