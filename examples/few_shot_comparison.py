"""Which way of training is best for recognising new types from a few photos? One encoder, one budget.

    python examples/few_shot_comparison.py                                  # on the drawn sample
    python examples/few_shot_comparison.py photos.zip --splits splits/dev   # on photos of your own

Every recipe trains the same network from scratch on the same photos for as many epochs. Then 600 episodes of
5 types that no recipe has seen: 1 or 5 photos of each to know them, some more to name. A type is the mean of
its photos' vectors and the nearest one wins, whichever way the vectors were learned.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import modiste
from modiste.datasets import read_splits
from modiste.evaluation import judge_few_shot
from modiste.training import Recipe, find_recipe

RECIPES = (
    "course-classifier",
    "course-embedding",
    "siamese-contrastive",
    "siamese-triplet",
    "prototypical",
    "maml",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="*", help="folders, zips or tables of photos")
    parser.add_argument("--splits", help="a folder with train.csv, new_support.csv and new_test.csv")
    parser.add_argument("--epochs", type=float, help="of training: 4, or 40 on the drawn sample")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--queries", type=int, default=15, help="photos of each type to name, in an episode")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not asked.data:
            shop = Path(folder, "shop")
            modiste.draw_sample(shop, per_type=40)
            asked.data, asked.splits, asked.epochs = [shop], shop / "splits", asked.epochs or 40
        print("| recipe | 5 types, 1 photo | 5 types, 5 photos | training |\n|---|---:|---:|---:|")
        for name in asked.recipes:
            recipe = replace(find_recipe(name), epochs=asked.epochs or 4, least_steps=0, rehearsal=0)
            results = [compare(asked, recipe, seed, folder) for seed in range(asked.seeds)]
            one, five, seconds = np.array(results).T
            print(f"| {name} | {spread(one)} | {spread(five)} | {seconds.mean():.0f} s |", flush=True)


def compare(asked: argparse.Namespace, recipe: Recipe, seed: int, folder: str) -> tuple[float, float, float]:
    """Train, then judge on new types: accuracy with 1 and with 5 photos of each, and the seconds it took."""
    model = modiste.learn(
        asked.data, asked.splits, recipe, seed=seed, out=Path(folder, f"{recipe.name}-{seed}")
    )
    dataset, parts = modiste.open_dataset(asked.data, model.preprocess), read_splits(asked.splits)
    vectors, types = [], []
    for split in (parts.new_support, parts.new_test):
        if split is None:
            raise SystemExit(f"{asked.splits} has no new_support.csv or no new_test.csv to judge on")
        rows, positions, _ = dataset.select(split)
        vectors.append(model.embed(dataset.pixels[rows]))
        types.append(split.type_ids[positions])
    one, five = (
        judge_few_shot(
            np.concatenate(vectors), np.concatenate(types), ways=5, shots=shots, queries=asked.queries
        ).accuracy
        for shots in (1, 5)
    )
    return one, five, model.training["seconds"]


def spread(values: np.ndarray) -> str:
    """Mean ± standard deviation over the seeds."""
    return f"{values.mean():.3f}" + (f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
