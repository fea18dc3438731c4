"""Results of a small evaluation, as a file: all that a report may read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.conftest import (
    CATEGORY_OF,
    COLOURS,
    FakeModel,
    noisy_confidence,
    photos_and_splits,
)

from modiste.datasets import Labels
from modiste.evaluation import MapChoice, evaluate, write_results
from modiste.reports.contents import Report

__all__ = [
    "CATEGORY_OF",
    "COLOURS",
    "blocks",
    "photos_and_splits",
    "said",
]  # the shop of colours is the evaluation's

HISTORY = [{"photos": 512.0 * n, "loss": 9.0 / n, "rate": 1.0 / n} for n in (1, 2, 3)]


@pytest.fixture(scope="session")
def results_file(photos_and_splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset, splits = photos_and_splits
    found = evaluate(
        FakeModel(Labels.of(splits.train)),
        dataset,
        splits,
        confidence_of=noisy_confidence,
        few_shot={"2x1": (2, 1, 5)},
        maps=MapChoice(between=("Shirts", "Ties")),
    )
    path = tmp_path_factory.mktemp("results") / "results.json"
    write_results(replace(found, history=HISTORY), path)
    return path


@pytest.fixture
def values(results_file: Path) -> dict[str, Any]:
    """A copy of what the file says, to be changed at will."""
    found: Mapping[str, Any] = json.loads(results_file.read_text(encoding="utf-8"))
    return dict(found)


def blocks(report: Report, kind: type) -> dict[str, object]:
    return {
        getattr(block, "name", block.title): block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, kind)
    }


def said(report: Report) -> str:
    return "\n".join(
        text for section in report.brief for text in (section.headline, *map(str, section.blocks))
    )
