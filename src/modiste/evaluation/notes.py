"""What classes are called in the results, and what to know when reading them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from modiste.evaluation.photos import FoundPhotos
from modiste.evaluation.subject import Model

__all__ = ["names_of", "notes_on"]

_NAMED_AT_MOST = 3


def names_of(model: Model, photos: FoundPhotos) -> dict[str, dict[int, str]]:
    """Names of the type ids and category ids that occur; where photos disagree, the most frequent.

    No two ids have the same name, or one would hide the other in what is kept by name.
    """
    types = dict(zip(model.labels.type_ids, model.labels.types, strict=True))
    said: Counter[tuple[int, str]] = Counter()
    for split in photos.here.values():
        types |= split.name_of
        said.update(zip(split.categories.tolist(), split.category_names, strict=True))
    categories: dict[int, str] = {}
    for (category, name), _ in said.most_common():
        categories.setdefault(category, name)
    return {"types": _told_apart(types), "categories": _told_apart(dict(sorted(categories.items())))}


def notes_on(
    model: Model,
    photos: FoundPhotos,
    scenarios: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    classified: str,
) -> list[str]:
    """What to know when reading the figures of ``scenarios`` (support, test) and of the ``classified`` split:

    types that cannot be right, as nothing taught them, and types that are not as new as they should be.
    """
    notes = []
    here = photos.here
    for number, (support, test) in scenarios.items():
        if {*support, *test} <= here.keys():
            known = {name for split in support for name in here[split].type_names}
            strangers = [name for split in test for name in here[split].type_names if name not in known]
            if strangers:
                notes.append(
                    f"scenario {number}: the support set has none of {_some(strangers)}; "
                    f"their {len(strangers)} test photos count as wrong"
                )
    learned = set(model.labels.types)
    if classified in here:
        tested = here[classified].type_names
        unknown = [name for name in tested if name not in learned]
        if unknown and len(unknown) < len(tested):
            notes.append(
                f"classification: the model did not learn {_some(unknown)}; "
                f"their {len(unknown)} test photos count as wrong"
            )
    new = {name for split in ("new_support", "new_test") if split in here for name in here[split].type_names}
    if new & learned:
        notes.append(
            f"scenarios 3 and 4: the model was trained on {_some(new & learned)}, which are not new to it"
        )
    return notes


def _told_apart(names: dict[int, str]) -> dict[int, str]:
    """The names, with its id behind one that several ids have: ``Lips (15)``."""
    count = Counter(names.values())
    return {key: f"{name} ({key})" if count[name] > 1 else name for key, name in names.items()}


def _some(names: Iterable[str]) -> str:
    """A few names and how many more: ``Ties, Belts, Caps and 4 more types``."""
    each = sorted(set(names))
    more = len(each) - _NAMED_AT_MOST
    return ", ".join(each[:_NAMED_AT_MOST]) + (f" and {more} more types" if more > 0 else "")
