"""Architectures built from scratch, by name."""

from __future__ import annotations

from modiste.networks.resnet import ResNet, ResNetConfig

__all__ = ["NETWORKS", "ResNet", "ResNetConfig"]

NETWORKS = {"resnet": (ResNet, ResNetConfig)}
