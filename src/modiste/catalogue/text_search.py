"""Names that fit a text, by the full-text index of the table."""

from __future__ import annotations

from typing import Any

__all__ = ["index_names", "matching_names"]


def index_names(table: Any) -> None:
    """Make the table's index of words, which is a commit."""
    from lancedb.index import FTS

    table.create_index("name", config=FTS())


def matching_names(table: Any, text: str, limit: int) -> list[tuple[str, float]]:
    """Ids and BM25 scores, best first; in the order of the items where scores are equal."""
    from lancedb.query import MatchQuery

    match: Any = MatchQuery  # its type hints leave out the defaults
    query = table.search(match(text, "name"), query_type="fts")
    found = query.select(["id", "position", "_score"]).limit(limit).to_arrow().to_pylist()
    found.sort(key=lambda row: (-row["_score"], row["position"]))
    return [(row["id"], float(row["_score"])) for row in found]
