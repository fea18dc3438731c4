"""The states a catalogue was in: Lance keeps the files of older ones, so that one can go back to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modiste.catalogue.places import Place
from modiste.catalogue.table import TABLE, connect

__all__ = ["Version", "differ", "table_at", "versions_of"]


@dataclass(frozen=True, slots=True)
class Version:
    """A state the catalogue was in: its number, when it was written, and how many items it held."""

    number: int
    written: datetime
    items: int


def versions_of(table: Any) -> list[Version]:
    """All that Lance still has of a table, newest first."""
    states = [
        Version(int(each["version"]), each["timestamp"], int(each["metadata"]["total_rows"]))
        for each in table.list_versions()
    ]
    return sorted(states, key=lambda state: -state.number)


def table_at(folder: Place, number: int) -> Any:
    """The table in ``folder`` as it was at a version, to be read."""
    past = connect(folder).open_table(TABLE)
    past.checkout(number)
    return past


def differ(one: Any, other: Any) -> bool:
    """Whether two tables hold different items; what compaction has only rearranged is the same."""
    columns = ["id", "position", "name", "path", "labels", "content_hash", "model_id"]

    def content(table: Any) -> Any:
        return table.search().select(columns).to_arrow().sort_by("position")

    return not content(one).equals(content(other))
