"""The names of :mod:`amlbridge.wire.assumed_computes`, without its imports: the command has to be quick."""

from __future__ import annotations

#: What a script may take for granted.
NAMES = ("cpu-cluster", "gpu-cluster")
#: The variable of the script's process: those of :data:`NAMES` that it names, with commas.
VARIABLE = "AMLBRIDGE_ASSUMED_COMPUTES"
