"""Datastores: found with ``datastores.get``, registered as entities; uploads become data assets or go up with fsspec.

SDK v2 has no ``datastore.upload``: files go up with the data asset that names them, which is one file or one folder:
several files of a folder are copied into a folder of their own. Where the code behind an upload reads what it uploads,
a path below the target becomes a path of that asset. Where others may read it, the files go to the same path of the
datastore, with fsspec and the package azureml-fsspec: what is there already stays (``APPEND``), unless it was
overwritten before.
"""

from __future__ import annotations

import ast
import json
import posixpath

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.caught import key_errors, refused_requests
from amlbridge.migrate.models.code.lookups import is_tested
from amlbridge.migrate.models.datasets.chosen_files import gathered
from amlbridge.migrate.models.datasets.data import reference_kind
from amlbridge.migrate.models.datasets.datastore_uploads import is_asset, store_of, upload_to_path
from amlbridge.migrate.models.datasets.paths import (
    chosen_default,
    datastore_path,
    store_argument,
    upload_name,
    upload_target,
)
from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import by_name

rule = Rule(
    "datastores",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Datastore, Workspace

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
raw = Datastore.get(ws, "raw")
print(datastore.name, raw.container_name)
datastore.upload(src_dir="data", target_path="titanic", overwrite=True)
dataset = Dataset.File.from_files(path=(datastore, "titanic"))
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Data
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
datastore = ml_client.datastores.get_default()
raw = ml_client.datastores.get("raw")
print(datastore.name, raw.container_name)
titanic_files = ml_client.data.create_or_update(
    Data(name="titanic_files", path="data", type="uri_folder")
)
dataset = Data(path=titanic_files.path, type="uri_folder")
""",
        ),
        Case(
            """\
from azureml.core import Datastore, Workspace

ws = Workspace.from_config()
raw = Datastore.get(ws, "raw")
raw.upload("data", target_path="titanic/2026", overwrite=True)
raw.upload_files(["notes.txt", "licence.txt"], target_path="titanic")
""",
            """\
import fsspec
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
raw = ml_client.datastores.get("raw")
raw_fs = fsspec.filesystem("azureml", uri=f"azureml:/{raw.id}")
raw_fs.upload(
    lpath="data", rpath="titanic/2026", recursive=True, overwrite="MERGE_WITH_OVERWRITE"
)
for file in ["notes.txt", "licence.txt"]:
    raw_fs.upload(lpath=file, rpath="titanic", overwrite="APPEND")
""",
            title="Files that other code reads",
        ),
    ],
)


@rule.converts("Workspace.get_default_datastore", "Datastore.get_default")
def default(use: Use, to: Rewriter) -> Outcome:
    """The default datastore; the one that the module has made the default before, by its name."""
    workspace = use.receiver if use.receiver is not None else use.argument("workspace", position=0)
    datastores = f"{to.client(use.node, workspace)}.datastores"
    chosen = chosen_default(use, to)
    if chosen is not None:
        found = to.source(chosen[0])
        return Replace(f"{datastores}.get({found})" if chosen[1] else found, _DEFAULT)
    return Replace(f"{datastores}.get_default()")


@rule.converts("Datastore.get", "Datastore", "AbstractDatastore", "AbstractAzureStorageDatastore")
def get(use: Use, to: Rewriter) -> Outcome:
    """A registered datastore."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Datastore"))
    name = use.argument("datastore_name", "name", position=1)
    if name is None:
        return Leave("a datastore needs a name")
    refused_requests(use, to)
    return Replace(f"{to.client(use.node, use.argument('workspace', position=0))}.datastores.get({to.source(name)})")


@rule.converts("Workspace.datastores[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """One datastore of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to)
    return Replace(f"{to.client(use.node, use.receiver)}.datastores.get({to.source(use.node.slice)})")


@rule.converts("Workspace.datastores")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All datastores, by name; ``ws.datastores.get(name)`` reads the same in both SDKs."""
    method = to.evaluator.scopes.parents.get(use.node)
    call = to.evaluator.scopes.parents.get(method) if method is not None else None
    found = isinstance(method, ast.Attribute) and method.attr == "get"
    if found and isinstance(call, ast.Call) and call.func is method and len(call.args) == 1:
        review = "a datastore that is not there raises ResourceNotFoundError now; it was None"
        return Replace(f"{to.client(use.node, use.receiver)}.datastores", review)
    return Replace(by_name(use, to, f"{to.client(use.node, use.receiver)}.datastores.list()", "datastore"))


@rule.idiom
def get_or_none(node: ast.expr, to: Rewriter) -> Replace | None:
    """``ws.datastores.get("x")`` of which code asks whether there is such a datastore."""
    function = node.func if isinstance(node, ast.Call) else None
    inner = function.value if isinstance(function, ast.Attribute) and function.attr == "get" else None
    if not isinstance(node, ast.Call) or not isinstance(inner, ast.Attribute) or inner.attr != "datastores":
        return None
    workspace = to.evaluator.value(inner.value)
    if not isinstance(workspace, Instance) or workspace.type != "Workspace" or len(node.args) != 1 or node.keywords:
        return None
    if not isinstance(workspace.origin, ast.Call):
        return None  # a parameter may hold a client already, which has the same method
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, ast.Expr) or not is_tested(node, to):
        return None
    client, name = to.client(node, inner.value), to.source(node.args[0])
    is_there = f"{name} in [datastore.name for datastore in {client}.datastores.list()]"
    if isinstance(parent, (ast.If, ast.While)):
        return Replace(is_there)
    code = f"{client}.datastores.get({name}) if {is_there} else None"
    return Replace(code if isinstance(parent, (ast.Assign, ast.Return)) else f"({code})")


_DEFAULT = "SDK v2 cannot change the default datastore: this code names it, for others choose it in the studio"


@rule.converts("Workspace.set_default_datastore", "Datastore.set_as_default")
def set_default(use: Use, to: Rewriter) -> Outcome:
    """The default cannot be changed from SDK v2: what asks for it afterwards names the datastore."""
    if not use.is_statement:
        return Leave("SDK v2 cannot change the default datastore: name the datastore in paths", Status.NO_EQUIVALENT)
    return Statements("", _DEFAULT)


@rule.converts(*(f"Datastore.{name}" for name in ("name", "account_name", "container_name", "endpoint", "protocol")))
def read(use: Use, to: Rewriter) -> Outcome:
    """The same attribute."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1]}")


@rule.converts("Datastore.unregister")
def unregister(use: Use, to: Rewriter) -> Outcome:
    """Takes the datastore from the workspace; its files stay."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.datastores.delete({to.source(use.receiver)}.name)")


@rule.converts("Datastore.datastore_type")
def kind(use: Use, to: Rewriter) -> Outcome:
    """The type."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.type")


@rule.converts("Datastore.upload", "Datastore.upload_files")
def upload(use: Use, to: Rewriter) -> Outcome:
    """Files that go up become a data asset, or go to the same path."""
    files = use.symbol.endswith("upload_files")
    source = use.argument("files", "src_dir", position=0)
    if source is None:
        return Leave("nothing is uploaded")
    if use.is_statement and not is_asset(use, to):
        return upload_to_path(use, source, to)
    path, kind, review = to.source(source), "uri_folder", ""
    if files:
        chosen = gathered(use, source, to)
        path, kind, review = (chosen, kind, "") if chosen is not None else _files(source, to)
    return uploaded(use, path, kind, review, to)


_ELSEWHERE = "the files go up with the data asset, not to this path: what reads the path has to read those of the asset"


def uploaded(use: Use, path: str, kind: str, review: str, to: Rewriter) -> Outcome:
    """The data asset of files that go up, named after where they went."""
    target = upload_target(use, to)
    text = to.evaluator.text(target) if target is not None else ""
    name = to.fresh(upload_name(text or ""))
    data = to.need("azure.ai.ml.entities", "Data")
    entity = f'{data}(name="{name}", path={path}, type="{kind}"{store_argument(store_of(use, to), to)})'
    code = f"{to.client(use.node)}.data.create_or_update({entity})"
    if not is_asset(use, to):
        review = review or _ELSEWHERE
    if use.is_statement:
        to.memory["upload", use.node] = name
        return Statements(f"{name} = {code}", review)
    if isinstance(use.statement, ast.Assign) and isinstance(use.statement.targets[0], ast.Name):
        to.memory["upload", use.node] = use.statement.targets[0].id
    return Replace(code, review)


def _files(source: ast.expr, to: Rewriter) -> tuple[str, str, str]:
    """The path, type and review of several files: one of them alone, or the folder that has them all."""
    elements = list_elements(source, to)
    if len(elements) == 1 and not isinstance(elements[0], ast.Starred):
        return to.source(elements[0]), "uri_file", ""
    review = "the whole folder of these files is uploaded"
    texts = [to.evaluator.text(element) for element in elements]
    if elements and all(texts):
        folders = [posixpath.dirname(text) or "." for text in map(str, texts)]
        return f'"{posixpath.commonpath(folders) or "."}"', "uri_folder", review
    path = f"{to.need_module('os')}.path"
    folders_of = f"[{path}.dirname({path}.abspath(file)) for file in {to.source(source)}]"
    return f"{path}.commonpath({folders_of})", "uri_folder", review


@rule.converts("Datastore.path")
def path(use: Use, to: Rewriter) -> Outcome:
    """A path of a datastore as an input."""
    assert use.receiver is not None
    inside = use.argument("path", position=0)
    address = datastore_path(use.receiver, inside, to)
    return Replace(f'{to.need("azure.ai.ml", "Input")}(type="{reference_kind(use, to)}", path={address})')


@rule.converts("Datastore.as_mount", "Datastore.as_download")
def whole(use: Use, to: Rewriter) -> Outcome:
    """All of a datastore as an input."""
    assert use.receiver is not None
    address = datastore_path(use.receiver, None, to)
    mode = "ro_mount" if use.symbol.endswith("as_mount") else "download"
    code = f'{to.need("azure.ai.ml", "Input")}(type="uri_folder", path={address}, mode="{mode}")'
    return Replace(code)


@rule.converts("AzureBlobDatastore", "AzureFileDatastore", "AzureDataLakeGen2Datastore")
def entity(use: Use, to: Rewriter) -> Outcome:
    """The class of a kind of datastores, in an annotation or a check."""
    if use.call is not None:
        return Leave("get the datastore with ml_client.datastores.get(name)")
    return Replace(to.need("azure.ai.ml.entities", use.symbol))


@rule.converts("DataReference", "DataPath")
def reference(use: Use, to: Rewriter) -> Outcome:
    """A path of a datastore as an input."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml", "Input"))
    store = use.argument("datastore", position=0)
    inside = use.argument("path_on_datastore", position=2 if use.symbol == "DataReference" else 1)
    if store is None:
        return Leave("a datastore is needed")
    address = datastore_path(store, inside, to)
    mode = use.argument("mode", position=3)
    text = {"mount": "ro_mount", "download": "download"}.get(to.evaluator.text(mode) or "" if mode is not None else "")
    extra = f', mode="{text}"' if text else ""
    return Replace(f'{to.need("azure.ai.ml", "Input")}(type="{reference_kind(use, to)}", path={address}{extra})')


@rule.converts("DataReference.as_mount", "DataReference.as_download", "DataReference.path", "DataReference.as_upload")
def mode(use: Use, to: Rewriter) -> Outcome:
    """How an input is read."""
    assert use.receiver is not None
    if use.symbol.endswith(".path"):
        return Leave("write the whole path in the call of datastore.path")
    return Replace(to.source(use.receiver), "the mode is in Input(mode=...)")


@rule.converts("DataReferenceConfiguration")
def reference_configuration(use: Use, to: Rewriter) -> Outcome:
    """The same, where a run configuration gets it."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml", "Input"))
    name, inside = use.argument("datastore_name", position=0), use.argument("path_on_datastore", position=2)
    if name is None:
        return Leave("a datastore is needed")
    store = name.value if isinstance(name, ast.Attribute) and name.attr == "name" else None
    if store is not None and "Datastore" in lineage(to.evaluator.type_of(store) or ""):
        address = datastore_path(store, inside, to)
    else:
        folder = to.source(inside) if inside is not None else '""'
        address = f'f"azureml://datastores/{{{to.source(name)}}}/paths/{{{folder}}}"'
        known = (to.evaluator.text(name), to.evaluator.text(inside) if inside is not None else "")
        if None not in known:
            address = json.dumps(f"azureml://datastores/{known[0]}/paths/{known[1]}")
    wanted = use.argument("mode", position=1)
    text = to.evaluator.text(wanted) if wanted is not None else "mount"
    mode = {"mount": ', mode="ro_mount"', "download": ', mode="download"'}.get(text or "", "")
    return Replace(f'{to.need("azure.ai.ml", "Input")}(type="{reference_kind(use, to)}", path={address}{mode})')


@rule.converts("DataReference.to_config")
def configuration(use: Use, to: Rewriter) -> Outcome:
    """The input is what a job takes."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver))


@rule.converts("DataReference.data_reference_name", "DataReference.path_on_datastore")
def read_reference(use: Use, to: Rewriter) -> Outcome:
    """What the reference was made with: an input has no name, and its path names the datastore as well."""
    made, name = to.maker(use.receiver), use.symbol.rsplit(".", 1)[1]
    given = made.argument(name, position={"data_reference_name": 1}.get(name, 2)) if made is not None else None
    text = to.evaluator.text(given) if given is not None and made is not None and made.call is not None else None
    if text is None and _names_reference(use):
        return Replace('"data"')
    if text is None:
        return Leave(f"what was given as {name} cannot be told: keep it in a variable of its own")
    return Replace(json.dumps(text, ensure_ascii=False))


def _names_reference(use: Use) -> bool:
    """Whether the name is only a key of ``run_config.data_references``, of which nothing is left."""
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    kept = target.value if isinstance(target, ast.Subscript) else target
    return use.symbol.endswith("name") and isinstance(kept, ast.Attribute) and kept.attr == "data_references"


@rule.converts("DataPathComputeBinding")
def binding(use: Use, to: Rewriter) -> Outcome:
    """The mode is in the input."""
    return Replace("None")


#: What registers a datastore -> (entity, credential entity, pairs of old and new keywords).
_REGISTERED = {
    "Datastore.register_azure_blob_container": (
        "AzureBlobDatastore",
        (("container_name", "container_name"), ("account_name", "account_name"), ("protocol", "protocol")),
    ),
    "Datastore.register_azure_file_share": (
        "AzureFileDatastore",
        (("file_share_name", "file_share_name"), ("account_name", "account_name"), ("protocol", "protocol")),
    ),
    "Datastore.register_azure_data_lake_gen2": (
        "AzureDataLakeGen2Datastore",
        (("filesystem", "filesystem"), ("account_name", "account_name"), ("protocol", "protocol")),
    ),
    "Datastore.register_azure_data_lake": ("AzureDataLakeGen1Datastore", (("store_name", "store_name"),)),
}


@rule.converts(*_REGISTERED)
def register(use: Use, to: Rewriter) -> Outcome:
    """Registers a datastore of an Azure storage account."""
    kind, pairs = _REGISTERED[use.symbol]
    name = use.argument("datastore_name", position=1)
    if name is None:
        return Leave("a datastore needs a name")
    parts = [f"name={to.source(name)}"]
    positions = {"container_name": 2, "file_share_name": 2, "filesystem": 2, "store_name": 2, "account_name": 3}
    for old, new in pairs:
        value = use.argument(old, position=positions.get(old))
        if value is not None:
            parts.append(f"{new}={to.source(value)}")
    credentials = _credentials(use, to)
    if credentials:
        parts.append(f"credentials={credentials}")
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.datastores.create_or_update({to.need('azure.ai.ml.entities', kind)}({', '.join(parts)}))")


def _credentials(use: Use, to: Rewriter) -> str:
    given = (use.passed(name) for name in ("account_key", "sas_token", "client_secret"))
    # An empty key is none for SDK v1.
    key, token, secret = (None if isinstance(one, ast.Constant) and one.value == "" else one for one in given)
    if key is not None:
        return f"{to.need('azure.ai.ml.entities', 'AccountKeyConfiguration')}(account_key={to.source(key)})"
    if token is not None:
        return f"{to.need('azure.ai.ml.entities', 'SasTokenConfiguration')}(sas_token={to.source(token)})"
    if secret is not None:
        parts = [
            f"{name}={to.source(value)}"
            for name in ("tenant_id", "client_id", "client_secret")
            if (value := use.argument(name)) is not None
        ]
        return f"{to.need('azure.ai.ml.entities', 'ServicePrincipalConfiguration')}({', '.join(parts)})"
    return ""


@rule.converts(
    "Datastore.register_azure_sql_database", "Datastore.register_azure_postgre_sql", "Datastore.register_azure_my_sql"
)
def register_database(use: Use, to: Rewriter) -> Outcome:
    """Databases are no datastores in SDK v2."""
    return Leave("SDK v2 has no database datastores: export the query to blob storage", Status.NO_EQUIVALENT)
