"""How many nodes are in use: bound by the machine's cores and by each compute's maximum."""

from __future__ import annotations

from collections.abc import Callable


class Slots:
    """Counts nodes. ``total`` is for the machine, ``max_nodes(workspace, compute)`` for a compute (None: no bound).

    A step that wants more nodes than there are gets all there are: it runs on this machine anyway, and refusing it
    would keep it waiting for ever.
    """

    def __init__(self, total: int, max_nodes: Callable[[str, str], int | None]) -> None:
        self._total = max(1, total)
        self._max_nodes = max_nodes
        self._used = 0
        self._on_compute: dict[tuple[str, str], int] = {}

    def take(self, workspace: str, compute: str | None, nodes: int, *, idle: int = 0) -> bool:
        """Takes ``nodes`` if there is room; False when there is not. ``idle`` of those in use do nothing but wait: they
        leave the machine's cores to others, though not their compute's nodes."""
        busy = max(0, self._used - idle)
        if busy and busy + min(nodes, self._total) > self._total:
            return False
        bound = self._max_nodes(workspace, compute) if compute is not None else None
        if compute is not None and bound is not None:
            used = self._on_compute.get((workspace, compute), 0)
            if used and used + min(nodes, bound) > bound:
                return False
        if compute is not None:
            self._on_compute[workspace, compute] = self._on_compute.get((workspace, compute), 0) + nodes
        self._used += min(nodes, self._total)
        return True

    def full(self, *, idle: int = 0) -> bool:
        """Whether no step can start on this machine, whatever its compute; ``idle`` as in :meth:`take`."""
        return self._used - idle >= self._total

    def give_back(self, workspace: str, compute: str | None, nodes: int) -> None:
        """Returns what :meth:`take` took."""
        self._used -= min(nodes, self._total)
        if compute is not None:
            self._on_compute[workspace, compute] -= nodes
