"""A model and photos with known classes → ``results.json``."""

from modiste.evaluation.protocol import ConfidenceOf, evaluate, evaluate_pair
from modiste.evaluation.results import Results, Scenario, Score, Selective, read_results, write_results
from modiste.evaluation.selective import judge_confidence
from modiste.evaluation.summary import summary

__all__ = [
    "ConfidenceOf",
    "Results",
    "Scenario",
    "Score",
    "Selective",
    "evaluate",
    "evaluate_pair",
    "judge_confidence",
    "read_results",
    "summary",
    "write_results",
]
