"""A small residual network whose pooled features serve both classification and search.

Residual blocks after He et al. 2015 (https://arxiv.org/abs/1512.03385) and average-pooled shortcuts after
"ResNet-D" (https://arxiv.org/abs/1812.01187). What its stages see, averaged over the picture, is used
twice:

- **search** takes the last two stages, whitened, then length 1: turned and stretched so that photos of one
  type differ equally in all directions (see `modiste.training.whitening`). What varies within types anyway,
  such as colours, then counts for little, in types never seen as well. The last stage but one is averaged in
  horizontal stripes: what is seen above and what below tells types apart that nobody has taught it;
- **classification** takes the last stage through a projection with batch normalisation ("BNNeck",
  https://arxiv.org/abs/1903.07071) to cosines with each class (CosFace, https://arxiv.org/abs/1801.09414), or
  to plain linear outputs.

The projection takes upon itself what training does to classes: it pulls the known ones together so far that
unseen ones are lost in it, while the features before it still tell them apart (see research/LOG.md). Networks
can be told to search elsewhere all the same, for comparison: see `ResNetConfig`.

Several networks of one shape can be joined into one (`ResNet.joined`): their convolutions side by side in
groups, which do not see each other. Networks that began at different random weights err differently, so that
all of them together see more than each (https://arxiv.org/abs/1612.01474).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = ["FEATURES", "MOST_STRIPES", "ResNet", "ResNetConfig", "row_shares", "striped"]

FEATURES = ("pooled", "projection", "outputs")
HEADS = ("cosine", "linear")
CLASSIFY_BY = ("head", "prototypes")
MOST_STRIPES = 64


@dataclass(frozen=True)
class ResNetConfig:
    """One entry of ``widths`` and ``depths`` for each stage, two at least; every stage halves the picture.

    The first stage may do without blocks (depth 0): the picture is largest there, and they the slowest.
    The heads have ``types`` and ``categories`` rows in a space of ``projection`` numbers. ``head`` says how
    they answer: ``cosine``, the direction alone, or ``linear``, a weighted sum and a bias. ``features`` says
    what an embedding is made of: ``pooled``, all pooled features, whitened; ``projection``; or
    ``outputs``, the type head's. ``classify_by`` says who names a photo's type: the ``head``, or the nearest
    of the ``prototypes`` where training taught the head no types. With ``mirror`` a photo's features are the
    mean of its own and its mirror image's, which is a little better and takes twice as long. So many
    ``members``, each of these widths and depths, answer together. The last stage but one is averaged in so
    many horizontal ``stripes``. A member's whitened features become so many ``components``, or stay as they
    are (0). ``ValueError`` for other words, or numbers that do not fit.
    """

    types: int
    categories: int
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    projection: int = 128
    features: str = "pooled"
    head: str = "cosine"
    classify_by: str = "head"
    mirror: bool = True
    members: int = 1
    stripes: int = 1
    components: int = 0

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or len(self.widths) != len(self.depths):
            raise ValueError(f"expected two stages or more; got widths {self.widths}, depths {self.depths}")
        if min(self.depths[1:]) < 1 or self.depths[0] < 0:
            raise ValueError(f"expected a block in every stage but the first; got depths {self.depths}")
        for name, allowed in (("features", FEATURES), ("head", HEADS), ("classify_by", CLASSIFY_BY)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"expected {name} of {', '.join(allowed)}; got {getattr(self, name)!r}")
        if not 1 <= self.stripes <= MOST_STRIPES:
            raise ValueError(f"expected 1 to {MOST_STRIPES} stripes; got {self.stripes}")
        if not 0 <= self.components <= self.pooled // self.members:
            raise ValueError(
                f"expected at most {self.pooled // self.members} components; got {self.components}"
            )
        if self.members < 1 or (self.members > 1 and self.features != "pooled"):
            raise ValueError(
                "expected one member, or several with features 'pooled'; "
                f"got {self.members} with {self.features!r}"
            )

    @property
    def pooled(self) -> int:
        """How many pooled features there are (D): those of the last two stages, of all members."""
        return self.members * (self.stripes * self.widths[-2] + self.widths[-1])

    @property
    def whitened(self) -> int:
        """How many numbers whitening leaves of the pooled features."""
        return self.members * self.components or self.pooled

    @property
    def every_stage(self) -> int:
        """How many features the stages have together: early ones see colours, which later ones forget."""
        return self.members * sum(self.widths[:-2]) + self.pooled

    @property
    def dimension(self) -> int:
        """How many numbers an embedding has."""
        return {"pooled": self.whitened, "projection": self.projection, "outputs": self.types}[self.features]

    def as_dict(self) -> dict[str, Any]:
        """All fields; those that came later only where they are not what everything was before them."""
        before = {"mirror": True, "members": 1, "stripes": 1, "components": 0}
        return {key: value for key, value in asdict(self).items() if before.get(key) != value}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(
            types=int(values["types"]),
            categories=int(values["categories"]),
            widths=tuple(int(v) for v in values["widths"]),
            depths=tuple(int(v) for v in values["depths"]),
            projection=int(values["projection"]),
            features=str(values["features"]),
            head=str(values["head"]),
            classify_by=str(values["classify_by"]),
            mirror=bool(values.get("mirror", True)),
            members=int(values.get("members", 1)),
            stripes=int(values.get("stripes", 1)),
            components=int(values.get("components", 0)),
        )


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut; with ``halve`` the picture is average-pooled first.

    In ``groups`` of channels that do not see each other: the members of a joined network.
    """

    def __init__(self, channels_in: int, channels_out: int, *, halve: bool, groups: int = 1) -> None:
        super().__init__()
        self.halve = halve
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False, groups=groups)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False, groups=groups)
        self.norm2 = nn.BatchNorm2d(channels_out)
        nn.init.zeros_(self.norm2.weight)  # starts as the identity: deeper nets train from the first step
        same = channels_in == channels_out
        self.shortcut = (
            nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1, bias=False, groups=groups)
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.halve:
            x = F.avg_pool2d(x, 2, ceil_mode=True)
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = self.norm2(self.conv2(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class _Mean(torch.autograd.Function):
    """Pictures (N, C, H, W) → their means (N, C) in float32, as ``mean(dtype=torch.float32)`` gives them.

    The gradient is the same number for all pixels of a channel. torch writes it out for each of them in
    float32 and then in the pictures' precision; a view of it will do, and saves several percent of a step.
    """

    @staticmethod
    def forward(pictures: Tensor) -> Tensor:
        return pictures.mean(dim=(2, 3), dtype=torch.float32)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.shape, ctx.dtype = inputs[0].shape, inputs[0].dtype

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        each = (gradient / (ctx.shape[2] * ctx.shape[3])).to(ctx.dtype)
        every: Tensor = each[:, :, None, None].expand(ctx.shape)
        return every


def _mean(pictures: Tensor) -> Tensor:
    means: Tensor = _Mean.apply(pictures)  # type: ignore[no-untyped-call]
    return means


def striped(pictures: Tensor, stripes: int) -> Tensor:
    """Pictures (N, C, H, W) → the means of their horizontal ``stripes`` (N, C · stripes), float32.

    From top to bottom, one channel after the other. A row that lies in two stripes counts for both, in parts.

    >>> rows = torch.tensor([1.0, 3.0, 6.0, 8.0]).view(1, 1, 4, 1)
    >>> [striped(rows, number).tolist() for number in (1, 2, 4)]
    [[[4.5]], [[2.0, 7.0]], [[1.0, 3.0, 6.0, 8.0]]]
    """
    if stripes == 1:
        return _mean(pictures)
    rows = pictures.mean(dim=3, dtype=torch.float32)
    shares = row_shares(rows.shape[2], stripes).to(rows.device)
    return (rows[..., None] * shares).sum(dim=2).flatten(1)  # a matrix product would round under autocast


def row_shares(rows: int, stripes: int) -> Tensor:
    """How much each row counts in the mean of each stripe, (rows, stripes); columns sum to 1.

    >>> row_shares(3, 2).mul(3).round().tolist()  # in thirds
    [[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]]
    """
    of_row, of_stripe = torch.arange(rows)[:, None] / rows, torch.arange(stripes) / stripes
    end = torch.minimum(of_row + 1 / rows, of_stripe + 1 / stripes)
    return (end - torch.maximum(of_row, of_stripe)).clamp_min(0) * stripes


class ResNet(Network):
    """Pictures (N, 3, H, W) → features (N, D), which the other methods turn into vectors and scores.

    Filled after training: ``centre`` (D,) and ``whitening`` (D, whitened / members), in which each of the
    pooled features has what it adds to the vector of its own member, and ``prototypes`` (types, dimension),
    the mean direction of each type's embedded photos.

    >>> network = ResNet(ResNetConfig(types=5, categories=2, widths=(8, 16), depths=(1, 1)))
    >>> features = network(torch.zeros(2, 3, 80, 60))
    >>> [tuple(made.shape) for made in (features, network.embed(features), *network.outputs(features))]
    [(2, 24), (2, 24), (2, 5), (2, 2)]
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        members = config.members
        first = members * config.widths[0]
        self.stem = nn.Conv2d(3, first, 3, stride=2, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(first)
        blocks = []
        channels = first
        for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            for position in range(depth):
                halve = stage > 0 and position == 0
                blocks.append(Block(channels, members * width, halve=halve, groups=members))
                channels = members * width
        self.blocks = nn.Sequential(*blocks)
        projection = members * config.projection
        self.project = nn.Linear(channels, projection, bias=False)
        self.project_norm = nn.BatchNorm1d(projection, affine=False)
        self.type_head = nn.Parameter(torch.randn(config.types, projection))
        self.category_head = nn.Parameter(torch.randn(config.categories, projection))
        self.type_bias: nn.Parameter | None = None
        self.category_bias: nn.Parameter | None = None
        if config.head == "linear":
            for head in (self.type_head, self.category_head):
                head.data *= config.projection**-0.5  # outputs start with a spread of 1
            self.type_bias = nn.Parameter(torch.zeros(config.types))
            self.category_bias = nn.Parameter(torch.zeros(config.categories))
        self.centre: Tensor
        self.whitening: Tensor
        self.prototypes: Tensor
        self.register_buffer("centre", torch.zeros(config.pooled))
        alone = torch.eye(config.pooled // members, config.whitened // members)
        self.register_buffer("whitening", torch.zeros(config.pooled, alone.shape[1]))
        for own in self.member_places():
            self.whitening[own] = alone
        self.register_buffer("prototypes", torch.zeros(config.types, config.dimension))
        self.register_load_state_dict_pre_hook(_without_zeros)  # type: ignore[no-untyped-call]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @classmethod
    def joined(cls, networks: Sequence[ResNet]) -> ResNet:
        """Trained ``networks`` of one shape as the members of one, on the first one's device.

        Its whitening and prototypes are yet to be filled. ``ValueError`` if the shapes differ.

        >>> config = ResNetConfig(types=5, categories=2, widths=(8, 16), depths=(1, 1))
        >>> two = [ResNet(config).eval() for _ in range(2)]
        >>> together = ResNet.joined(two)
        >>> pictures = torch.rand(3, 3, 80, 60)
        >>> with torch.no_grad():
        ...     said = torch.stack([network.type_scores(network(pictures)) for network in two])
        ...     torch.allclose(together.type_scores(together(pictures)), said.mean(dim=0), atol=1e-5)
        True
        """
        config = replace(networks[0].config, components=0)
        if config.members > 1 or any(replace(network.config, components=0) != config for network in networks):
            raise ValueError(
                f"expected networks of one shape, none joined; got {[n.config for n in networks]}"
            )
        whole = cls(replace(config, members=len(networks))).to(networks[0].prototypes.device).eval()
        states = [network.state_dict() for network in networks]
        state = whole.state_dict()
        for name in states[0]:
            each = [member[name].to(whole.prototypes.device) for member in states]
            if name in ("centre", "whitening", "prototypes"):
                continue
            if name == "project.weight":
                state[name] = torch.block_diag(*each)  # type: ignore[no-untyped-call]
            elif name in ("type_head", "category_head"):
                # Directions are of length 1 each; plain outputs are to be the mean of the members'.
                share = 1.0 if config.head == "cosine" else 1 / len(networks)
                state[name] = share * torch.cat(each, dim=1)
            elif name in ("type_bias", "category_bias"):
                state[name] = torch.stack(each).mean(dim=0)
            elif each[0].ndim:
                state[name] = torch.cat(each)
        whole.load_state_dict(state)
        return whole.requires_grad_(False)

    @property
    def mirror(self) -> bool:
        return bool(self.config.mirror)

    def forward(self, x: Tensor, *, every_stage: bool = False) -> Tensor:
        """Pictures (N, 3, H, W) → pooled features (N, D), float32, none negative.

        With ``every_stage`` the means of the early stages come before them: (N, config.every_stage).
        """
        x = F.relu(self.stem_norm(self.stem(x)), inplace=True)
        seen, first = [], 0
        for depth in self.config.depths:
            x = self.blocks[first : first + depth](x)
            first += depth
            seen.append(x)
        *early, before, last = seen
        means = [_mean(stage) for stage in early] if every_stage else []
        return torch.cat([*means, striped(before, self.config.stripes), _mean(last)], dim=1)

    def member_places(self) -> list[Tensor]:
        """Where each member's features lie among the pooled ones: positions (D / members,) for each of them.

        >>> config = ResNetConfig(types=5, categories=2, widths=(1, 2), depths=(1, 1), members=2)
        >>> [places.tolist() for places in ResNet(config).member_places()]
        [[0, 2, 3], [1, 4, 5]]
        """
        count = self.config.members
        before, last = (count * width for width in self.config.widths[-2:])
        before *= self.config.stripes
        stages = torch.arange(before).view(count, -1), torch.arange(before, before + last).view(count, -1)
        return list(torch.cat(stages, dim=1))

    def whole_whitening(self) -> Tensor:
        """All members' whitening as one matrix (D, whitened), which is zero between members.

        >>> config = ResNetConfig(types=5, categories=2, widths=(1, 1), depths=(1, 1), members=2)
        >>> ResNet(config).whole_whitening().tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
        """
        each = self.whitening.shape[1]
        whole = self.whitening.new_zeros(self.config.pooled, self.config.whitened)
        for member, own in enumerate(self.member_places()):
            whole[own, member * each : (member + 1) * each] = self.whitening[own]
        return whole

    def make_room(self, components: int) -> None:
        """Empty whitening and prototypes, for so many ``components`` of each member, or all it has (0)."""
        most = self.config.pooled // self.config.members
        self.config = replace(self.config, components=min(components, most))
        each = self.config.whitened // self.config.members
        self.whitening = self.whitening.new_zeros(self.config.pooled, each)
        self.prototypes = self.prototypes.new_zeros(self.config.types, self.config.dimension)

    def embed(self, features: Tensor) -> Tensor:
        """Pooled features (N, D) → vectors of length 1 (N, dimension), for search."""
        if self.config.features == "pooled":
            centred = features - self.centre
            each = [centred[:, own] @ self.whitening[own] for own in self.member_places()]
            return F.normalize(torch.cat(each, dim=1), dim=1)
        if self.config.features == "projection":
            return F.normalize(self._projected(features), dim=1)
        return F.normalize(self.outputs(features)[0], dim=1)

    def outputs(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (N, D) → what the heads say to each type (N, types) and category (N, categories).

        Cosines in [-1, 1], or any numbers where the head is linear.
        """
        projected = self._projected(features)
        if self.config.head == "linear":
            types = F.linear(projected, self.type_head, self.type_bias)
            return types, F.linear(projected, self.category_head, self.category_bias)
        projected = self._direction(projected)
        types = projected @ self._direction(self.type_head).T
        return types, projected @ self._direction(self.category_head).T

    def type_scores(self, features: Tensor) -> Tensor:
        """Pooled features (N, D) → scores (N, types), of which the highest tells a photo's type.

        They are the head's `outputs`, or cosines with the prototypes.
        """
        if self.config.classify_by == "head":
            return self.outputs(features)[0]
        return self.embed(features) @ self.prototypes.T

    def parts(self) -> list[tuple[str, ...]]:
        blocks = [(f"blocks.{at}",) for at in range(len(self.blocks))]
        heads = tuple(name for name, _ in self.named_parameters() if "_head" in name or "_bias" in name)
        return [("stem", "stem_norm"), *blocks, ("project", "project_norm", *heads)]

    def _projected(self, features: Tensor) -> Tensor:
        last_stage = features[:, -self.config.members * self.config.widths[-1] :]
        projected: Tensor = self.project_norm(self.project(last_stage))
        return projected

    def _direction(self, rows: Tensor) -> Tensor:
        """Rows of length 1, to which all members contribute alike: their cosine is the mean of members'."""
        members = self.config.members
        if members == 1:
            return F.normalize(rows, dim=1)
        directions: Tensor = F.normalize(rows.view(len(rows), members, -1), dim=2).flatten(1)
        return directions / math.sqrt(members)


def _without_zeros(network: ResNet, state: dict[str, Tensor], *_: object) -> None:
    """Models of several members used to be stored with the zeros of their `whole_whitening`."""
    whole, config = state.get("whitening"), network.config
    if config.members > 1 and whole is not None and whole.shape[1] == config.whitened:
        state["whitening"] = torch.empty_like(network.whitening)
        for member, own in enumerate(network.member_places()):
            first = member * config.components
            columns = torch.arange(first, first + config.components) if config.components else own
            state["whitening"][own] = whole[own[:, None], columns].to(network.whitening)
