"""Names become vectors without a vocabulary, alike in every process."""

from __future__ import annotations

import pytest
import torch

from modiste.networks.text import TextConfig, TextMatcher, pieces, tokens

CONFIG = TextConfig(features=4, buckets=256, width=8, hidden=16, dimension=6)


@pytest.fixture
def matcher() -> TextMatcher:
    torch.manual_seed(0)
    return TextMatcher(CONFIG).eval().requires_grad_(False)


def test_case_and_punctuation_do_not_matter_but_order_does(matcher: TextMatcher) -> None:
    same, also, other = matcher.embed_text(
        ["Puma Men's T-Shirt", "puma men s: t shirt!", "shirt t s men puma"]
    )
    assert torch.allclose(same, also)
    assert not torch.allclose(same, other)  # other neighbours


def test_a_text_has_the_same_vector_in_any_company(matcher: TextMatcher) -> None:
    alone = matcher.embed_text(["navy blue shirt"])[0]
    among = matcher.embed_text(["a", "navy blue shirt", "women's black leather handbag"])[1]
    assert torch.allclose(alone, among, atol=1e-6)
    assert alone.norm().item() == pytest.approx(1, abs=1e-5)
    assert matcher.embed_text([]).shape == (0, 6)


def test_tokens_of_a_name_are_what_they_always_were(matcher: TextMatcher) -> None:
    # Saved tables are worth nothing once a token finds another row.
    words, parts = matcher.rows_of("Ärmel 5")
    assert tokens("Ärmel 5") == ["ärmel", "5", "ärmel 5"]
    assert pieces("5") == ["<5>"]
    assert words.tolist() == [197, 70, 95]
    assert len(parts) == len(pieces("Ärmel 5"))


def test_a_text_without_letters_is_refused(matcher: TextMatcher) -> None:
    with pytest.raises(ValueError, match="at least one letter or digit"):
        matcher.embed_text(["shirt", " – !"])


def test_a_description_comes_back() -> None:
    assert TextConfig.from_dict(CONFIG.as_dict()) == CONFIG
    with pytest.raises(KeyError):
        TextConfig.from_dict({"features": 4})
