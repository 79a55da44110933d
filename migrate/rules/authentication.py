"""Credentials: the classes of ``azureml.core.authentication`` become those of ``azure.identity``.

A service principal is a ``ClientSecretCredential``, the Azure CLI ``AzureCliCredential``, a managed identity
``ManagedIdentityCredential``; interactive login is ``InteractiveBrowserCredential`` for a tenant, else the default.
A function that gives tokens, ``TokenAuthentication``, gets a class around it: a credential has ``get_token``, which
names the scope that SDK v1 always took, that of the Resource Manager, where the code names none.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.keywords import opened_dict
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.pipelines.rest_calls import ANSWER, calls_endpoints
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
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
        Case(
            """\
from azureml.core import Workspace
from azureml.core.authentication import Audience, TokenAuthentication

auth = TokenAuthentication(get_token_for_audience=ask)
ws = Workspace.from_config(auth=auth)
token = auth.get_token(Audience.ARM)
""",
            """\
import time
from azure.ai.ml import MLClient
from azure.core.credentials import AccessToken

class TokenCredential:
    def get_token(self, *scopes, **kwargs):
        audience = scopes[0].removesuffix("/.default")
        return AccessToken(ask(audience), int(time.time()) + 600)


auth = TokenCredential()
ml_client = MLClient.from_config(credential=auth)
token = auth.get_token("https://management.azure.com/.default").token
""",
            "A function that gives tokens",
        ),
    ],
)

_CREDENTIALS = (
    *("InteractiveLoginAuthentication", "ServicePrincipalAuthentication"),
    *("AzureCliAuthentication", "MsiAuthentication"),
)
_HEADER = '{{"Authorization": "Bearer " + {}.get_token("{}").token}}'


@rule.converts("ServicePrincipalAuthentication")
def service_principal(use: Use, to: Rewriter) -> Outcome:
    """A client id and a secret."""
    name = to.need("azure.identity", "ClientSecretCredential")
    if use.call is None:
        return Replace(name)
    keywords = (
        ("tenant_id", ("tenant_id",)),
        ("client_id", ("service_principal_id", "username")),  # so old versions of SDK v1 called them
        ("client_secret", ("service_principal_password", "password")),
    )
    opened = opened_dict(use)
    if opened is not None:  # a dict that only the running code knows: it has the keys that SDK v1 wants
        there = to.source(opened)
        wanted = ", ".join(f'{new}={there}["{old[0]}"]' for new, old in keywords)
        return Replace(f"{name}({wanted})")
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


@rule.converts("AbstractAuthentication")
def any_credential(use: Use, to: Rewriter) -> Outcome:
    """What all credentials are, in annotations."""
    if use.call is not None or isinstance(to.evaluator.scopes.parents.get(use.node), ast.ClassDef):
        return Leave("write a credential: an object with get_token(*scopes) that gives an AccessToken")
    return Replace(to.need("azure.core.credentials", "TokenCredential"))


@rule.converts("MsiAuthentication")
def managed_identity(use: Use, to: Rewriter) -> Outcome:
    """A managed identity."""
    name = to.need("azure.identity", "ManagedIdentityCredential")
    return Replace(f"{name}()" if use.call is not None else name)


@rule.converts(*(f"{kind}.get_authentication_header" for kind in _CREDENTIALS))
def header(use: Use, to: Rewriter) -> Outcome:
    """The header of a REST call. Batch endpoints ask for a token of Azure ML, where published pipelines took any; what
    calls one whose address is read from a file has no other use of SDK v1 than this."""
    assert use.receiver is not None
    there = calls_endpoints(to)
    if use.is_statement:  # who cannot sign in is told here
        return Replace(f'{to.source(use.receiver)}.get_token("{_SCOPES["aml" if there else "arm"]}")')
    return Replace(_HEADER.format(to.source(use.receiver), _SCOPES["aml" if there else "arm"]), ANSWER if there else "")


@rule.converts(*(f"{kind}.get_token" for kind in _CREDENTIALS))
def access_token(use: Use, to: Rewriter) -> Outcome:
    """The token of a credential: SDK v1 gave one of the Resource Manager, whatever it was asked for."""
    assert use.receiver is not None
    asked = use.arguments()
    scopes = ", ".join(to.source(scope) for key, scope in asked.items() if isinstance(key, int))
    if any(isinstance(key, str) for key in asked):
        return Leave('ask the credential: credential.get_token("https://management.azure.com/.default")')
    named = [to.evaluator.text(scope) for scope in asked.values()]
    review = _ANY_SCOPE if named and named != [_SCOPES["arm"]] else ""
    scopes = scopes or f'"{_SCOPES["arm"]}"'
    return Replace(f"{to.source(use.receiver)}.get_token({scopes})", review)


_ANY_SCOPE = (
    "SDK v1 gave a token of https://management.azure.com/.default whatever scope it was asked for: this is one of the "
    "scope that is named"
)


#: The scope that SDK v2 asks a token of for each audience of SDK v1.
_SCOPES = {"arm": "https://management.azure.com/.default", "aml": "https://ml.azure.com/.default"}
_SCOPES |= {"ARM": _SCOPES["arm"], "AZUREML": _SCOPES["aml"]}
_ASKED = (
    "assumed that the function gives tokens for the audiences https://management.azure.com and https://ml.azure.com, "
    "which are valid for ten minutes at least: then it is asked again"
)


@rule.converts("TokenAuthentication")
def token(use: Use, to: Rewriter) -> Outcome:
    """A function of the user's that gives a token: a class with ``get_token`` that asks it."""
    asked = use.argument("get_token_for_audience", position=0)
    if use.call is None or asked is None:
        return Leave("write a credential: an object with get_token(*scopes) that gives an AccessToken")
    made, time = to.need("azure.core.credentials", "AccessToken"), to.need_module("time")
    name = to.fresh("TokenCredential")
    function = to.source(asked)
    if not isinstance(asked, (ast.Name, ast.Attribute)):
        function = f"({function})"
    to.before(
        use.statement,
        f"class {name}:\n"
        "    def get_token(self, *scopes, **kwargs):\n"
        '        audience = scopes[0].removesuffix("/.default")\n'
        f"        return {made}({function}(audience), int({time}.time()) + 600)",
    )
    return Replace(f"{name}()", _ASKED)


@rule.converts("TokenAuthentication.get_token")
def get_token(use: Use, to: Rewriter) -> Outcome:
    """The token of an audience."""
    audience = use.argument("audience", position=0)
    scope = _SCOPES.get(audience.attr) if isinstance(audience, ast.Attribute) else None
    if scope is None or use.receiver is None:
        return Leave('ask the credential: credential.get_token("https://management.azure.com/.default").token')
    return Replace(f'{to.source(use.receiver)}.get_token("{scope}").token')


@rule.converts(*(f"Audience.{name}" for name in _SCOPES))
def audience(use: Use, to: Rewriter) -> Outcome:
    """The scope of an audience."""
    return Replace(f'"{_SCOPES[use.symbol.rsplit(".", 1)[1]]}"')


@rule.converts("Audience")
def audiences(use: Use, to: Rewriter) -> Outcome:
    """The class itself."""
    return Leave('SDK v2 asks for scopes: "https://management.azure.com/.default"')
