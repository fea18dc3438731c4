"""How good: plain functions on arrays, which know nothing of models or photos.

Every result is a plain float in [0, 1], an array, or a small named tuple of them; nothing is rounded.
``ValueError`` when shapes do not fit or there is nothing to measure.
"""

from modiste.metrics.classification import (
    ClassScores,
    Reliability,
    accuracy,
    balanced_accuracy,
    calibration_error,
    class_scores,
    confused_pairs,
    confusion_matrix,
    reliability,
    top_k_accuracy,
)
from modiste.metrics.episodes import Episodes, draw_episodes, episode_accuracies, mean_interval
from modiste.metrics.resampling import class_bootstrap, interval, mean_bootstrap, photo_bootstrap
from modiste.metrics.retrieval import RECALLS, Retrieval, judge_retrieval
from modiste.metrics.selective import (
    RiskCoverage,
    augrc,
    aurc,
    coverage_at_error,
    eaurc,
    error_at_coverage,
    hit_rate,
    hits,
    risk_coverage,
    share_alike,
)

__all__ = [
    "RECALLS",
    "ClassScores",
    "Episodes",
    "Reliability",
    "Retrieval",
    "RiskCoverage",
    "accuracy",
    "augrc",
    "aurc",
    "balanced_accuracy",
    "calibration_error",
    "class_bootstrap",
    "class_scores",
    "confused_pairs",
    "confusion_matrix",
    "coverage_at_error",
    "draw_episodes",
    "eaurc",
    "episode_accuracies",
    "error_at_coverage",
    "hit_rate",
    "hits",
    "interval",
    "judge_retrieval",
    "mean_bootstrap",
    "mean_interval",
    "photo_bootstrap",
    "reliability",
    "risk_coverage",
    "share_alike",
    "top_k_accuracy",
]
