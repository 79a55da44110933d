"""Inputs that a script reads by name: ``run.input_datasets["x"]`` becomes the path that the job passes.

A job of SDK v2 passes paths. When the code that submits the script gives the input in an argument, or the parser of
the script has one argument for data that nothing reads (SDK v1 passed the id of the dataset there), that is the path.
Otherwise it is the variable ``AZURE_ML_INPUT_x``, which every job has for each of its inputs.

A tabular dataset is opened with ``mltable.load(path)``, whose methods have mostly the names of SDK v1; one that is a
single file is read by pandas. What is used as a path stays one: there is nothing to mount or download in the script.
``run.output_datasets["x"]`` becomes ``AZURE_ML_OUTPUT_x`` in the same way.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.kinds import called, destination
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.datasets.frames import TYPES, pandas_name
from amlbridge.migrate.models.datasets.table_filters import TIMES, condition, time_filters
from amlbridge.migrate.module import NamedInput
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_metrics import quoted

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"

rule = Rule(
    "run-inputs",
    __doc__,
    cases=[
        Case(
            "import argparse\nfrom azureml.core import Run\n\nparser = argparse.ArgumentParser()\n"
            'parser.add_argument("--input-data", type=str, dest="training_dataset_id")\nargs = parser.parse_args()\n'
            "run = Run.get_context()\n"
            'data = run.input_datasets["training_data"].to_pandas_dataframe()\n',
            "import argparse\nimport mltable\n\nparser = argparse.ArgumentParser()\n"
            'parser.add_argument("--input-data", type=str, dest="training_dataset_id")\nargs = parser.parse_args()\n'
            "data = mltable.load(args.training_dataset_id).to_pandas_dataframe()\n",
            "An argument of the script",
        ),
        Case(
            _HEAD + 'folder = run.input_datasets["images"]\nprint(folder)\n',
            'import os\n\nfolder = os.environ["AZURE_ML_INPUT_images"]\nprint(folder)\n',
            "A folder",
        ),
        Case(
            _HEAD + 'data = run.input_datasets["raw"]\ntrain, test = data.random_split(percentage=0.8, seed=1)\n',
            'import os\nimport mltable\n\ndata = mltable.load(os.environ["AZURE_ML_INPUT_raw"])\n'
            "train, test = data.random_split(percent=0.8, seed=1)\n",
            "A table",
        ),
    ],
)

#: Members that only tabular datasets have.
_TABULAR = frozenset(
    {"to_pandas_dataframe", "to_dask_dataframe", "to_spark_dataframe", "to_csv_files", "to_parquet_files"}
    | {"drop_columns", "keep_columns", "random_split", "take", "skip", "take_sample", "with_timestamp_columns"}
    | {"time_before", "time_after", "time_between", "time_recent", "filter", "get_profile", "partition_by"}
)
_NAMED = "assumed that the job has an input of this name; its path is in the variable AZURE_ML_INPUT_{0}"
_ARGUMENT = "assumed that the argument that nothing else reads, {0}, is given the path of the input"
_DELIMITED = (
    "assumed that the file is a table with delimiters: parquet and JSON lines have functions of their own in mltable"
)
_READ_AS = "the script reads a table ({0}), but the code that submits it gives {1}: they have to agree"
_PLACES = "one place that submits the script gives this input neither the option nor the name that another one does"
_TIME = "mltable filters the column by the times that it reads: it has to be one of dates, not of text"
_TABLE = "; a table (type mltable): a single file would be read with pandas"


_AHEAD = "{} submits this script and stays SDK v1, which gives it a dataset here: convert both together"


def by_name(node: ast.expr, to: Rewriter) -> Replace | Leave | None:
    """``run.input_datasets["x"]`` and ``run.input_datasets.get("x")``."""
    found = _collection(node, to)
    if found is None or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return None
    collection, key = found
    if collection.attr == "output_datasets":
        name = to.evaluator.text(key)
        return Replace(
            _variable(key, "OUTPUT", to), _NAMED.replace("input", "output").replace("INPUT", "OUTPUT").format(name)
        )
    if submitter := to.submitted_by_v1():
        return Leave(_AHEAD.format(submitter))
    path, review = _path(node, key, to)
    named = to.named_inputs.get(to.evaluator.text(key) or "")
    if not _is_tabular(collection, to):
        return Replace(path, review)
    kind, told = table_kind(named)
    review = together([review, told])
    if kind == "uri_file":
        mltable = to.need_module("mltable")
        return Replace(f'{mltable}.from_delimited_files([{{"file": {path}}}])', review or _DELIMITED)
    return Replace(f"{to.need_module('mltable')}.load({path})", review and review + _TABLE)


def table_kind(named: NamedInput | None) -> tuple[str, str]:
    """The type of an input whose rows a script reads, and what is to be checked of it: code that submits the script may
    give it files as well."""
    if named is None:
        return "", ""
    tables = named.kinds - {"uri_folder"}
    kind = named.type if named.type in tables else min(tables, default="mltable")
    return kind, _READ_AS.format(kind, " and ".join(sorted(named.kinds))) if named.kinds != {kind} else ""


def _collection(node: ast.expr, to: Rewriter) -> tuple[ast.Attribute, ast.expr] | None:
    """The ``run.input_datasets`` that an expression takes an element of, and the element's name."""
    key: ast.expr | None = None
    inner: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        inner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        inner, key = node.func.value, node.args[0]
    if not isinstance(inner, ast.Attribute) or inner.attr not in ("input_datasets", "output_datasets") or key is None:
        return None
    return (inner, key) if to.evaluator.type_of(inner.value) == "RunContext" else None


@rule.converts("dict:InputDataset.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """An element by ``get``."""
    return by_name(use.node, to) or Leave("the name of the input cannot be told")


def _is_tabular(collection: ast.Attribute, to: Rewriter) -> bool:
    """Whether something is called on the elements that only tables have."""
    for use in to.uses:
        value = use.receiver_value
        member = use.symbol.rsplit(".", 1)[-1]
        if value is not None and value.origin is collection and member in _TABULAR:
            return True
    return False


def _path(node: ast.expr, key: ast.expr, to: Rewriter) -> tuple[str, str]:
    """Code for the path of an input, and what to review."""
    text = to.evaluator.text(key)
    named = to.named_inputs.get(text or "")
    if named is not None:
        argument = _argument(named.option, node, to) if named.option else None
        return argument or _environment(f"AZURE_ML_INPUT_{named.port}", to), _PLACES if named.apart else ""
    argument = _unread_argument(node, text or "", to)
    if argument is not None:
        return argument, _ARGUMENT.format(argument)
    return _variable(key, "INPUT", to), _NAMED.format(text or ast.unparse(key))


def _argument(option: str, node: ast.expr, to: Rewriter) -> str | None:
    """Code for the value of an option of the script, if its parsed arguments can be seen at a node."""
    namespace = _namespace(node, to)
    for call in to.evaluator.calls().get("add_argument", ()):
        if any(isinstance(arg, ast.Constant) and arg.value == option for arg in call.args):
            return f"{namespace}.{destination(call)}" if namespace is not None else None
    return None


def passed_table(identity: ast.expr, to: Rewriter) -> str | None:
    """Code that opens a dataset which SDK v1 found by its id, where the code that submits the script gives the dataset
    in an option: the option has the path of the data then. None where that is not known."""
    node, seen = identity, 0
    while isinstance(node, ast.Name) and seen < _DEPTH:  # test_data_id = args.test_data
        bindings = to.evaluator.scopes.lookup(node.id, node)
        if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].value is None:
            return None
        node, seen = bindings[0].value, seen + 1
    if not isinstance(node, ast.Attribute):
        return None
    named = next(
        (item for item in to.named_inputs.values() if item.option and _names(item.option, node.attr, to)), None
    )
    if named is None:
        return None
    if named.kinds == {"uri_folder"}:
        return None
    if submitter := to.submitted_by_v1():
        raise ValueError(_AHEAD.format(submitter))
    path, (kind, told) = to.source(identity), table_kind(named)
    to.assumed += [told] if told else []
    if kind == "uri_file":
        return f'{to.need_module("mltable")}.from_delimited_files([{{"file": {path}}}])'
    return f"{to.need_module('mltable')}.load({path})"


_DEPTH = 4


def _names(option: str, attribute: str, to: Rewriter) -> bool:
    """Whether the value of an option is this attribute of the parsed arguments."""
    for call in to.evaluator.calls().get("add_argument", ()):
        if any(isinstance(arg, ast.Constant) and arg.value == option for arg in call.args):
            return destination(call) == attribute
    return False


def _environment(name: str, to: Rewriter) -> str:
    return f"{to.need_module('os')}.environ[{quoted(name)}]"


def _variable(key: ast.expr, direction: str, to: Rewriter) -> str:
    """Code that reads the variable of an input or output."""
    text = to.evaluator.text(key)
    if text is not None:
        return _environment(f"AZURE_ML_{direction}_{text}", to)
    return f'{to.need_module("os")}.environ["AZURE_ML_{direction}_" + {to.source(key)}]'


#: Words in the name of an argument that is for data.
_OF_DATA = frozenset(
    {"data", "dataset", "datasets", "ds", "input", "inputs", "in", "file", "files", "path"}
    | {"folder", "dir", "directory", "table", "csv"}
)


def _is_for(argument: str, option: str, name: str) -> bool:
    """Whether an argument may be for the input of this name: nobody reads the date of a run from a folder."""
    words = set(re.split(r"[^a-z0-9]+", f"{argument} {option}".lower()))
    return "output" not in words and bool(words & (_OF_DATA | set(re.split(r"[^a-z0-9]+", name.lower()))))


def _unread_argument(node: ast.expr, key: str, to: Rewriter) -> str | None:
    """Code for the one argument of the parser that the script never reads, if it has one, it may be for the input of
    this name, and its value can be seen."""
    if sum(use.symbol in ("RunContext.input_datasets[]", "dict:InputDataset.get") for use in to.uses) != 1:
        return None
    namespace = _namespace(node, to)
    if namespace is None:
        return None
    read = {n.attr for n in to.evaluator.scopes.every(ast.Attribute) if _is_name(n.value, namespace)}
    unread = []
    for call in to.evaluator.calls().get("add_argument", ()):
        name = destination(call)
        if not name.isidentifier():
            return None
        if name not in read:
            unread.append((name, " ".join(filter(None, map(to.evaluator.text, call.args)))))
    return f"{namespace}.{unread[0][0]}" if len(unread) == 1 and _is_for(*unread[0], key) else None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _namespace(node: ast.expr, to: Rewriter) -> str | None:
    """The variable with the parsed arguments that is visible at a node."""
    for call in (*to.evaluator.calls().get("parse_args", ()), *to.evaluator.calls().get("parse_known_args", ())):
        statement = to.evaluator.scopes.parents.get(call)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target = statement.targets[0]
        if isinstance(target, ast.Tuple) and target.elts:
            target = target.elts[0]
        if not isinstance(target, ast.Name):
            continue
        bindings = to.evaluator.scopes.lookup(target.id, node)
        early = statement.lineno < node.lineno or (
            bool(bindings) and bindings[0].scope is not to.evaluator.scopes.of(node)
        )
        if early and any(binding.node is target for binding in bindings):
            return target.id
    return None


@rule.converts("RunContext.input_datasets[]", "RunContext.output_datasets[]")
def element(use: Use, to: Rewriter) -> Outcome:
    """An element of the collection."""
    return by_name(use.node, to) or Leave("the name of the input cannot be told")


_PATHS = """{{
    name.removeprefix("AZURE_ML_{kind}_"): path
    for name, path in {os}.environ.items()
    if name.startswith("AZURE_ML_{kind}_")
}}"""


@rule.converts("RunContext.input_datasets", "RunContext.output_datasets")
def collection(use: Use, to: Rewriter) -> Outcome:
    """The collection itself: an assignment to an element records what the run has read."""
    parent = use.evaluator.scopes.parents.get(use.node)
    statement = use.statement
    if isinstance(parent, ast.Subscript) and isinstance(statement, ast.Assign) and statement.targets == [parent]:
        data = to.evaluator.value(statement.value)
        if isinstance(data, Instance) and data.origin in to.attempt.kept:
            return Leave("v2 jobs record the data that they declare as inputs")
        mlflow = to.need_module("mlflow")
        key = to.evaluator.text(parent.slice) or "input"
        return Statements(
            f"{mlflow}.set_tag({quoted(f'input_datasets.{key}')}, {to.source(statement.value)}.id)",
            "v2 jobs record the data that they declare as inputs; the id of other data is kept in a tag",
        )
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("len", "print"):
        kind = "INPUT" if use.symbol.endswith("input_datasets") else "OUTPUT"
        return Replace(_PATHS.format(os=to.need_module("os"), kind=kind), "these are the paths, by their names")
    return Leave("read each input by its path: os.environ['AZURE_ML_INPUT_<name>'] or an argument of the script")


# The methods of what was read ---------------------------------------------------------------------------------------

#: Method -> keyword of v1 -> keyword of mltable. Methods with the same parameters have an empty dict.
_SAME = {
    "to_pandas_dataframe": {},
    "drop_columns": {"columns": "columns"},
    "keep_columns": {"columns": "columns"},
    "random_split": {"percentage": "percent", "seed": "seed"},
    "take": {"count": "count"},
    "skip": {"count": "count"},
    "take_sample": {"probability": "probability", "seed": "seed"},
    "filter": {},
}
_RENAMED = {"take_sample": "take_random_sample"}


@rule.converts(*(f"InputDataset.{name}" for name in (*_SAME, *TIMES)))
def table_method(use: Use, to: Rewriter) -> Outcome:
    """A method that mltable has as well."""
    assert use.receiver is not None
    name = use.symbol.rsplit(".", 1)[1]
    if name == "to_pandas_dataframe" and (frame := _read_by_pandas(use, to)) is not None:
        return frame
    return table_call(use, to, to.source(use.receiver))


def table_call(use: Use, to: Rewriter, table: str) -> Replace:
    """The call of a method of datasets on an MLTable."""
    name = use.symbol.rsplit(".", 1)[1]
    if name in TIMES:
        return Replace(table + "".join(f".filter({text})" for text in time_filters(use, to)), _TIME)
    tested = use.argument("condition", position=0) if name == "filter" else None
    if tested is not None:
        return Replace(f"{table}.filter({condition(tested, to)})")
    keywords, parts, dropped = _SAME[name], [], []
    for key, node in use.arguments().items():
        if isinstance(key, int):
            parts.append(to.source(node))
        elif key in keywords:
            parts.append(f"{keywords[key]}={to.source(node)}")
        else:
            dropped.append(key)
    review = f"mltable's {name} has no {', '.join(dropped)}" if dropped else ""
    return Replace(f"{table}.{_RENAMED.get(name, name)}({', '.join(parts)})", review)


def _read_by_pandas(use: Use, to: Rewriter) -> Outcome | None:
    """``run.input_datasets["x"].to_pandas_dataframe()`` of an input that is one file."""
    assert use.receiver is not None
    found = _collection(use.receiver, to)
    named = to.named_inputs.get(to.evaluator.text(found[1]) or "") if found is not None else None
    kind, told = table_kind(named)
    if found is None or named is None or kind != "uri_file":
        return None
    path, review = _path(use.receiver, found[1], to)
    review = together([_DELIMITED.replace("mltable", "pandas"), TYPES, review, told])
    return Replace(f"{pandas_name(use, to)}.read_csv({path})", review)


@rule.converts("InputDataset.with_timestamp_columns")
def with_timestamps(use: Use, to: Rewriter) -> Outcome:
    """Only filters by time needed this."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver), "mltable has no timestamp columns: filter the data frame by time")


@rule.converts("InputDataset.as_mount", "InputDataset.as_download", "InputDataset.mount", "InputDataset.download")
@rule.converts("InputDataset.to_path", "InputDataset.mount_point")
def as_path(use: Use, to: Rewriter) -> Outcome:
    """The job has mounted or downloaded the data: its path is what is left."""
    assert use.receiver is not None
    path = to.source(use.receiver)
    member = use.symbol.rsplit(".", 1)[1]
    if member == "download" and use.argument("target_path", position=0) is not None:
        return Leave("the job has the data at the path of the input already: read it there, or copy it with shutil")
    if member in ("to_path", "download"):
        walk = f"{to.need('pathlib', 'Path')}({path}).rglob('*')"
        if member == "download" and use.is_statement:
            return Statements("")
        return Replace(
            f"sorted(str(file) for file in {walk} if file.is_file())", "the files below the path of the input"
        )
    if isinstance(use.evaluator.scopes.parents.get(use.node), ast.withitem):
        return Leave("the job has mounted the data at the path of the input already: use that without a with")
    return Replace(path)


_SHOWN = "a job does not know the {} of an input: what it has of the input is shown instead"
_SHOWING = frozenset({"print", "debug", "info", "warning"})


def _is_shown(use: Use) -> bool:
    """Whether a value of what is an input for sure is only printed, or logged: ``print(f"id: {data.id}")``."""
    if isinstance(use.receiver, ast.Name) and len(use.evaluator.scopes.bindings_of(use.receiver)) != 1:
        return False
    for node in use.evaluator.scopes.ancestors(use.node):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
            return called(node) in _SHOWING and isinstance(use.statement, ast.Expr) and use.statement.value is node
        if not isinstance(node, (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Call, ast.keyword)):
            return False
    return False


@rule.converts("InputDataset.id", "InputDataset.name", "InputDataset.version", "InputDataset.tags")
def identity(use: Use, to: Rewriter) -> Outcome:
    """A script of SDK v2 gets a path and does not know the asset."""
    if use.receiver is not None and not use.symbol.endswith("tags") and _is_shown(use):
        return Replace(to.source(use.receiver), _SHOWN.format(use.symbol.rpartition(".")[2]))
    return Leave("a job passes the path of an input alone: pass the name or version of the asset as an argument")
