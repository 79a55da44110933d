"""Steps that run on Databricks: the way there, and the addresses that data have for others."""

from __future__ import annotations

import os

from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference
from amlbridge.server.client_environment import PROXY_VARIABLES
from amlbridge.wire import computes, storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

KIND = "databricks"
_STORE = "azureml://datastores/"


def variables(service: Service, context: StepContext) -> dict[str, str]:
    """Address and token for the driver of the step; nothing for any other step. The network guard is for code of the
    user's: the driver calls this one host, through the user's own proxy if there is one. Raises EngineError."""
    if context.node.kind != KIND:
        return {}
    try:
        access = computes.databricks_access(service, context.workspace, context.node.resources.compute or "")
    except ServiceError as error:
        raise EngineError(error.message) from error
    own = {name: os.environ.get(name, "") for name in PROXY_VARIABLES}
    return {"DATABRICKS_HOST": access.host, "DATABRICKS_TOKEN": access.token, **own}


def input_address(service: Service, context: StepContext, name: str, reference: DataReference) -> str:
    """The address of an input. Raises :class:`EngineError` for what has none."""
    if not reference.uri.startswith(_STORE):
        raise EngineError(
            f"input {name!r}: a dataset has no address that Databricks could read: hand over a DataReference"
        )
    store, _, path = reference.uri.removeprefix(_STORE).partition("/paths/")
    return address(service, context, f"input {name!r}", store, path)


def address(service: Service, context: StepContext, spot: str, store: str, path: str) -> str:
    """Where a path of a datastore is in Azure. Raises :class:`EngineError`."""
    try:
        found = storage.datastore(service, context.workspace, store)
    except ServiceError as error:
        raise EngineError(f"{spot}: {error.message}") from error
    place = storage.normal(path)
    if found.kind == storage.BLOB:
        return f"wasbs://{found.container}@{found.account}.blob.core.windows.net/{place}"
    if found.kind == storage.LAKE2:
        return f"abfss://{found.container}@{found.account}.dfs.core.windows.net/{place}"
    if found.kind == storage.LAKE:
        return f"adl://{found.section['storeName']}.azuredatalakestore.net/{place}"
    raise EngineError(f"{spot}: Databricks cannot read the datastore {store}, which is of the type {found.kind}")
