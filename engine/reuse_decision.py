"""Whether a step is run or an earlier run of it is taken instead, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.reuse_key import Ingredients


@dataclass
class Decision:
    """``reason`` is for people; ``differs`` names what is not as it was in the nearest earlier run.

    ``candidate`` is the run that is taken, ``compared`` the one that ``reason`` and ``differs`` speak of.
    ``key`` and ``detail`` are None for a step that takes no part. ``outputs``: what its outputs held when it ended.
    """

    hit: bool
    reason: str
    key: str | None = None
    detail: Ingredients | None = None
    candidate: Candidate | None = None
    compared: str | None = None
    differs: list[str] = field(default_factory=list)
    outputs: dict[str, Any] | None = None

    def record(self) -> dict[str, Any]:
        """As it is kept with the run: ``run.execution["reuse"]``."""
        return {"hit": self.hit, "reason": self.reason, "differs": self.differs, "candidate": self.compared}
