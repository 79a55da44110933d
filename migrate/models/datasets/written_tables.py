"""The MLTable of a table that a step writes: how SDK v1 said that an output is read, beside the files of the output.

``OutputFileDatasetConfig.read_delimited_files`` and ``PipelineOutputFileDataset.parse_delimited_files`` read columns as
text (azureml-core documents no inference for outputs of steps). An MLTable
infers types unless ``infer_column_types`` is false.
"""

from __future__ import annotations

import ast
import json
import shlex
from typing import Any

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.models.datasets.data import Data
from amlbridge.migrate.rewriter import Rewriter

_READERS = ("read_delimited_files", "parse_delimited_files", "read_parquet_files", "parse_parquet_files")
_COLUMNS = {"keep_columns", "drop_columns"}
#: What is told of a table that stays a folder.
REGISTERED = "the output is registered as a table in SDK v1, and as a folder here"
#: Positional arguments of the four.
_POSITIONS = {
    "read_delimited_files": ("include_path", "separator", "header", "partition_format", "path_glob"),
    "parse_delimited_files": ("include_path", "separator", "header", "partition_format", "file_extension"),
    "read_parquet_files": ("include_path", "partition_format", "path_glob"),
    "parse_parquet_files": ("include_path", "partition_format", "file_extension"),
}


def definition(data: Data, to: Rewriter) -> str:
    """The text of the MLTable file (JSON is YAML) of an output that is read as ``data`` says: as delimited files where
    it says nothing. Raises ValueError where that cannot be told, or an MLTable has no word for it."""
    calls = list(zip(data.called, data.methods, strict=True))
    name, call = next(((name, call) for name, call in calls if name in _READERS), ("read_delimited_files", None))
    given = dict(zip(_POSITIONS[name], call.args, strict=False)) if call is not None else {}
    given |= {key.arg or "**": key.value for key in (call.keywords if call is not None else [])}
    given = {key: value for key, value in given.items() if not is_none(value)}
    kind = "parquet" if "parquet" in name else "delimited"
    ending = {"delimited": "csv", "parquet": "parquet"}[kind]
    pattern = f"./*.{ending}"
    extension = _text(given.pop("file_extension"), to, name).lstrip(".") if "file_extension" in given else ""
    if extension:
        pattern = f"./*.{extension}"
    if "path_glob" in given:
        pattern = f"./{_text(given.pop('path_glob'), to, name).lstrip('/')}"
    steps: list[Any] = [{"read_delimited": _delimited(given, to, name)} if kind == "delimited" else "read_parquet"]
    include_path = given.pop("include_path", None)
    if include_path is not None and not _is(include_path, False):
        raise ValueError(f"include_path of {name} cannot be told: say include_path_column in an MLTable of your own")
    if given:
        raise ValueError(f"{', '.join(given)} of {name} has no place in the MLTable of an output: read it in the step")
    for method, how in calls:
        if method in _COLUMNS:
            steps.append({method: list(_columns(how, method, to))})
    return json.dumps({"paths": [{"pattern": pattern}], "transformations": steps}, ensure_ascii=False)


def pattern_of(table: str) -> str:
    """The files that a definition reads, for people: ``*.csv``."""
    return str(json.loads(table)["paths"][0]["pattern"]).removeprefix("./")


def tail(name: str, table: str) -> str:
    """The end of a command that writes the MLTable file of an output."""
    return f"&& echo {shlex.quote(table)} > ${{{{outputs.{name}}}}}/MLTable"


def _delimited(given: dict[str, ast.expr], to: Rewriter, name: str) -> dict[str, Any]:
    separator = _text(given.pop("separator"), to, name) if "separator" in given else ","
    found: dict[str, Any] = {"delimiter": separator, "encoding": "utf8", "header": "all_files_same_headers"}
    found["infer_column_types"] = False
    breaks = given.get("quoted_line_breaks")
    if isinstance(breaks, ast.Constant) and isinstance(breaks.value, bool):
        del given["quoted_line_breaks"]
        found |= {"support_multi_line": True} if breaks.value else {}
    return found


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _text(node: ast.expr, to: Rewriter, name: str) -> str:
    found = to.evaluator.text(node)
    if found is None:
        raise ValueError(f"an argument of {name} is known at run time only: write it as a text")
    return found


def _columns(call: ast.Call, method: str, to: Rewriter) -> tuple[str, ...]:
    given = call.args[0] if call.args else next((key.value for key in call.keywords), None)
    inner = to.evaluator.behind(given) if given is not None else None
    listed = inner.elts if isinstance(inner, (ast.List, ast.Tuple)) else [inner] if inner is not None else []
    names = [to.evaluator.text(element) for element in listed]
    if not names or None in names:
        raise ValueError(f"the columns that {method} names of a step's output cannot be told")
    return tuple(name for name in names if name is not None)
