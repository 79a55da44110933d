"""The sweep of a HyperDriveStep: a module parameter holds what submitting its HyperDriveConfig alone would send."""

from __future__ import annotations

from amlbridge.engine.sweep.settings import SweepSettings
from amlbridge.v1 import graph_runconfig, hyperdrive_settings
from amlbridge.v1.graph_reading import Fields, malformed
from amlbridge.wire.errors import bad_request

#: The module parameter (``HyperDriveStep``).
PARAMETER = "HyperDriveRunConfig"
#: How the id of a sweep of v1 begins.
PREFIX = "HD_"


def read(text: str | None, spot: str) -> tuple[SweepSettings, Fields]:
    """The settings of the sweep, and the run configuration of its trials. Raises a 400 :class:`ServiceError`."""
    if not text:
        raise malformed(f"{spot} {PARAMETER}", "is missing: a HyperDriveStep needs its hyperdrive_config")
    config = graph_runconfig.read(text, f"{spot} {PARAMETER}")
    if config.content.get("resume_from"):
        raise bad_request(
            f"{spot}: a HyperDriveStep cannot go on from earlier sweeps here: leave resume_from out, or submit the "
            "HyperDriveConfig with experiment.submit",
            "NotSupportedHere",
        )
    definition = config.object("platform_config").object("Definition")
    return hyperdrive_settings.read(config, nested=PREFIX), definition.object("Overrides")
