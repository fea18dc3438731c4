"""A model and photos with known classes → ``results.json``, and several of those → one comparison."""

from modiste.evaluation.baselines import Baseline, fit_baseline
from modiste.evaluation.comparison import Comparison, compare, comparison_table
from modiste.evaluation.ensemble import Ensemble
from modiste.evaluation.few_shot import EPISODES, judge_few_shot, parse_episodes
from modiste.evaluation.label_comparison import compare_labels, types_as_labels
from modiste.evaluation.labels import LabelResults, holds_labels, read_label_results
from modiste.evaluation.maps import MapChoice
from modiste.evaluation.protocol import evaluate, evaluate_pair
from modiste.evaluation.ranking import judge_ranking
from modiste.evaluation.results import Results, Scenario, Score, Selective, read_results, write_results
from modiste.evaluation.selective import judge_confidence
from modiste.evaluation.subject import ConfidenceOf
from modiste.evaluation.summary import summary

__all__ = [
    "EPISODES",
    "Baseline",
    "Comparison",
    "ConfidenceOf",
    "Ensemble",
    "LabelResults",
    "MapChoice",
    "Results",
    "Scenario",
    "Score",
    "Selective",
    "compare",
    "compare_labels",
    "comparison_table",
    "evaluate",
    "evaluate_pair",
    "fit_baseline",
    "holds_labels",
    "judge_confidence",
    "judge_few_shot",
    "judge_ranking",
    "parse_episodes",
    "read_label_results",
    "read_results",
    "summary",
    "types_as_labels",
    "write_results",
]
