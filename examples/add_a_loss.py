"""A loss of one's own in a loop of one's own, compared with cross-entropy on photos kept back.

    python examples/add_a_loss.py                                    # on the drawn sample
    python examples/add_a_loss.py photos.zip splits/dev              # on photos of your own

The loss is PolyLoss (Z. Leng et al., ICLR 2022, https://arxiv.org/abs/2204.12511): cross-entropy plus what is
missing of the true class's probability. Everything else is Modiste's, part by part: take what you need.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import modiste
from modiste import compute
from modiste.datasets import Labels, open_dataset, read_splits
from modiste.metrics import accuracy, balanced_accuracy
from modiste.model import type_scores
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.training.augmentation import Augmentation, augment
from modiste.training.batches import epoch_order
from modiste.training.muon import Muon

EPOCHS, BATCH, RATE = 10, 64, 0.03


def cross_entropy(scores: Tensor, types: Tensor) -> Tensor:
    return F.cross_entropy(scores, types)


def poly_loss(scores: Tensor, types: Tensor, epsilon: float = 1.0) -> Tensor:
    """Scores (N, types) and true types (N,) → one number."""
    missing = 1 - scores.softmax(dim=1).gather(1, types[:, None])
    return F.cross_entropy(scores, types) + epsilon * missing.mean()


def main(data: str | None = None, splits: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            modiste.draw_sample(Path(folder), per_type=40)
            data, splits = folder, f"{folder}/splits"
        parts = read_splits(splits)
        labels = Labels.of(parts.train)
        preprocess = Preprocess(height=48, width=36)
        dataset = open_dataset([data], preprocess)
        sides = []
        for part in (parts.train, parts.main_test):
            rows, positions, _ = dataset.select(part)
            sides.append((dataset.pixels[rows], labels.type_indices(part.type_ids[positions].tolist())))
    (photos, types), (test_photos, test_types) = sides
    for loss in (cross_entropy, poly_loss):
        torch.manual_seed(0)
        network = ResNet(ResNetConfig(types=len(labels), categories=1, head="linear"))
        train(network, photos, types, loss, preprocess)
        said = type_scores(network, preprocess, test_photos).argmax(axis=1)
        right, balanced = accuracy(test_types, said), balanced_accuracy(test_types, said)
        print(f"{loss.__name__}: accuracy {right:.3f}, balanced {balanced:.3f} on {len(said)} photos")


def train(network: ResNet, photos, types, loss, preprocess: Preprocess) -> None:
    """Photos (N, H, W, 3) uint8 and types (N,) from 0 → the network, trained where it stands."""
    kernels = [p for p in network.blocks.parameters() if p.ndim == 4]
    rest = [p for p in network.parameters() if not any(p is kernel for kernel in kernels)]
    optimisers = [Muon(kernels, RATE), torch.optim.AdamW(rest, lr=0.003)]
    peaks = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    steps, step = EPOCHS * (len(photos) // BATCH), 0
    network.train()
    for epoch in range(EPOCHS):
        order = epoch_order(types, balance=0.5, seed=0, epoch=epoch)
        for start in range(0, len(photos) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            generator = torch.Generator().manual_seed(step)
            pictures = augment(
                torch.from_numpy(photos[chosen]),
                Augmentation(),
                height=preprocess.height,
                width=preprocess.width,
                generator=generator,
            )
            pictures = (pictures - preprocess.mean[0]) / preprocess.std[0]
            with torch.autocast("cpu", compute.precision(), enabled=compute.precision() != torch.float32):
                features = network(pictures)
            scores, _ = network.outputs(features)
            loss(scores, torch.from_numpy(types[chosen])).backward()
            for optimiser, peak in zip(optimisers, peaks, strict=True):
                optimiser.param_groups[0]["lr"] = peak * 0.5 * (1 + math.cos(math.pi * step / steps))
                optimiser.step()
                optimiser.zero_grad()
            step += 1
    network.eval()


if __name__ == "__main__":
    main(*sys.argv[1:])
