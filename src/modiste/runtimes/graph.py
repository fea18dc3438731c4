"""An encoder as an ONNX graph: fitted photos in, search vectors out, everything between included.

The graph is put together node by node, as the network is small and known: normalisations are folded into
convolutions, a mirror image that counts is made inside, and nothing depends on how an exporter traces Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike
from onnx import TensorProto, helper, numpy_helper

from modiste.model import Model
from modiste.networks.folded import Convolution, fold, projection_of
from modiste.networks.resnet import row_shares

__all__ = ["INPUT", "OPSET", "OUTPUT", "graph_of"]

OPSET, IR_VERSION = 18, 10
INPUT, OUTPUT = "photos", "vectors"


def graph_of(model: Model) -> onnx.ModelProto:
    """``photos`` (N, H, W, 3) in uint8 → ``vectors`` (N, D) in float32, of length 1, as `Model.embed` makes.

    The specification of the nodes: https://onnx.ai/onnx/operators/
    """
    network, preprocess = model.network, model.preprocess
    folded, projection = fold(network), projection_of(network)
    graph = _Graph()
    x = graph.add("Transpose", [INPUT], "upright", perm=[0, 3, 1, 2])
    if network.mirror:
        backwards = [
            graph.constant(f"mirrored.{what}", [value], np.int64)
            for what, value in (("start", -1), ("end", -(2**31)), ("axis", 3), ("step", -1))
        ]
        mirrored = graph.add("Slice", [x, *backwards], "mirrored")
        x = graph.add("Concat", [x, mirrored], "both", axis=0)
    x = graph.add("Cast", [x], "numbers", to=TensorProto.FLOAT)
    mean = graph.constant("mean", np.reshape(preprocess.mean, (1, 3, 1, 1)))
    x = graph.add("Sub", [x, mean], "centred")
    # The spread goes into the stem. The mean cannot: padding stands for the mean, and would be black.
    stem = folded.stem.weight / np.reshape(preprocess.std, (1, 3, 1, 1))
    x = graph.convolve(x, folded.stem._replace(weight=stem.astype(np.float32)), "stem", step=2)
    x = graph.add("Relu", [x], "stem.out")
    seen, first = [], 0
    for depth in folded.depths:
        for at, block in enumerate(folded.blocks[first : first + depth], first):
            name = f"blocks.{at}"
            if block.halve:
                x = graph.add(
                    "AveragePool", [x], f"{name}.half", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1
                )
            y = graph.add("Relu", [graph.convolve(x, block.first, f"{name}.first")], f"{name}.between")
            y = graph.convolve(y, block.second, f"{name}.second")
            beside = x if block.shortcut is None else graph.convolve(x, block.shortcut, f"{name}.shortcut")
            x = graph.add("Relu", [graph.add("Add", [y, beside], f"{name}.sum")], f"{name}.out")
        first += depth
        seen.append(x)
    before, last = seen[-2:]
    across = graph.constant("across", [3], np.int64)
    x = graph.add("ReduceMean", [before, across], "rows", keepdims=0)
    rows = preprocess.height
    for _ in folded.depths[1:]:  # the stem halves the picture, and so does every stage but the first
        rows = (rows + 1) // 2
    x = graph.add("MatMul", [x, graph.constant("shares", row_shares(rows, folded.stripes))], "stripes")
    x = graph.add("Reshape", [x, graph.constant("stripes.shape", [0, -1], np.int64)], "pooled.0")
    places = graph.constant("places", [2, 3], np.int64)
    mean = graph.add("ReduceMean", [last, places], "pooled.1", keepdims=0)
    x = graph.add("Concat", [x, mean], "features", axis=1)
    if network.mirror:
        views = graph.constant("views.shape", [2, -1, network.config.pooled], np.int64)
        x = graph.add("Reshape", [x, views], "views")
        x = graph.add("ReduceMean", [x, graph.constant("views.axis", [0], np.int64)], "averaged", keepdims=0)
    if (used := len(projection.weight)) < network.config.pooled:  # the last stage alone
        ends = [
            graph.constant(f"last.{what}", [value], np.int64)
            for what, value in (("start", -used), ("end", 2**31 - 1), ("axis", 1))
        ]
        x = graph.add("Slice", [x, *ends], "last")
    weight, bias = (
        graph.constant(f"projection.{k}", v) for k, v in projection._asdict().items() if k != "types"
    )
    x = graph.add("Gemm", [x, weight, bias], "projected")
    if projection.types is not None:
        x = graph.unit(x, "direction")
        x = graph.add("MatMul", [x, graph.constant("types", projection.types)], "cosines")
    graph.unit(x, OUTPUT)
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"{model.name}-{model.digest}",
            [
                helper.make_tensor_value_info(
                    INPUT, TensorProto.UINT8, ["N", preprocess.height, preprocess.width, 3]
                )
            ],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", model.dimension])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="modiste",
    )
    onnx.checker.check_model(made)
    return made


class _Graph:
    """Nodes in their order, each named as what it makes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: ArrayLike, kind: DTypeLike = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def convolve(self, x: str, convolution: Convolution, name: str, step: int = 1) -> str:
        weight = self.constant(f"{name}.weight", convolution.weight)
        bias = self.constant(f"{name}.bias", convolution.bias)
        size = convolution.weight.shape[-1]
        return self.add(
            "Conv",
            [x, weight, bias],
            name,
            kernel_shape=[size, size],
            pads=[size // 2] * 4,
            strides=[step, step],
            group=convolution.groups,
        )

    def unit(self, x: str, name: str) -> str:
        """Rows of length 1; zeros stay zeros."""
        axis = self.constant(f"{name}.axis", [1], np.int64)
        length = self.add("ReduceL2", [x, axis], f"{name}.length", keepdims=1)
        least = self.constant(f"{name}.least", 1e-12)
        return self.add("Div", [x, self.add("Max", [length, least], f"{name}.divisor")], name)
