"""Which steps could be taken again, so far as memory can tell: most steps are new, and for those nothing is read."""

from __future__ import annotations

import threading
from collections import OrderedDict

from amlbridge.engine.records.reuse import Candidate, ReuseRecords
from amlbridge.engine.reuse_decision import Decision
from amlbridge.engine.reuse_key import Ingredients

#: Workspace id, experiment id, name of the step.
Place = tuple[str, str, str]

#: Steps of one name whose ingredients are kept, newest first, and how many names.
_MOST_OF_NAME = 3
_MOST_NAMES = 500
#: So many digits of a key tell it from the others; a wrong guess costs a query.
_DIGITS = 16


class RecentSteps:
    """Goes through to the records for what it does not hold. One service writes them, so what it holds is so.

    Safe to use from several threads.
    """

    def __init__(self, records: ReuseRecords) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._keys: dict[str, set[int]] = {}
        self._named: OrderedDict[Place, list[tuple[str, Ingredients]]] = OrderedDict()

    def same(self, workspace: str, key: str) -> list[Candidate]:
        """The steps of this key, newest first."""
        with self._lock:
            known = _short(key) in self._loaded(workspace)
        return self._records.same(workspace, key) if known else []

    def get(self, place: Place) -> list[tuple[str, Ingredients]]:
        """Run ids and ingredients of the last steps of a name, newest first."""
        with self._lock:
            return list(self._of_name(place))

    def add(self, place: Place, run_id: str, decision: Decision) -> None:
        """Takes in a step that is about to be recorded."""
        assert decision.key is not None
        assert decision.detail is not None
        with self._lock:
            self._loaded(place[0]).add(_short(decision.key))
            found = self._of_name(place)
            # It may have been read from the records with the others.
            found[:] = [(run_id, decision.detail), *(item for item in found if item[0] != run_id)][:_MOST_OF_NAME]

    def _loaded(self, workspace: str) -> set[int]:
        if workspace not in self._keys:
            self._keys[workspace] = {_short(key) for key in self._records.keys(workspace)}
        return self._keys[workspace]

    def _of_name(self, place: Place) -> list[tuple[str, Ingredients]]:
        if place not in self._named:
            found = self._records.named(*place)[:_MOST_OF_NAME]
            self._named[place] = [(item.run_id, item.detail) for item in found]
            while len(self._named) > _MOST_NAMES:
                self._named.popitem(last=False)
        self._named.move_to_end(place)
        return self._named[place]


def _short(key: str) -> int:
    return int(key[:_DIGITS], 16)
