from __future__ import annotations

from pathlib import Path

import pandas as pd
from PIL import Image


def test_outfits_are_made_and_say_how_to_go_on(run, tmp_path: Path, cache: Path) -> None:
    for kind in ("Cap", "Shoe", "Tie"):
        (tmp_path / "shop" / kind).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (12, 16), (9 * number, 0, 0)).save(tmp_path / "shop" / kind / f"{number}.png")
    line = ("outfits", tmp_path / "shop", "--label", "articleType", "--number", "8", "-o", tmp_path / "made")
    done = run(*line, "--split", "50/25/25")
    assert done.code == 0
    assert done.out == f"{tmp_path / 'made'}  8 pictures of 3 labels\n"
    assert "modiste train" in done.err
    table = pd.read_parquet(tmp_path / "made" / "outfits.parquet")
    assert table["split"].value_counts().to_dict() == {"train": 4, "val": 2, "test": 2}
    assert run(*line).code == 1  # something is there now
