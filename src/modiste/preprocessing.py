"""How any photo becomes the pixels a network sees: one description, shared by training and serving.

The description travels inside the model folder, so a photo is prepared for an encoder exactly as the
photos that encoder learned from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Preprocess"]


@dataclass(frozen=True)
class Preprocess:
    """Fit into ``height`` × ``width`` without distortion, pad with white, later normalise by channel.

    ``mean`` and ``std`` are on the 0–255 scale. ``grey`` takes the colours out: three equal channels.
    Photos already of the right size are left untouched, so catalogue photos of 60×80 reach the network bit
    for bit.

    >>> wide = np.zeros((30, 60, 3), np.uint8)
    >>> fitted = Preprocess(height=80, width=60).fit(wide)
    >>> fitted.shape, int(fitted[0, 0, 0]), int(fitted[40, 30, 0])
    ((80, 60, 3), 255, 0)
    """

    height: int = 80
    width: int = 60
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (63.75, 63.75, 63.75)
    grey: bool = False

    def fit(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """RGB photo (h, w, 3) of any size → (height, width, 3), centred on white."""
        if self.grey:
            luminance = np.asarray(Image.fromarray(photo).convert("L"))
            photo = np.repeat(luminance[:, :, None], 3, axis=2)
        h, w = photo.shape[:2]
        if (h, w) == (self.height, self.width):
            return photo
        scale = min(self.height / h, self.width / w)
        new_h = min(self.height, max(1, round(h * scale)))
        new_w = min(self.width, max(1, round(w * scale)))
        small = Image.fromarray(photo).resize((new_w, new_h), Image.Resampling.BICUBIC, reducing_gap=3)
        canvas = np.full((self.height, self.width, 3), 255, np.uint8)
        top, left = (self.height - new_h) // 2, (self.width - new_w) // 2
        canvas[top : top + new_h, left : left + new_w] = np.asarray(small)
        return canvas

    def as_dict(self) -> dict[str, Any]:
        values = asdict(self)
        return values if self.grey else {key: value for key, value in values.items() if key != "grey"}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(
            height=int(values["height"]),
            width=int(values["width"]),
            mean=_three(values["mean"]),
            std=_three(values["std"]),
            grey=bool(values.get("grey", False)),
        )


def _three(values: list[float]) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in values)
    return r, g, b
