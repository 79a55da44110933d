"""Credentials: the classes of ``azureml.core.authentication`` become those of ``azure.identity``.

A service principal is a ``ClientSecretCredential``, the Azure CLI ``AzureCliCredential``, a managed identity
``ManagedIdentityCredential``; interactive login is ``InteractiveBrowserCredential`` for a tenant, else the default.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "authentication",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.authentication import ServicePrincipalAuthentication

auth = ServicePrincipalAuthentication(
    tenant_id=TENANT, service_principal_id=ID, service_principal_password=SECRET
)
ws = Workspace.from_config(auth=auth)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential

auth = ClientSecretCredential(tenant_id=TENANT, client_id=ID, client_secret=SECRET)
ml_client = MLClient.from_config(credential=auth)
""",
        ),
    ],
)

_HEADER = '{{"Authorization": "Bearer " + {}.get_token("https://management.azure.com/.default").token}}'


@rule.converts("ServicePrincipalAuthentication")
def service_principal(use: Use, to: Rewriter) -> Outcome:
    """A client id and a secret."""
    name = to.need("azure.identity", "ClientSecretCredential")
    if use.call is None:
        return Replace(name)
    keywords = (
        ("tenant_id", ("tenant_id",)),
        ("client_id", ("service_principal_id",)),
        ("client_secret", ("service_principal_password",)),
    )
    parts = []
    for position, (new, old) in enumerate(keywords):
        value = use.argument(*old, position=position)
        if value is not None:
            parts.append(f"{new}={to.source(value)}")
    return Replace(f"{name}({', '.join(parts)})")


@rule.converts("InteractiveLoginAuthentication")
def interactive(use: Use, to: Rewriter) -> Outcome:
    """A browser that opens; elsewhere, whatever the machine is signed in with."""
    if use.call is None:
        return Replace(to.need("azure.identity", "InteractiveBrowserCredential"))
    tenant = use.argument("tenant_id", position=1)
    if tenant is not None:
        return Replace(f"{to.need('azure.identity', 'InteractiveBrowserCredential')}(tenant_id={to.source(tenant)})")
    return Replace(f"{to.need('azure.identity', 'DefaultAzureCredential')}()")


@rule.converts("AzureCliAuthentication")
def cli(use: Use, to: Rewriter) -> Outcome:
    """The sign-in of the Azure CLI."""
    name = to.need("azure.identity", "AzureCliCredential")
    return Replace(f"{name}()" if use.call is not None else name)


@rule.converts("MsiAuthentication")
def managed_identity(use: Use, to: Rewriter) -> Outcome:
    """A managed identity."""
    name = to.need("azure.identity", "ManagedIdentityCredential")
    return Replace(f"{name}()" if use.call is not None else name)


@rule.converts(
    *(
        f"{kind}.get_authentication_header"
        for kind in (
            "InteractiveLoginAuthentication",
            "ServicePrincipalAuthentication",
            "AzureCliAuthentication",
            "MsiAuthentication",
        )
    )
)
def header(use: Use, to: Rewriter) -> Outcome:
    """The header of a REST call."""
    assert use.receiver is not None
    return Replace(_HEADER.format(to.source(use.receiver)))
