"""What training minimises: plain functions on tensors, one module for each family.

Every function gives one number, the mean over what it compares, in float32 or finer: half-precision input is
widened first. Which one a run minimises is decided in `modiste.training.objective`.
"""

from __future__ import annotations

from modiste.training.losses.binary import (
    balanced_weights,
    binary_cross_entropy_loss,
    binary_focal_loss,
    photo_weights,
)
from modiste.training.losses.descriptions import alignment_loss, style_loss
from modiste.training.losses.pairs import (
    MINING,
    contrastive_loss,
    multi_similarity_loss,
    supcon_loss,
    triplet_loss,
)
from modiste.training.losses.prototypical import prototypical_loss
from modiste.training.losses.proxies import proxy_anchor_loss
from modiste.training.losses.softmax import (
    arcface_loss,
    class_weights,
    cosine_margin_loss,
    cross_entropy_loss,
    focal_loss,
    normalised_softmax_loss,
)
from modiste.training.losses.teaching import teacher_loss

__all__ = [
    "MINING",
    "alignment_loss",
    "arcface_loss",
    "balanced_weights",
    "binary_cross_entropy_loss",
    "binary_focal_loss",
    "class_weights",
    "contrastive_loss",
    "cosine_margin_loss",
    "cross_entropy_loss",
    "focal_loss",
    "multi_similarity_loss",
    "normalised_softmax_loss",
    "photo_weights",
    "prototypical_loss",
    "proxy_anchor_loss",
    "style_loss",
    "supcon_loss",
    "teacher_loss",
    "triplet_loss",
]
