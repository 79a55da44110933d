"""Which storage accounts and containers there are: those with a folder, and those that a datastore names.

A container behind a registered datastore is there from the start, as in Azure; its folder is made on first use.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlbridge.wire.blob_request import BlobCall
from amlbridge.wire.context import Service
from amlbridge.wire.storage import datastores


def named(service: Service) -> set[tuple[str, str]]:
    """Account and container of every datastore of every workspace that can hold files."""
    return {
        (store.account, store.container)
        for workspace in service.records.workspaces.list()
        for store in datastores(service, workspace)
        if store.has_folder
    }


def has_container(call: BlobCall) -> bool:
    """Whether the request's container is there. Makes the folder of one that is there without."""
    if call.store.container(call.account, call.container).is_dir():
        return True
    there = call.grant.issued or (call.grant.any_container and call.method == "PUT")
    if not there and (call.account, call.container) not in named(call.service):
        return False
    call.store.create_container(call.account, call.container)
    return True


def accounts(service: Service) -> list[str]:
    """All accounts, in name order."""
    return sorted({*service.blobs.accounts(), *(account for account, _ in named(service))})


def likely(service: Service, container: str) -> Iterator[str]:
    """All accounts, some twice, for whoever needs one of them: those first that were :func:`found` for this container,
    and last those for which each workspace is asked for its datastores, 0.2 ms each."""
    yield from _found(service).get(container, ())
    yield from service.blobs.accounts()
    yield from (workspace.storage_account for workspace in service.records.workspaces.list())
    yield from (account for account, _ in named(service))


def found(service: Service, container: str, account: str) -> None:
    """Notes that a request for this container was for this account."""
    of_container = _found(service).get(container, ())
    if of_container[:1] != (account,):
        _found(service)[container] = (account, *(other for other in of_container if other != account))


def _found(service: Service) -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = service.part("found_accounts", dict)
    return known


def accounts_with(service: Service, container: str) -> list[str]:
    """The accounts that have a container of this name, in name order."""
    having = {account for account, name in named(service) if name == container}
    having.update(name for name in service.blobs.accounts() if container in service.blobs.containers(name))
    return sorted(having)
