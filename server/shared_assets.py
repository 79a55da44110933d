"""Assets that both SDKs see: each finds the other's through a shared part, since v1 and v2 do not know each other."""

from __future__ import annotations

from amlbridge.v1 import data_versions, dataset_assets
from amlbridge.v2.assets import data
from amlbridge.wire.context import Service


def attach(service: Service) -> None:
    """Lets SDK v1 find the data assets of v2, and v2 the datasets of v1."""
    service.parts[data_versions.ASSETS] = data.v1_view
    service.parts[data.V1_DATASETS] = dataset_assets.datasets
