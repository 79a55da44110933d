"""Which storage accounts and containers there are: those with a folder, and those that a datastore names.

A container behind a registered datastore is there from the start, as in Azure; its folder is made on first use.
"""

from __future__ import annotations

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


def accounts_with(service: Service, container: str) -> list[str]:
    """The accounts that have a container of this name, in name order."""
    having = {account for account, name in named(service) if name == container}
    having.update(name for name in service.blobs.accounts() if container in service.blobs.containers(name))
    return sorted(having)
