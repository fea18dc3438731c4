"""Any network of timm by its name (``timm:resnet18``), its head replaced; needs the extra ``pretrained``.

timm: https://github.com/huggingface/pytorch-image-models. Only what a model folder describes is taken from it
when a model is loaded: the architecture's name and its number of outputs, never weights from elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from torch import Tensor, nn

from modiste.errors import ModelError
from modiste.networks.network import Network

__all__ = ["TimmConfig", "TimmNetwork", "published_input"]


@dataclass(frozen=True)
class TimmConfig:
    """``model`` is timm's name of the architecture; ``height`` × ``width`` the pictures it is built for."""

    types: int
    model: str
    height: int
    width: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(
            types=int(values["types"]),
            model=str(values["model"]),
            height=int(values["height"]),
            width=int(values["width"]),
        )


class TimmNetwork(Network):
    """Pictures (N, 3, height, width) → features (N, D) → scores (N, types).

    With ``online`` the published weights are fetched by timm. `ModelError` if timm is not installed, does not
    know the architecture, or cannot fetch the weights.
    """

    def __init__(self, config: TimmConfig, *, online: bool = False) -> None:
        super().__init__()
        timm = _timm()
        self.config = config
        if not timm.is_model(config.model):
            near = timm.list_models(f"*{config.model}*")[:3]
            raise ModelError(
                f"timm has no network {config.model!r}" + (f"; there are {', '.join(near)}" if near else "")
            )
        options: dict[str, Any] = {"num_classes": config.types}
        if _sized(config.model):
            options["img_size"] = (config.height, config.width)
        try:
            self.inner: nn.Module = timm.create_model(config.model, pretrained=online, **options)
        except Exception as error:  # timm's own, its hub's, the network's: many kinds, one meaning here
            raise ModelError(f"timm cannot build {config.model} ({type(error).__name__}: {error})") from error

    def forward(self, x: Tensor) -> Tensor:
        inner: Any = self.inner
        made: Tensor = inner.forward_head(inner.forward_features(x), pre_logits=True).float()
        return made

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self._head()(features)
        return made

    def parts(self) -> list[tuple[str, ...]]:
        """Each child of timm's network is one part, and each member of its sequences.

        Parameters of its own, such as where patches lie, go with the first.
        """
        head = next(name for name, module in self.named_modules() if module is self._head())
        own = tuple(f"inner.{name}" for name, _ in self.inner.named_parameters(recurse=False))
        groups: list[tuple[str, ...]] = []
        for name, child in self.inner.named_children():
            many = isinstance(child, nn.Sequential | nn.ModuleList)
            inside = [f"{name}.{of}" for of, _ in child.named_children()] if many else [name]
            groups += ((f"inner.{part}",) for part in inside)
        learning = {name for name, _ in self.named_parameters()}
        groups = [g for g in groups if any(n.startswith(f"{g[0]}.") for n in learning)]
        first, *rest = (group for group in groups if not f"{head}.".startswith(f"{group[0]}."))
        return [(*own, *first), *rest, (head,)]

    def _head(self) -> nn.Module:
        inner: Any = self.inner
        head: nn.Module = inner.get_classifier()
        return head


def published_input(model: str) -> tuple[int, int, tuple[float, ...], tuple[float, ...]]:
    """Height, width, and each channel's mean and deviation (of 0–255) that timm's weights expect."""
    timm = _timm()
    config = timm.get_pretrained_cfg(model)
    if config is None:
        raise ModelError(f"timm knows no published weights of {model!r}")
    _, height, width = config.input_size
    return height, width, tuple(255 * v for v in config.mean), tuple(255 * v for v in config.std)


def _sized(model: str) -> bool:
    """Whether the architecture is built for one picture size, as transformers are."""
    config = _timm().get_pretrained_cfg(model)
    return bool(config is not None and config.fixed_input_size)


def _timm() -> Any:
    try:
        import timm
    except ImportError as error:
        raise ModelError(
            f"networks of timm need it installed: pip install modiste[pretrained] ({error})"
        ) from error
    return timm
