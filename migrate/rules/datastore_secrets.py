"""Keys of datastores: ``datastore.account_key`` -> the credentials of the datastore.

The client gives them only when it is asked for secrets: ``ml_client.datastores.get(name, include_secrets=True)``.
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
print(
    ml_client.datastores.get(store.name, include_secrets=True).credentials.account_key
)
""",
        )
    ],
)


@rule.converts("Datastore.account_key", "Datastore.sas_token", "Datastore.client_id", "Datastore.client_secret")
@rule.converts("Datastore.tenant_id")
def secret(use: Use, to: Rewriter) -> Outcome:
    """A key, a token or a part of a service principal."""
    assert use.receiver is not None
    member = use.symbol.rsplit(".", 1)[1]
    found = f"{to.client(use.node)}.datastores.get({to.source(use.receiver)}.name, include_secrets=True)"
    return Replace(f"{found}.credentials.{member}", "" if member == "account_key" else "for datastores that have one")
