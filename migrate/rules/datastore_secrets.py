"""Keys of datastores: ``datastore.account_key`` -> the credentials of the datastore.

The client gives them only when it is asked for secrets: ``ml_client.datastores.get(name, include_secrets=True)``. Of an
account key it then gives a signature that expires in an hour, ``credentials.sas_token``; the key itself is what the
operation behind it answers, which is not public (``DatastoreOperations`` of azure-ai-ml 1.35).
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "datastore-secrets",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Datastore, Workspace

ws = Workspace.from_config()
store = Datastore.get(ws, "raw")
print(store.account_key)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
store = ml_client.datastores.get("raw")
print(ml_client.datastores._list_secrets(store.name).key)
""",
        )
    ],
)


@rule.converts("Datastore.account_key")
def account_key(use: Use, to: Rewriter) -> Outcome:
    """The key of the storage account."""
    assert use.receiver is not None
    return Replace(
        f"{to.client(use.node)}.datastores._list_secrets({to.source(use.receiver)}.name).key",
        "the public calls of SDK v2 give a signature for an hour instead of the key: "
        "datastores.get(name, include_secrets=True).credentials.sas_token",
    )


@rule.converts("Datastore.sas_token", "Datastore.client_id", "Datastore.client_secret", "Datastore.tenant_id")
def secret(use: Use, to: Rewriter) -> Outcome:
    """A token or a part of a service principal."""
    assert use.receiver is not None
    member = use.symbol.rsplit(".", 1)[1]
    found = f"{to.client(use.node)}.datastores.get({to.source(use.receiver)}.name, include_secrets=True)"
    return Replace(f"{found}.credentials.{member}", "for datastores that have one")
