"""Datasets become data assets: ``Dataset`` -> ``Data``, and ``Input`` where a job reads one.

A ``FileDataset`` is a ``uri_folder``, or a ``uri_file`` when it is one file. A ``TabularDataset`` is a ``uri_file``
when it is one file and no code reads tables by names that are not known before it runs, else an ``mltable``, which a
script reads with ``mltable.load``. A dataset that is not registered is the ``Data`` entity that ``register`` creates.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.models.code.caught import key_errors
from amlbridge.migrate.models.code.lookups import is_tested
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets import table_options, version_numbers
from amlbridge.migrate.models.datasets.addresses import address, list_code
from amlbridge.migrate.models.datasets.asset_names import asset_name, looked_up
from amlbridge.migrate.models.datasets.chosen_paths import chosen_path
from amlbridge.migrate.models.datasets.data import (
    ALL_FILES,
    SELECTIONS,
    files_kind,
    follow,
    input_code,
    kind_of,
    lists_files,
    several_files,
    single_file,
)
from amlbridge.migrate.models.datasets.datastore_uploads import (
    is_asset,
    is_read_at_path,
    pattern_of,
    upload_beside,
    upload_to_path,
)
from amlbridge.migrate.models.datasets.frames import TYPES, frame_code, path_code, registered_frame
from amlbridge.migrate.models.datasets.mixed_data import mixed_table
from amlbridge.migrate.models.datasets.only_read import OPENED, OPENING, is_only_read
from amlbridge.migrate.models.datasets.path_lists import AT_RUN_TIME, is_listed_elsewhere, paths_of
from amlbridge.migrate.models.datasets.paths import whole_address
from amlbridge.migrate.models.datasets.table_folders import IN_EXPRESSION, new_folder, saves_in_expression
from amlbridge.migrate.models.datasets.web_files import is_only_fetched, places, web_files
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import by_name
from amlbridge.migrate.rules.datastores import uploaded
from amlbridge.migrate.rules.open_datasets import public_table, read_frame, selected
from amlbridge.migrate.rules.run_inputs import passed_table, table_call
from amlbridge.migrate.text.trees import only_target

rule = Rule(
    "datasets",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
if "titanic" not in ws.datasets:
    table = Dataset.Tabular.from_delimited_files(
        path=(ws.get_default_datastore(), "titanic/all.csv")
    )
    table = table.register(ws, "titanic", description="who survived")
table = Dataset.get_by_name(ws, name="titanic")
print(table.name, table.version)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Data
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
if "titanic" not in [data.name for data in ml_client.data.list()]:
    table = Data(
        path="azureml://datastores/workspaceblobstore/paths/titanic/all.csv",
        type="uri_file",
    )
    table = ml_client.data.create_or_update(
        Data(
            name="titanic", description="who survived", path=table.path, type=table.type
        )
    )
table = ml_client.data.get("titanic", label="latest")
print(table.name, table.version)
""",
        ),
        Case(
            """\
from azureml.core import Dataset

files = Dataset.File.from_files(["https://example.org/a.gz", "https://example.org/b.gz"])
""",
            """\
import mltable
from azure.ai.ml.entities import Data

mltable.from_paths(
    paths=[{"file": "https://example.org/a.gz"}, {"file": "https://example.org/b.gz"}]
).save("files_mltable")
files = Data(path="files_mltable", type="mltable")
""",
            "Files at several addresses",
        ),
        Case(
            """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "rows", version=1)
print(len(table.skip(1).to_pandas_dataframe()))
some = table.take_sample(0.5, seed=1).to_pandas_dataframe()
train, test = table.random_split(0.5, seed=1)
""",
            """\
import mltable
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
table = ml_client.data.get("rows", version="1")
print(len(mltable.load(table.path).skip(1).to_pandas_dataframe()))
some = mltable.load(table.path).take_random_sample(0.5, seed=1).to_pandas_dataframe()
train, test = mltable.load(table.path).random_split(0.5, seed=1)
""",
            "Selections of a table",
        ),
    ],
)


_PATHS = "reading azureml:// paths needs the package azureml-fsspec"
_SAVED = "the selection is saved as an MLTable in a folder of this machine; reading azureml:// needs azureml-fsspec"
_LISTED = (
    "a data asset has one path: the files are listed in an MLTable in a folder of this machine, which it uploads; "
    "a job that mounts it (mode eval_mount or eval_download) finds the files themselves"
)
_DELIMITED = "assumed that the file is a table with delimiters: parquet and JSON lines have functions of their own"
_TYPES = "files are taken to be a folder (uri_folder), tables an MLTable or a file"
_SPARK = "the driver of Spark reads the whole table with pandas: read large ones from their path with spark.read"
_OLD_ID = "ids of v1 datasets are unknown to SDK v2: use ml_client.data.get(name, version=...)"
_ID = "assumed that this is the id of a data asset of SDK v2 (type mltable), as data.id gives it"


@rule.converts("Dataset.get_by_name", "Dataset.get")
def get_by_name(use: Use, to: Rewriter) -> Outcome:
    """A registered dataset."""
    name = use.argument("name", position=1)
    version = use.argument("version", position=2)
    if name is None:
        return Leave("a dataset needs a name")
    which = version_numbers.asked_for(version, to)
    client = to.client(use.node, use.argument("workspace", position=0))
    called, review = looked_up(name, to)
    return Replace(f"{client}.data.get({called}, {which})", review)


@rule.converts("Workspace.datasets[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """The latest version of a dataset of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to, of_assets=True)
    called, review = looked_up(use.node.slice, to)
    return Replace(f'{to.client(use.node, use.receiver)}.data.get({called}, label="latest")', review)


@rule.converts("Workspace.datasets", "Dataset.get_all")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All datasets, by name."""
    workspace = use.receiver if use.receiver is not None else use.argument("workspace", position=0)
    client = to.client(use.node, workspace)
    code = by_name(use, to, f"{client}.data.list()", "data")
    review = _rename_compared(use, to)
    # What a list gives knows neither path nor version: each asset is asked for by its name.
    whole = re.fullmatch(r"\{(\w+)\.name: \1 for (.*)\}", code)
    if whole is None:
        return Replace(code, review)
    word, rest = whole.groups()
    return Replace(f'{{{word}.name: {client}.data.get({word}.name, label="latest") for {rest}}}', review)


def _rename_compared(use: Use, to: Rewriter) -> str:
    """Writes the name of ``"a b" in ws.datasets``, also in their keys, as SDK v2 has it; returns what to check."""
    parents = to.evaluator.scopes.parents
    node: ast.AST = use.node
    while isinstance(parent := parents.get(node), (ast.Attribute, ast.Call)) and _gives_keys(parent):
        node = parent
    if not isinstance(parent, ast.Compare) or node not in parent.comparators:
        return ""
    called, review = asset_name(parent.left, to)
    if review:
        to.rename(parent.left, called)
    return review


def _gives_keys(node: ast.Attribute | ast.Call) -> bool:
    """Whether an expression is ``datasets.keys()`` or ``list(datasets)``, or the former without the call."""
    named = node.func if isinstance(node, ast.Call) else node
    if isinstance(named, ast.Name):
        return named.id in ("list", "set", "sorted", "tuple")
    return isinstance(named, ast.Attribute) and named.attr == "keys"


#: What SDK v1's scenarios of datasets stand for.
_SCENARIOS = ("TRAINING", "VALIDATION", "INFERENCING")


@rule.converts(*(f"Dataset.Scenario.{name}" for name in _SCENARIOS))
def scenario(use: Use, to: Rewriter) -> Outcome:
    """The text that it stands for: models of SDK v2 do not record what they were trained on."""
    return Replace(f'"{use.symbol.rsplit(".", 1)[1].lower()}"')


@rule.idiom
def get(node: ast.expr, to: Rewriter) -> Replace | None:
    """``ws.datasets.get("x")``: None, or another default, where the workspace has no such dataset."""
    function = node.func if isinstance(node, ast.Call) else None
    inner = function.value if isinstance(function, ast.Attribute) and function.attr == "get" else None
    if not isinstance(node, ast.Call) or not isinstance(inner, ast.Attribute) or inner.attr != "datasets":
        return None
    if to.evaluator.type_of(inner.value) != "Workspace" or not node.args or node.keywords:
        return None
    client = to.client(node, inner.value)
    name, review = looked_up(node.args[0], to)
    found = f'{client}.data.get({name}, label="latest")'
    if len(node.args) == 1 and not is_tested(node, to):
        return Replace(found, review)
    otherwise = to.source(node.args[1]) if len(node.args) > 1 else "None"
    code = f"{found} if {name} in [data.name for data in {client}.data.list()] else {otherwise}"
    whole = isinstance(to.evaluator.scopes.parents.get(node), (ast.Assign, ast.Return))
    return Replace(code if whole else f"({code})", review)


@rule.converts("Dataset.get_by_id")
def get_by_id(use: Use, to: Rewriter) -> Outcome:
    """A table that is read is opened by the id of the v2 asset, which ends with its name and version; the ids of v1,
    which are GUIDs, say nothing to SDK v2."""
    identity = use.argument("id", position=1)
    if identity is None or to.evaluator.text(identity) is not None:
        return Leave(_OLD_ID, Status.NO_EQUIVALENT)
    passed, read = passed_table(identity, to), is_only_read(use, to)
    if passed is not None:
        return Replace(passed, "" if ".load(" in passed else _DELIMITED) if read else Leave(_OLD_ID)
    code = to.source(identity)
    if read:
        path = f'f"azureml:/{{{code}}}"' if isinstance(identity, (ast.Name, ast.Attribute)) else f'"azureml:/" + {code}'
        return Replace(f"{to.need_module('mltable')}.load({path})", _ID)
    code = code if isinstance(identity, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else f"({code})"
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f'{client}.data.get(*{code}.split("/")[-3::2])', f"{_ID}; it ends with /NAME/versions/VERSION")


@rule.converts(
    "Dataset.File.from_files",
    "Dataset.Tabular.from_delimited_files",
    "Dataset.Tabular.from_parquet_files",
    "Dataset.Tabular.from_json_lines_files",
)
def from_files(use: Use, to: Rewriter) -> Outcome:
    """Files at an address: a data entity that is not registered."""
    path = use.argument("path", position=0)
    if path is None:
        return Leave("a path is needed")
    if is_listed_elsewhere(path, to):
        return Leave(AT_RUN_TIME)
    if is_only_fetched(use, to):
        return Statements("")
    data = to.need("azure.ai.ml.entities", "Data")
    if use.symbol == "Dataset.File.from_files" and several_files(use, to):
        return _files_table(use, path, to)
    if use.symbol == "Dataset.File.from_files" or single_file(use, to):
        kind = files_kind(use, to) if use.symbol == "Dataset.File.from_files" else "uri_file"
        where = address(paths_of(path, to)[0], to)
        if kind == "uri_folder" and where[-1:] in ("'", '"'):
            where = ALL_FILES.sub("/", where[:-1]) + where[-1]
        where = whole_address(where, use, to) if _is_opened(use, to) else where
        return Replace(f'{data}(path={where}, type="{kind}")')
    mltable = to.need_module("mltable")
    form = {"delimited": "delimited", "parquet": "parquet", "json": "json_lines"}
    kind = next(value for key, value in form.items() if key in use.symbol)
    files = f"{list_code(path, use, to)}{table_options.keywords(use, to)}"
    table = f"{mltable}.from_{kind}_files(paths={files}){table_options.steps(use, to)}"
    if is_only_read(use, to):
        return Replace(table, _PATHS if "azureml://" in table else "")
    if saves_in_expression(use, to):
        return IN_EXPRESSION
    review = "the table is saved as an MLTable file in a folder of this machine, which the data asset uploads"
    folder = new_folder(_variable(use.node, to), use, to)
    to.before(use.statement, f"{table}.save({folder}{_beside(path, to)})")
    return Replace(f'{data}(path={folder}, type="mltable")', review)


def _files_table(use: Use, path: ast.expr, to: Rewriter) -> Outcome:
    """Files at several addresses: an MLTable that lists them, which a job mounts or downloads as a folder."""
    if any(isinstance(element, ast.Starred) for element in paths_of(path, to)):
        return Leave(AT_RUN_TIME)
    if saves_in_expression(use, to):
        return IN_EXPRESSION
    mltable, data = to.need_module("mltable"), to.need("azure.ai.ml.entities", "Data")
    table = f"{mltable}.from_paths(paths={list_code(path, use, to)}){table_options.steps(use, to)}"
    folder = new_folder(_variable(use.node, to), use, to)
    to.before(use.statement, f"{table}.save({folder}{_beside(path, to)})")
    return Replace(f'{data}(path={folder}, type="mltable")', _LISTED)


def _beside(path: ast.expr, to: Rewriter) -> str:
    """The argument that copies files of this machine to the table, which goes up with them."""
    texts = [to.evaluator.text(element) for element in paths_of(path, to)]
    return ", colocated=True" if any(text is not None and "://" not in text for text in texts) else ""


def _is_opened(use: Use, to: Rewriter) -> bool:
    """Whether the code itself reads the files of a dataset that is not registered."""
    members = [member.symbols[-1] for member in Objects.of(to).members(use.node)]
    return bool(OPENED.intersection(members))


def _variable(made: ast.expr, to: Rewriter) -> str:
    """What the dataset of an expression is called, also where methods follow: ``x = Dataset.….drop_columns(…)``."""
    target = Objects.of(to).variable(made)
    statement = to.evaluator.scopes.statement_of(made)
    if target is None and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        target = statement.targets[0]
    return target.id if target is not None else "table"


_VERSIONS = "SDK v2 makes a new version each time; SDK v1 kept the one it had, where that was the same"


@rule.converts("Dataset.register")
def register(use: Use, to: Rewriter) -> Outcome:
    """Registers a dataset: creates the data asset."""
    assert use.receiver is not None
    name = use.argument("name", position=1)
    if name is None:
        return Leave("a dataset needs a name")
    called, review = asset_name(name, to)
    again = use.argument("create_new_version", position=4)
    if is_false(again):
        review = together((review, _VERSIONS))
    parts = [f"name={called}"]
    for keyword, position in (("description", 2), ("tags", 3)):
        value = use.argument(keyword, position=position)
        if value is not None:
            parts.append(f"{keyword}={to.source(value)}")
    owner = to.source(use.receiver)
    if not isinstance(use.receiver, (ast.Name, ast.Attribute)):
        owner = to.fresh("dataset")
        to.before(use.statement, f"{owner} = {to.source(use.receiver)}")
    parts += [f"path={owner}.path", f"type={owner}.type"]
    client = to.client(use.node, use.argument("workspace", position=0))
    code = f"{client}.data.create_or_update({to.need('azure.ai.ml.entities', 'Data')}({', '.join(parts)}))"
    if isinstance(use.statement, ast.Expr) and isinstance(use.receiver, ast.Name):
        return Statements(f"{owner} = {code}", review)
    return Replace(code, review)


@rule.converts("Dataset.Tabular.register_pandas_dataframe")
def register_frame(use: Use, to: Rewriter) -> Outcome:
    """A data frame goes up as a file."""
    return registered_frame(use, to)


@rule.converts("Dataset.File.upload_directory")
def upload_directory(use: Use, to: Rewriter) -> Outcome:
    """A folder goes up as a data asset, named after where it went."""
    source = use.argument("src_dir", position=0)
    if source is None:
        return Leave("a folder is needed")
    if use.is_statement and not is_asset(use, to):
        return upload_to_path(use, source, to)
    if pattern_of(use) is not None:
        return Leave("SDK v2 uploads a whole folder: copy the files that match into one of their own")
    made = use.statement.targets if isinstance(use.statement, ast.Assign) and use.statement.value is use.node else []
    named = made[0] if len(made) == 1 else None
    if isinstance(named, ast.Name) and is_read_at_path(use, to) and not is_asset(use, to):
        return upload_beside(use, source, named.id, to)
    return uploaded(use, to.source(source), "uri_folder", "", to)


@rule.converts(
    "Dataset.as_named_input", "Dataset.as_mount", "Dataset.as_download", "Dataset.as_hdfs", "DatasetConsumptionConfig"
)
@rule.converts(*(f"DatasetConsumptionConfig.{name}" for name in ("as_mount", "as_download", "as_direct", "as_hdfs")))
def consumption(use: Use, to: Rewriter) -> Outcome:
    """A dataset as the input of a job."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml", "Input"))
    Flow.of(to)
    data = follow(use.node, to)
    if data is None:
        return Leave("the dataset cannot be told")
    names = Objects.of(to).names(use.node)
    statement = use.statement
    if isinstance(statement, ast.Assign) and statement.value is use.node and names and _in_steps(names, to):
        return Statements("")
    return Replace(input_code(data, to), together(chosen_path([use.call])))


def _in_steps(names: list[ast.Name], to: Rewriter) -> bool:
    made = {*Flow.of(to).steps, *Flow.of(to).instances}
    return all(not made.isdisjoint(to.evaluator.scopes.ancestors(name)) for name in names)


@rule.converts(*(f"Dataset.{name}" for name in ("name", "description", "tags", "id")))
def read(use: Use, to: Rewriter) -> Outcome:
    """The same attribute."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1]}")


@rule.idiom
def kind(node: ast.expr, to: Rewriter) -> Replace | None:
    """``isinstance(data, FileDataset)``: data assets have one class, and a type."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        return None
    wanted = to.use_of(node.args[1]) if len(node.args) == 2 else None
    if wanted is None or wanted.symbol not in ("TabularDataset", "FileDataset"):
        return None
    sign = "==" if wanted.symbol == "FileDataset" else "!="
    code = f'{to.source(node.args[0])}.type {sign} "uri_folder"'
    parent = to.evaluator.scopes.parents.get(node)
    return Replace(f"({code})" if isinstance(parent, (ast.Compare, ast.UnaryOp)) else code, _TYPES)


@rule.converts("Dataset", "TabularDataset", "FileDataset", "AbstractDataset")
def annotation(use: Use, to: Rewriter) -> Outcome:
    """The class, in annotations."""
    number = use.argument("dataset_id", position=0) if use.call is not None else None
    if isinstance(number, ast.Attribute) and number.attr == "id":  # the class of a run configuration
        return Replace(to.source(number.value))
    if use.call is not None:
        return Leave("make a data asset: Data(path=..., type=...)")
    return Replace(to.need("azure.ai.ml.entities", "Data"))


@rule.converts("TabularDatasetFactory", "FileDatasetFactory")
def factory(use: Use, to: Rewriter) -> Outcome:
    """An object of the class that makes datasets: it goes where all that it makes is converted."""
    target = only_target(use.statement)
    if use.call is None or not isinstance(target, ast.Name) or not use.is_assigned:
        return Leave(_FACTORY)
    for name in Objects.of(to).reads(target.id):
        if not any(binding.node is target for binding in to.evaluator.scopes.lookup(name.id, name)):
            continue
        calls = (to.use_of(node) for node in to.evaluator.scopes.ancestors(name))
        made = next((other for other in calls if other is not None), None)
        if made is None or isinstance(to.outcome(made), Leave):
            return Leave(_FACTORY)
    return Statements("")


_FACTORY = "data assets of v2 are files: read them with pandas or mltable, or make Data(path=..., type=...) of them"


@rule.converts("Dataset.data_changed_time")
def changed_time(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 does not look at the files: what it knows is when the version was made."""
    assert use.receiver is not None
    review = "this is when the version of the data asset was made: SDK v2 does not know when its files have changed"
    return Replace(f"{to.source(use.receiver)}.creation_context.created_at", review)


@rule.converts("Dataset.version")
def version(use: Use, to: Rewriter) -> Outcome:
    """The version, which is a text now: a number again where the code counts or compares."""
    return Replace(version_numbers.code(use, to))


@rule.converts("Dataset.to_pandas_dataframe")
def to_pandas(use: Use, to: Rewriter) -> Outcome:
    """Reads the table."""
    assert use.receiver is not None
    public = public_table(use.receiver, to)
    if public is not None:
        return read_frame(public[0], use, to, public[1])
    owner = to.source(use.receiver)
    if _is_table(use.receiver, to):
        return Replace(f"{owner}.to_pandas_dataframe()")
    data = follow(use.receiver, to)
    code = frame_code(data, path_code(use.receiver, to), use, to)
    checks = ["" if '("http' in code else _PATHS, TYPES if ".read_csv(" in code else "", mixed_table(use.receiver, to)]
    return Replace(code, together(checks))


@rule.converts("Dataset.to_spark_dataframe")
def to_spark(use: Use, to: Rewriter) -> Outcome:
    """Reads the table, and hands it to Spark."""
    found = to_pandas(use, to)
    if isinstance(found, Replace):
        session = f"{to.need('pyspark.sql', 'SparkSession')}.builder.getOrCreate()"
        return Replace(f"{session}.createDataFrame({found.text})", _SPARK)
    return found


@rule.converts("Dataset.to_path")
def to_path(use: Use, to: Rewriter) -> Outcome:
    """The files of a dataset: those that an MLTable lists, or those below a folder."""
    assert use.receiver is not None
    data = follow(use.receiver, to)
    if (made := web_files(use.receiver, to)) is not None:
        return Replace(places(made, to))
    if data is not None and lists_files(data, to):
        listed = f'{_opened(use.receiver, to)}.to_pandas_dataframe()["Path"]'
        return Replace(f"[file.resource_id for file in {listed}]", "each file is named by its whole address")
    files = f'{to.need_module("fsspec")}.open_files(f"{{{to.source(use.receiver)}.path}}/**")'
    if '"' in to.source(use.receiver):
        return Leave("give the dataset a name, and list its files with fsspec.open_files")
    return Replace(f"[file.path for file in {files}]", "listing azureml:// paths needs the package azureml-fsspec")


@rule.converts("Dataset.unregister_all_versions")
def unregister(use: Use, to: Rewriter) -> Outcome:
    """Archives the data asset."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.data.archive(name={to.source(use.receiver)}.name)")


@rule.converts(*(f"Dataset.{name}" for name in SELECTIONS))
def select(use: Use, to: Rewriter) -> Outcome:
    """A selection: of the MLTable. What goes on to a job is saved as an MLTable of its own."""
    assert use.receiver is not None
    if (public := selected(use, to)) is not None:
        return public
    if public_table(use.receiver, to) is not None:
        return Leave("select among the public files: fsspec lists them", Status.NO_EQUIVALENT)
    table = to.source(use.receiver) if _is_table(use.receiver, to) else _opened(use.receiver, to)
    found = table_call(use, to, table)
    if is_only_read(use, to):
        return Replace(found.text, found.review or _PATHS)
    if saves_in_expression(use, to):
        return IN_EXPRESSION
    review = f"{_SAVED}; {found.review}" if found.review else _SAVED
    if use.symbol.endswith(".random_split"):
        return _saved_parts(use, found.text, review, to)
    folder = new_folder(_variable(use.node, to), use, to)
    to.before(use.statement, f"{found.text}.save({folder})")
    return Replace(_saved(folder, to), review)


def _saved(folder: str, to: Rewriter) -> str:
    return f'{to.need("azure.ai.ml.entities", "Data")}(path={folder}, type="mltable")'


def _saved_parts(use: Use, code: str, review: str, to: Rewriter) -> Outcome:
    """``train, test = data.random_split(0.8)``: a table and a data asset for each."""
    statement = use.statement
    targets = statement.targets if isinstance(statement, ast.Assign) and statement.value is use.node else []
    names = targets[0].elts if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else []
    if len(names) != 2 or not all(isinstance(name, ast.Name) for name in names):
        return Leave("give each part of the table a name: train, test = data.random_split(0.8)")
    parts = [ast.unparse(name) for name in names]
    tables = [to.fresh(f"{part.removesuffix('_data').removesuffix('_dataset')}_table") for part in parts]
    folders = [new_folder(part, use, to) for part in parts]
    lines = [f"{', '.join(tables)} = {code}"]
    lines += [f"{table}.save({folder})" for table, folder in zip(tables, folders, strict=True)]
    lines += [f"{part} = {_saved(folder, to)}" for part, folder in zip(parts, folders, strict=True)]
    return Statements("\n".join(lines), review)


@rule.converts("Dataset.with_timestamp_columns")
def with_timestamps(use: Use, to: Rewriter) -> Outcome:
    """Only filters by time needed this: the table, or its asset, is the same."""
    assert use.receiver is not None
    review = "mltable has no timestamp columns: filter the data frame by time"
    statement, receiver = use.statement, use.receiver
    to_itself = isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == ast.unparse(receiver)
    if to_itself and len(statement.targets) == 1 and statement.value is use.node:  # type: ignore[attr-defined]
        return Statements("", review)
    if not is_only_read(use, to):
        return Replace(to.source(use.receiver), review)
    return Replace(to.source(use.receiver) if _is_table(use.receiver, to) else _opened(use.receiver, to), review)


def _opened(node: ast.expr, to: Rewriter) -> str:
    data = follow(node, to)
    to.assumed += [mixed_table(node, to)]
    mltable, path = to.need_module("mltable"), path_code(node, to)
    if data is not None and kind_of(data, to) == "uri_file":
        return f'{mltable}.from_delimited_files([{{"file": {path}}}])'
    return f"{mltable}.load({path})"


def _is_table(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether an expression is an MLTable in the new code, not the asset."""
    value = to.evaluator.value(node)
    origin = value.origin if isinstance(value, Instance) else None
    use = to.use_of(origin) if origin is not None else None
    if use is None or use.symbols[-1] not in OPENING or (".from_" in use.symbol and single_file(use, to)):
        return False
    return isinstance(to.outcome(use), Replace) and is_only_read(use, to)
