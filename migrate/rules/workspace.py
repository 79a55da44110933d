"""Workspaces become clients: ``Workspace`` -> ``MLClient``.

``Workspace.from_config()`` and ``Workspace.get()`` give an ``MLClient`` that signs in with
``DefaultAzureCredential``. The variable becomes ``ml_client`` where it was called ``ws`` or ``workspace`` and holds
nothing else. ``Workspace(**settings)`` reads the three parts of the address from a dict that only the running code
knows. ``get_details()`` becomes the workspace's entity: its entries are attributes.
"""

from __future__ import annotations

import ast
import json
import posixpath

from amlbridge.migrate.analysis.functions import default_of
from amlbridge.migrate.analysis.keywords import opened_dict
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.mixtures.new_clients import job_fact
from amlbridge.migrate.models.code.optional_imports import annotating, asked_for
from amlbridge.migrate.models.code.workspace_details import asked_of, entry_of, read_entries
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import CLIENT, CONNECTED, Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

rule = Rule(
    "workspace",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace

ws = Workspace.from_config()
print(ws.name, ws.resource_group)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
print(ml_client.workspace_name, ml_client.resource_group_name)
""",
        ),
        Case(
            """\
from azureml.core import Workspace

workspace = Workspace.get("ml", subscription_id=SUBSCRIPTION, resource_group="rg")
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient(
    credential=DefaultAzureCredential(),
    subscription_id=SUBSCRIPTION,
    resource_group_name="rg",
    workspace_name="ml",
)
""",
            "A workspace that is named in code",
        ),
    ],
)


def _auth(use: Use) -> ast.expr | None:
    return use.argument("auth", position=3 if use.symbol == "Workspace" else 1)


def credential_of(use: Use, to: Rewriter) -> ast.expr | None:
    """The credential that a workspace is made with; None where that is the default one, or cannot be told."""
    auth = _auth(use) if use.call is not None else None
    return auth if auth is not None and _signs_in(auth, to) and not _may_be_none(auth, to) else None


def _credential(use: Use, to: Rewriter) -> str:
    auth, default = _auth(use), "DefaultAzureCredential"
    if auth is None or not _signs_in(auth, to):
        return f"{to.need('azure.identity', default)}()"
    code = to.source(auth)
    # None is the default sign-in for SDK v1, and an error for an MLClient.
    return f"{code} or {to.need('azure.identity', default)}()" if _may_be_none(auth, to) else code


def _signs_in(auth: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is a credential: one of SDK v1, or one of azure.identity already."""
    if to.evaluator.type_of(auth) in CREDENTIALS:
        return True
    scopes = to.evaluator.scopes
    bound = scopes.bindings_of(auth)
    calls = [binding.value for binding in bound] if bound else [auth]
    called = [call.func for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
    imported = [binding.statement for name in called for binding in scopes.bindings_of(name)]
    modules = {statement.module for statement in imported if isinstance(statement, ast.ImportFrom)}
    return len(called) == len(calls) and modules == {"azure.identity"}


def _may_be_none(auth: ast.expr, to: Rewriter) -> bool:
    """Whether one of the values that a variable may have is None: ``except KeyError: auth = None``."""
    bound = to.evaluator.scopes.bindings_of(auth)
    return any(_is_none(_value(binding)) for binding in bound)


def _value(binding: Binding) -> ast.expr | None:
    function = binding.scope.node
    if binding.kind == "parameter" and isinstance(function, FUNCTIONS):
        return default_of(function.args, binding.name)
    return binding.value if binding.kind == "assign" else None


def _is_none(value: ast.expr | None) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_none(value.body) or _is_none(value.orelse)
    return value is not None and is_none(value)


def _unknown(use: Use, to: Rewriter) -> str:
    """What to check where it is not known what signs in."""
    auth = _auth(use)
    known = auth is None or _signs_in(auth, to)
    nothing = auth is not None and is_none(auth)
    return "" if known or nothing else "DefaultAzureCredential signs in: what `auth` is cannot be told here"


@rule.converts("Workspace.from_config")
def from_config(use: Use, to: Rewriter) -> Outcome:
    """The configuration file has the same format and is looked for in the same places."""
    arguments = [f"credential={_credential(use, to)}"]
    path = use.argument("path", position=0)
    if path is not None:
        arguments.append(f"path={to.source(path)}")
    name = use.argument("_file_name", "file_name")
    if name is not None:
        arguments.append(f"file_name={to.source(name)}")
    return Replace(f"{to.need('azure.ai.ml', 'MLClient')}.from_config({', '.join(arguments)})", _unknown(use, to))


@rule.converts("Workspace.setup")
def setup(use: Use, to: Rewriter) -> Outcome:
    """What the first versions of SDK v1 called from_config, and creating, where arguments are given."""
    if use.call is None or use.arguments():
        return Leave(
            "get the workspace with MLClient, or make it with ml_client.workspaces.begin_create(Workspace(...))"
        )
    client, credential = to.need("azure.ai.ml", "MLClient"), _credential(use, to)
    return Replace(f"{client}.from_config(credential={credential})", "assumed that there is a file config.json")


@rule.converts("Workspace", "Workspace.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """``Workspace(subscription_id, resource_group, workspace_name)`` and ``Workspace.get(name, ...)``."""
    is_get = use.symbol == "Workspace.get"
    if use.call is None:  # an annotation, isinstance(...)
        of_v2 = to.need("azure.ai.ml", "MLClient")
        return Replace(asked_for(use.node, of_v2, to) or annotating(use.node, of_v2, to))
    opened = opened_dict(use)
    if opened is not None:
        return _of_dict(use, to.source(opened), to)
    subscription = use.argument("subscription_id", position=2 if is_get else 0)
    group = use.argument("resource_group", position=3 if is_get else 1)
    name = use.argument("name", "workspace_name", position=0 if is_get else 2)
    if name is None:
        return Leave("say which workspace: a name is needed")
    client, credential = to.need("azure.ai.ml", "MLClient"), _credential(use, to)
    where, review = _given(group, "resource group", to), ""
    if is_none(subscription):
        review = _SEARCHED
    elif is_none(group) and subscription is not None:
        found = f'{client}({credential}, {to.source(subscription)}).workspaces.list(scope="subscription")'
        where = f"next(item.resource_group for item in {found} if item.name == {to.source(name)})"
        review = "as SDK v1 did, this looks for the workspace in the subscription: better say its resource group"
    parts = [
        f"credential={credential}",
        f"subscription_id={_given(subscription, 'subscription id', to)}",
        f"resource_group_name={where}",
        f"workspace_name={to.source(name)}",
    ]
    review = together([review, _unknown(use, to)])
    code = f"{client}({', '.join(parts)})"
    return _asked_for(use, code, review, to) or Replace(code, review)


_OPENED = (
    "the address of the workspace is read of {}, which has to have these three keys; what else it has, as `auth`, is "
    "not read"
)


def _of_dict(use: Use, there: str, to: Rewriter) -> Outcome:
    """A workspace whose address only the running code knows, in a dict that has the keys that SDK v1 wants."""
    name = "name" if use.symbol == "Workspace.get" else "workspace_name"
    client, default = to.need("azure.ai.ml", "MLClient"), to.need("azure.identity", "DefaultAzureCredential")
    parts = [
        f"credential={default}()",
        f'subscription_id={there}["subscription_id"]',
        f'resource_group_name={there}["resource_group"]',
        f'workspace_name={there}["{name}"]',
    ]
    code, review = f"{client}({', '.join(parts)})", _OPENED.format(there)
    return _asked_for(use, code, review, to) or Replace(code, review)


_SEARCHED = (
    "give the subscription and the resource group: SDK v1 looked for the workspace in all that you have access to, "
    "an MLClient does not"
)


def _given(node: ast.expr | None, what: str, to: Rewriter) -> str:
    """Code for a part of the workspace's address; a text to replace where SDK v1 looked for it."""
    return f'"<{what}>"' if node is None or is_none(node) else to.source(node)


def _asked_for(use: Use, code: str, assumed: str, to: Rewriter) -> Outcome | None:
    """A workspace that may not be there: SDK v1 asked for it at once, an MLClient does not. None outside of a try."""
    scopes, statement = to.evaluator.scopes, use.statement
    tried = [node for node in scopes.ancestors(use.node) if isinstance(node, ast.Try)]
    if not tried or not any(statement in list(ast.walk(part)) for part in tried[0].body):
        return None
    whole = isinstance(statement, (ast.Assign, ast.Return)) and statement.value is use.node
    if not whole:
        return None
    review = "an MLClient does not ask whether its workspace is there: the next line does"
    review = together([assumed, review])
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        name = to.source(statement.targets[0])
        to.after(statement, f"{name}.workspaces.get({name}.workspace_name)")
        return Replace(code, review)
    if isinstance(statement, ast.Return):
        name = to.fresh(CLIENT)
        return Statements(f"{name} = {code}\n{name}.workspaces.get({name}.workspace_name)\nreturn {name}", review)
    return None


@rule.converts("Workspace.create")
def create(use: Use, to: Rewriter) -> Outcome:
    """Creates a workspace, and connects to it."""
    name, subscription = use.argument("name", position=0), use.argument("subscription_id", position=2)
    group, location = use.argument("resource_group", position=3), use.argument("location", position=4)
    if name is None or subscription is None or group is None:
        return Leave("a workspace needs a name, a subscription and a resource group")
    client, credential = to.need("azure.ai.ml", "MLClient"), _credential(use, to)
    there = (
        f"credential={credential}, subscription_id={to.source(subscription)}, resource_group_name={to.source(group)}"
    )
    where = f", location={to.source(location)}" if location is not None else ""
    code = f"{client}({there}, workspace_name={to.source(name)})"
    if use.node in to.attempt.both:  # SDK v1 has made it in the line above
        return Replace(code)
    made = f"{to.need('azure.ai.ml.entities', 'Workspace')}(name={to.source(name)}{where})"
    to.before(use.statement, f"{client}({there}).workspaces.begin_create({made}).result()")
    return Replace(code, "the resource group has to exist before")


#: Property of a workspace -> what a client has for it.
_PROPERTIES = {
    "name": "{}.workspace_name",
    "resource_group": "{}.resource_group_name",
    "subscription_id": "{}.subscription_id",
    "location": "{0}.workspaces.get({0}.workspace_name).location",
    "get_mlflow_tracking_uri": "{0}.workspaces.get({0}.workspace_name).mlflow_tracking_uri",
}


@rule.converts(*(f"Workspace.{name}" for name in ("name", "resource_group", "subscription_id", "location")))
@rule.converts("Workspace.get_mlflow_tracking_uri")
def read(use: Use, to: Rewriter) -> Outcome:
    """A property of the workspace."""
    assert use.receiver is not None
    value = to.evaluator.value(use.receiver)
    if isinstance(value, Instance) and to.is_kept_here(value):
        return CONNECTED
    if fact := job_fact(use, to):
        return Replace(fact)
    template = _PROPERTIES[use.symbol.rsplit(".", 1)[1]]
    client = to.client(use.node, use.receiver)
    if isinstance(value, Instance) and value.origin in to.attempt.kept and not client.isidentifier():
        return CONNECTED
    return Replace(template.format(client))


@rule.idiom
def detail(node: ast.expr, to: Rewriter) -> Replace | None:
    """One entry of the details: ``ws.get_details()["storageAccount"]``."""
    use = asked_of(node, to)
    if use is None or use.receiver is None:
        return None
    value = to.evaluator.value(use.receiver)
    found = entry_of(use.node, to)
    if found is None or found[0] is not node or (isinstance(value, Instance) and value.origin in to.attempt.kept):
        return None
    client = to.client(use.node, use.receiver)
    return Replace(f"{client}.workspaces.get({client}.workspace_name).{found[1]}")


@rule.converts("Workspace.get_details")
def details(use: Use, to: Rewriter) -> Outcome:
    """The workspace's entity."""
    assert use.receiver is not None
    if isinstance(to.evaluator.scopes.parents.get(use.node), (ast.Subscript, ast.Attribute)):
        return Leave("read it of the workspace's entity: ml_client.workspaces.get(ml_client.workspace_name)")
    client = to.client(use.node, use.receiver)
    read_entries(use, to)
    return Replace(f"{client}.workspaces.get({client}.workspace_name)", "an entity with attributes instead of a dict")


@rule.converts("Workspace.write_config")
def write_config(use: Use, to: Rewriter) -> Outcome:
    """The configuration file has the same format and place, where both SDKs find it; SDK v2 does not write it."""
    assert use.receiver is not None
    if not use.is_statement:
        return Leave("call write_config in a statement of its own")
    client = to.client(use.node, use.receiver)
    json_, os_ = to.need_module("json"), to.need_module("os")
    folder = _folder_of_configuration(use.argument("path", position=0), to)
    file = _file_of_configuration(use.argument("file_name", position=1), to)
    texts = [part[1:-1] for part in (folder, file) if part.startswith('"')]
    place = json.dumps(posixpath.join(*texts)) if len(texts) == 2 else f"{os_}.path.join({folder}, {file})"
    content = ", ".join(
        f'"{key}": {client}.{attribute}'
        for key, attribute in (
            ("subscription_id", "subscription_id"),
            ("resource_group", "resource_group_name"),
            ("workspace_name", "workspace_name"),
        )
    )
    file = to.fresh("config")
    made = f"{os_}.makedirs({folder}, exist_ok=True)"
    return Statements(f'{made}\nwith open({place}, "w") as {file}:\n    {json_}.dump({{{content}}}, {file})')


#: The folders that both SDKs look for configuration files in.
_FOLDERS = (".azureml", "aml_config")


def _folder_of_configuration(path: ast.expr | None, to: Rewriter) -> str:
    """Code of the folder that the file goes to: one below the path, unless that is such a folder itself."""
    text = to.evaluator.text(path) if path is not None else "."
    if path is not None and text is None:
        return f'{to.need_module("os")}.path.join({to.source(path)}, "{_FOLDERS[0]}")'
    folder = posixpath.normpath(text or ".")
    return json.dumps(
        folder if posixpath.basename(folder) in _FOLDERS else posixpath.normpath(f"{folder}/{_FOLDERS[0]}")
    )


def _file_of_configuration(name: ast.expr | None, to: Rewriter) -> str:
    """Code of the name of the file, which SDK v1 adds ".json" to."""
    text = to.evaluator.text(name) if name is not None else "config.json"
    if name is not None and text is None:
        return to.source(name)
    return json.dumps(text if str(text).endswith(".json") else f"{text}.json")


#: Types of credential objects after their conversion (rule authentication).
CREDENTIALS = frozenset(
    {
        "AbstractAuthentication",
        "InteractiveLoginAuthentication",
        "ServicePrincipalAuthentication",
        "AzureCliAuthentication",
        "MsiAuthentication",
    }
    | {"TokenAuthentication"}
)
