"""The workspace's key vault is read with ``azure-keyvault-secrets``.

SDK v2 has no calls for secrets: the vault of the workspace is an Azure Key Vault like any other. Whoever runs the code
needs the right to read or write its secrets.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.workspace import credential_of

RIGHTS = (
    "the identity needs access to the vault itself (Key Vault Secrets User or Officer); install azure-keyvault-secrets"
)

rule = Rule(
    "keyvault",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace

ws = Workspace.from_config()
keyvault = ws.get_default_keyvault()
keyvault.set_secret(name="token", value=VALUE)
print(keyvault.get_secret("token"))
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
keyvault = SecretClient(
    vault_url="https://{}.vault.azure.net".format(
        ml_client.workspaces.get(ml_client.workspace_name).key_vault.rsplit("/", 1)[-1]
    ),
    credential=DefaultAzureCredential(),
)
keyvault.set_secret("token", VALUE)
print(keyvault.get_secret("token").value)
""",
        ),
    ],
)


def secret_client(to: Rewriter, client: str, signed_in: str = "") -> str:
    """Code for a client of the vault of a workspace; ``client``: code for the MLClient; ``signed_in``: the variable of
    the credential that it has."""
    vault = f'{client}.workspaces.get({client}.workspace_name).key_vault.rsplit("/", 1)[-1]'
    credential = signed_in or f"{to.need('azure.identity', 'DefaultAzureCredential')}()"
    secrets = to.need("azure.keyvault.secrets", "SecretClient")
    return f'{secrets}(vault_url="https://{{}}.vault.azure.net".format({vault}), credential={credential})'


def _signed_in(workspace: ast.expr | None, to: Rewriter) -> str:
    """The variable of the credential that a workspace was made with, where it still is that one; else ""."""
    made = to.maker(workspace)
    auth = credential_of(made, to) if made is not None and made.symbol.startswith("Workspace") else None
    if not isinstance(auth, ast.Name) or workspace is None:
        return ""
    scopes = to.evaluator.scopes
    then, now = scopes.bindings_of(auth), scopes.lookup(auth.id, workspace)
    return to.source(auth) if len(then) == 1 and then == now else ""


@rule.converts("Workspace.get_default_keyvault")
def get_default_keyvault(use: Use, to: Rewriter) -> Outcome:
    """A client for the vault of the workspace."""
    return Replace(secret_client(to, to.client(use.node, use.receiver), _signed_in(use.receiver, to)), RIGHTS)


@rule.converts("Keyvault")
def vault(use: Use, to: Rewriter) -> Outcome:
    """A client for the vault of a workspace; the class, in annotations."""
    if use.call is not None:
        workspace = use.argument("workspace", position=0)
        return Replace(secret_client(to, to.client(use.node, workspace), _signed_in(workspace, to)), RIGHTS)
    return Replace(to.need("azure.keyvault.secrets", "SecretClient"))


@rule.converts("Keyvault.get_secret")
def get_secret(use: Use, to: Rewriter) -> Outcome:
    """The value of a secret."""
    name = use.argument("name", position=0)
    if name is None or use.receiver is None:
        return Leave("a name is needed")
    return Replace(f"{to.source(use.receiver)}.get_secret({to.source(name)}).value")


@rule.converts("Keyvault.set_secret")
def set_secret(use: Use, to: Rewriter) -> Outcome:
    """A new value of a secret."""
    name, value = use.argument("name", position=0), use.argument("value", position=1)
    if name is None or value is None or use.receiver is None:
        return Leave("a name and a value are needed")
    return Replace(f"{to.source(use.receiver)}.set_secret({to.source(name)}, {to.source(value)})")


@rule.converts("Keyvault.delete_secret")
def delete_secret(use: Use, to: Rewriter) -> Outcome:
    """Deletes a secret; the vault keeps it for recovery."""
    name = use.argument("name", position=0)
    if name is None or use.receiver is None:
        return Leave("a name is needed")
    return Replace(f"{to.source(use.receiver)}.begin_delete_secret({to.source(name)}).result()")


@rule.converts("Keyvault.list_secrets")
def list_secrets(use: Use, to: Rewriter) -> Outcome:
    """The names of all secrets, in the form that v1 gave them."""
    assert use.receiver is not None
    listed = f"{to.source(use.receiver)}.list_properties_of_secrets()"
    return Replace(f'[{{"name": secret.name}} for secret in {listed}]')


@rule.converts("Keyvault.get_secrets")
def get_secrets(use: Use, to: Rewriter) -> Outcome:
    """Several values at once."""
    names = use.argument("secrets", position=0)
    if names is None or use.receiver is None:
        return Leave("names are needed")
    vault = to.source(use.receiver)
    return Replace(f"{{name: {vault}.get_secret(name).value for name in {to.source(names)}}}")


@rule.converts("Keyvault.set_secrets")
def set_secrets(use: Use, to: Rewriter) -> Outcome:
    """Several new values at once."""
    values = use.argument("secrets_batch", position=0)
    if values is None or use.receiver is None or not isinstance(use.statement, ast.Expr):
        return Leave("call set_secret for each secret")
    vault = to.source(use.receiver)
    return Replace(f"[{vault}.set_secret(name, value) for name, value in {to.source(values)}.items()]")
