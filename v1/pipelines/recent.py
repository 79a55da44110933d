"""What was made lately and may be wanted again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """The last ``most`` things by their key; from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._found: OrderedDict[str, T] = OrderedDict()

    def put(self, key: str, item: T) -> None:
        """Keeps a thing; the one that was not used for longest gives way."""
        with self._lock:
            self._found[key] = item
            self._found.move_to_end(key)
            if len(self._found) > self._most:
                self._found.popitem(last=False)

    def get(self, key: str) -> T | None:
        """The thing of this key, or None."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def take(self, key: str) -> T | None:
        """Like :meth:`get`; it is not kept any longer."""
        with self._lock:
            return self._found.pop(key, None)
