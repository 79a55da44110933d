"""Texts that differ in nothing but who wrote them where and when.

Run ids, folders of the state and moments of the run are known and replaced by what they stand for. Other ids are not
replaced: two texts are the same when each id of the one stands for one id of the other, wherever it occurs. So an
output that refers to the wrong step stays a difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

_GUID = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b[0-9a-f]{32}\b")
_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?")
#: Clocks that are read before and after the record.
_SLACK = 2.0


@dataclass(frozen=True)
class Origin:
    """What belongs to one side alone: ``replaced`` maps a text (a run id, a folder) to what it stands for; ``began``
    and ``ended`` are when its run was under way, in seconds since the epoch."""

    replaced: Mapping[str, str] = field(default_factory=dict)
    began: float | None = None
    ended: float | None = None

    def normal(self, text: str) -> str:
        """The text without what is this side's own."""
        for own in sorted(self.replaced, key=len, reverse=True):
            if own and own in text:
                text = text.replace(own, self.replaced[own])
        if self.began is None or self.ended is None:
            return text
        return _MOMENT.sub(self._moment, text)

    def _moment(self, found: re.Match[str]) -> str:
        zone = (found[4] or "Z").replace("Z", "+00:00")
        fraction = (found[3] or ".0")[:7].ljust(7, "0")
        try:
            moment = datetime.strptime(f"{found[1]} {found[2]}{fraction}{zone}", "%Y-%m-%d %H:%M:%S.%f%z")
        except ValueError:
            return found[0]  # no such day
        # Without a zone it may be local time or UTC.
        candidates = [moment] if found[4] else [moment, moment.replace(tzinfo=None).astimezone(timezone.utc)]
        assert self.began is not None and self.ended is not None
        early, late = self.began - _SLACK, self.ended + _SLACK
        return "<moment of the run>" if any(early <= item.timestamp() <= late for item in candidates) else found[0]


class References:
    """Which id of the left stands for which of the right, over everything that one comparison looks at."""

    def __init__(self, left: Origin | None = None, right: Origin | None = None) -> None:
        self.left = left or Origin()
        self.right = right or Origin()
        self._forth: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def same(self, left: str, right: str) -> bool:
        """Whether two texts mean the same."""
        if left == right:
            return True
        one, other = self.left.normal(left), self.right.normal(right)
        if one == other:
            return True
        ids, other_ids = _GUID.findall(one), _GUID.findall(other)
        if len(ids) != len(other_ids) or _GUID.sub("", one) != _GUID.sub("", other):
            return False
        pairs = list(zip(ids, other_ids, strict=True))
        if any(self._forth.get(a, b) != b or self._back.get(b, a) != a for a, b in pairs):
            return False
        forth, back = dict(pairs), {b: a for a, b in pairs}
        if any(forth[a] != b or back[b] != a for a, b in pairs):
            return False
        self._forth |= forth
        self._back |= back
        return True
