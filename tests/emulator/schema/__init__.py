# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulated API holds: its resources and fields (resources.yml), and the values that are computed."""

from __future__ import annotations

from .model import Bounds, Field, Model, Relation, Resource, base_model, model_of

__all__ = ["Bounds", "Field", "Model", "Relation", "Resource", "base_model", "model_of"]
