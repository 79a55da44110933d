"""What clients looked for among the computes of a workspace and did not find.

A workspace of Azure has clusters that somebody made long ago in the portal; scripts only name them. Here a workspace
has none at first. The answer to such a request stays 404, because a script may be about to create the compute; but when
the script fails then, ``amlbridge run`` tells how to add it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.compute_bodies import KIND, name_problem
from amlbridge.wire.context import Service

_KEY = "unfound_computes"
#: So many names are remembered, the latest ones.
_MOST = 200


@dataclass(frozen=True)
class Unfound:
    """A compute that a workspace does not have.

    ``name`` None: a client has listed its computes, which are ``there``, and may have looked for another one. For
    ``ws.compute_targets["x"]`` and for ``PythonScriptStep(compute_target="x")`` the client gets the list, and what it
    looks for in it is not known to the service.
    """

    workspace: Workspace
    name: str | None
    there: tuple[str, ...] = ()


class _Notes:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        #: Id of the workspace and name, and when it was last looked for; latest last.
        self.seen: dict[tuple[str, str | None], float] = {}


def note(service: Service, workspace: Workspace, name: str | None) -> None:
    """Notes that the workspace has no compute of this name; None: that a client has listed those that it has."""
    notes = service.part(_KEY, _Notes)
    with notes.lock:
        notes.seen.pop((workspace.id, name), None)
        notes.seen[workspace.id, name] = service.clock()
        if len(notes.seen) > _MOST:
            del notes.seen[next(iter(notes.seen))]


def since(service: Service, moment: float) -> list[Unfound]:
    """What was looked for since then (seconds since the epoch) and is still not there. A list is told only of a
    workspace in which everything that was looked for by name is there."""
    notes = service.part(_KEY, _Notes)
    with notes.lock:
        keys = [key for key, when in notes.seen.items() if when >= moment]
    named, listed = [], []
    resources = service.records.resources
    for workspace in service.records.workspaces.list() if keys else []:
        names = [name for workspace_id, name in keys if workspace_id == workspace.id]
        missing = {name.lower(): name for name in names if name is not None and name_problem(name) is None}
        found = [name for key, name in missing.items() if resources.find(workspace.id, KIND, key) is None]
        named += [Unfound(workspace, name) for name in found]
        if None in names and not found:
            there = tuple(item.body["name"] for item in resources.list(workspace.id, KIND))
            listed.append(Unfound(workspace, None, there))
    return named + listed
