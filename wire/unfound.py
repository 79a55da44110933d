"""What clients looked for in registered datastores and did not find.

A registered datastore names a container of some Azure account; the folder that stands behind it here is empty until the
user puts the files there. The dataset engine says no more of it than that the requested stream was not found, without
the name; so the blob endpoint notes what it has not found, and ``amlbridge run`` tells where it should lie.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.wire import storage
from amlbridge.wire.context import Service

_KEY = "unfound"
#: The part of the service that makes what the dataset engine misses; there is none but in a trace.
STAND_IN = "stand_in_blob"
_ENGINE = "dataprep"
#: So many places are remembered, the latest ones.
_MOST = 200


@dataclass(frozen=True)
class Unfound:
    """A path of a datastore under which there is nothing, and the folder of this machine in which it would be."""

    datastore: storage.Datastore
    path: str
    folder: Path


class _Notes:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        #: Account, container and name (or prefix of names), and when it was last looked for; latest last.
        self.seen: dict[tuple[str, str, str], float] = {}


def note(service: Service, account: str, container: str, name: str) -> None:
    """Notes that there is no blob of this name, or none with this prefix."""
    notes = service.part(_KEY, _Notes)
    key = (account, container, name)
    with notes.lock:
        notes.seen.pop(key, None)
        notes.seen[key] = service.clock()
        if len(notes.seen) > _MOST:
            del notes.seen[next(iter(notes.seen))]


def made(service: Service, account: str, container: str, name: str, client: str) -> bool:
    """Whether a blob of this name, or one below this prefix, is made up now (`amlbridge trace --permissive`): only for
    the dataset engine, because other clients look whether they should upload something. ``client``: its user agent."""
    make: Callable[[str, str, str], bool] | None = service.parts.get(STAND_IN)
    return make is not None and _ENGINE in client and make(account, container, name)


def since(service: Service, moment: float) -> list[Unfound]:
    """What was looked for in registered datastores since then (seconds since the epoch) and is still not there."""
    notes = service.part(_KEY, _Notes)
    with notes.lock:
        keys = [key for key, when in notes.seen.items() if when >= moment]
    wanted: dict[tuple[str, str], list[str]] = {}
    for account, container, name in keys:
        wanted.setdefault((account, container), []).append(name)
    found = {}
    for workspace in service.records.workspaces.list() if wanted else []:
        for store in storage.datastores(service, workspace):
            if store.built_in or not store.has_folder:
                continue
            for name in wanted.get((store.account, store.container), ()):
                if not _is_there(service, store, name):
                    folder = service.blobs.container(store.account, store.container)
                    found[store.account, store.container, name] = Unfound(store, name, folder)
    return list(found.values())


def _is_there(service: Service, store: storage.Datastore, prefix: str) -> bool:
    try:
        return next(service.blobs.list(store.account, store.container, prefix), None) is not None
    except EngineError:
        return False
