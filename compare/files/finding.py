"""What a comparer of files found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from amlbridge.compare.result import Difference


@dataclass(frozen=True)
class Finding:
    """``count`` 0: the files mean the same. ``differences``, ``spread``, ``facts``: as those of a
    :class:`~amlbridge.compare.result.Check`."""

    count: int = 0
    differences: tuple[Difference, ...] = ()
    spread: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
