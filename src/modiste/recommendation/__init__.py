"""Three similar items with a confidence, or silence with a reason."""

from modiste.recommendation.answer import Abstention, Answer, Recommendation, Suggestion
from modiste.recommendation.confidence import Confidence, features, fit_confidence
from modiste.recommendation.feedback import Feedback, Quality, Verdict
from modiste.recommendation.guarantee import Guarantee, Shortfall, bound_error, choose_threshold
from modiste.recommendation.recommender import Recommender, build_recommender, rank

__all__ = [
    "Abstention",
    "Answer",
    "Confidence",
    "Feedback",
    "Guarantee",
    "Quality",
    "Recommendation",
    "Recommender",
    "Shortfall",
    "Suggestion",
    "Verdict",
    "bound_error",
    "build_recommender",
    "choose_threshold",
    "features",
    "fit_confidence",
    "rank",
]
