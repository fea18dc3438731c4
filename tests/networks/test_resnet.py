from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from modiste.networks import ResNet, ResNetConfig
from modiste.networks.resnet import _mean

CONFIG = ResNetConfig(types=6, categories=3, widths=(8, 16, 24), depths=(1, 2, 1))


@pytest.mark.parametrize("size", [(80, 60), (40, 30), (33, 47)])
def test_any_picture_size_gives_unit_vectors(size: tuple[int, int]) -> None:
    network = ResNet(CONFIG).eval()
    vectors = network.embed(network(torch.randn(3, 3, *size)))
    assert vectors.shape == (3, 40)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)


def test_cosines_lie_between_minus_one_and_one() -> None:
    network = ResNet(CONFIG).eval()
    for cosines in network.outputs(network(torch.randn(4, 3, 40, 30))):
        assert cosines.abs().max() <= 1 + 1e-5


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(CONFIG, features="outputs", head="linear"),
        replace(CONFIG, mirror=False),
        replace(CONFIG, members=3),
        replace(CONFIG, stripes=4, components=20),
    ],
)
def test_configuration_survives_json(config: ResNetConfig) -> None:
    assert ResNetConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_descriptions_from_before_a_field_was_there_keep_their_digest() -> None:
    assert not {"mirror", "members", "stripes", "components"} & set(CONFIG.as_dict())
    before = ResNetConfig.from_dict(CONFIG.as_dict())
    assert before.mirror
    assert (before.members, before.stripes, before.components) == (1, 1, 0)


def test_unknown_choices_and_single_stages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected features of pooled, .* got 'logits'"):
        ResNetConfig.from_dict({**CONFIG.as_dict(), "features": "logits"})
    with pytest.raises(ValueError, match="expected two stages or more"):
        ResNetConfig(types=2, categories=2, widths=(8,), depths=(1,))
    with pytest.raises(ValueError, match="features 'pooled'; got 2 with 'outputs'"):
        replace(CONFIG, members=2, features="outputs")
    with pytest.raises(ValueError, match="expected 1 to 64 stripes; got 1000000000"):
        replace(CONFIG, stripes=10**9)
    with pytest.raises(ValueError, match="expected at most 40 components; got 41"):
        replace(CONFIG, components=41)


@pytest.mark.parametrize("height", [80, 64, 50, 36, 9])
def test_stripes_are_the_means_of_what_lies_one_above_the_other(height: int) -> None:
    """The last stage but one, of the stem's and one more halving: 20, 16, 13, 9 or 3 rows, in 4 stripes."""
    torch.manual_seed(0)
    one, four = ResNet(CONFIG).eval(), ResNet(replace(CONFIG, stripes=4)).eval()
    four.load_state_dict(
        {**one.state_dict(), **{k: four.state_dict()[k] for k in ("centre", "whitening", "prototypes")}}
    )
    pictures = torch.randn(2, 3, height, 30)
    seen: list[torch.Tensor] = []
    four.blocks[2].register_forward_hook(lambda module, inputs, made: seen.append(made))
    with torch.no_grad():
        whole, striped = one(pictures), four(pictures)
    assert striped.shape == (2, 4 * 16 + 24) == (2, four.config.pooled)
    stripes, last = striped[:, :64].view(2, 16, 4), striped[:, 64:]
    expected = torch.nn.functional.interpolate(
        seen[0].mean(dim=3, keepdim=True).repeat_interleave(4, dim=2), (4, 1), mode="area"
    )
    assert torch.allclose(stripes, expected[..., 0], atol=1e-5)
    assert torch.allclose(stripes.mean(dim=2), whole[:, :16], atol=1e-5)
    assert torch.equal(last, whole[:, 16:])


@pytest.mark.parametrize(("features", "dimension"), [("pooled", 40), ("projection", 128), ("outputs", 6)])
@pytest.mark.parametrize("head", ["cosine", "linear"])
def test_vectors_are_what_they_are_said_to_be_made_of(features: str, dimension: int, head: str) -> None:
    network = ResNet(replace(CONFIG, features=features, head=head)).eval()
    seen = network(torch.randn(3, 3, 40, 30))
    projected = network.project_norm(network.project(seen[:, -24:]))
    network.centre.normal_()
    network.whitening.normal_()
    whitened = (seen - network.centre) @ network.whitening
    source = {"pooled": whitened, "projection": projected, "outputs": network.outputs(seen)[0]}[features]
    vectors = network.embed(seen)
    assert vectors.shape == (3, dimension) == (3, network.config.dimension)
    assert torch.allclose(vectors, source / source.norm(dim=1, keepdim=True), atol=1e-5)
    assert network.prototypes.shape == (6, dimension)


def test_linear_outputs_are_weighted_sums_and_a_bias() -> None:
    network = ResNet(replace(CONFIG, head="linear")).eval()
    network.type_bias.data.fill_(100.0)
    types, categories = network.outputs(network(torch.randn(3, 3, 40, 30)))
    assert (types - 100).abs().max() < 20
    assert categories.abs().max() < 20
    assert types.shape == (3, 6)


def test_types_are_told_by_the_nearest_prototype_where_no_head_learned_them() -> None:
    network = ResNet(replace(CONFIG, classify_by="prototypes")).eval()
    seen = network(torch.randn(6, 3, 40, 30))
    network.prototypes.copy_(network.embed(seen).detach().flip(0))
    assert network.type_scores(seen).argmax(dim=1).tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("head", ["cosine", "linear"])
@pytest.mark.parametrize("depths", [(1, 2, 1), (0, 1, 1)])
def test_joined_networks_see_what_each_sees_and_say_what_they_say_on_average(
    head: str, depths: tuple[int, ...]
) -> None:
    each = [trained_by_chance(replace(CONFIG, head=head, depths=depths)) for _ in range(3)]
    together = ResNet.joined(each)
    pictures = torch.randn(4, 3, 40, 30)
    seen = [network(pictures) for network in each]
    by_stage = torch.cat([one[:, :16] for one in seen] + [one[:, 16:] for one in seen], dim=1)
    assert torch.allclose(together(pictures), by_stage, atol=1e-4)
    said = [network.outputs(features) for network, features in zip(each, seen, strict=True)]
    for level, answered in enumerate(together.outputs(together(pictures))):
        assert torch.allclose(answered, torch.stack([one[level] for one in said]).mean(dim=0), atol=1e-4)
    assert together.embed(together(pictures)).shape == (4, 120) == (4, together.config.dimension)
    assert not any(parameter.requires_grad for parameter in together.parameters())


def test_only_networks_of_one_shape_are_joined() -> None:
    one, other = ResNet(CONFIG), ResNet(replace(CONFIG, types=7))
    with pytest.raises(ValueError, match="of one shape, none joined"):
        ResNet.joined([one, other])
    with pytest.raises(ValueError, match="of one shape, none joined"):
        ResNet.joined([ResNet.joined([one, one])] * 2)


def test_members_are_whitened_each_by_itself_and_stored_without_zeros() -> None:
    network = trained_by_chance(replace(CONFIG, members=3, components=7))
    network.whitening.normal_()
    network.centre.normal_()
    features = torch.randn(5, network.config.pooled)
    whole = network.whole_whitening()
    assert whole.shape == (3 * 40, 3 * 7)
    assert int((whole != 0).sum()) == network.whitening.numel() == 3 * 40 * 7
    expected = torch.nn.functional.normalize((features - network.centre) @ whole, dim=1)
    assert torch.allclose(network.embed(features), expected, atol=1e-5)
    before = {**network.state_dict(), "whitening": whole}  # as models of several used to be stored
    again = ResNet(network.config)
    again.load_state_dict(before)
    assert torch.equal(again.whitening, network.whitening)
    assert before["whitening"] is whole


def trained_by_chance(config: ResNetConfig) -> ResNet:
    """A network whose weights and statistics are all different from where they begin."""
    network = ResNet(config)
    for name, value in network.state_dict().items():
        if value.ndim and name not in ("centre", "whitening", "prototypes"):
            value.uniform_(0.5, 1.5) if "var" in name else value.normal_(std=0.2)
    return network.requires_grad_(False).eval()


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_means_and_their_gradients_are_torchs(precision: torch.dtype) -> None:
    made = []
    for mean in (_mean, lambda pictures: pictures.mean(dim=(2, 3), dtype=torch.float32)):
        pictures = torch.randn(4, 6, 5, 3, generator=torch.Generator().manual_seed(0)).to(precision)
        pictures = pictures.to(memory_format=torch.channels_last).requires_grad_()
        means = mean(pictures)
        (means * torch.arange(24).view(4, 6)).sum().backward()
        made.append((means, pictures.grad))
    assert torch.equal(made[0][0], made[1][0])
    assert torch.equal(made[0][1], made[1][1])
