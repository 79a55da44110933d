"""The legacy DPrep blocks that clients still send for step outputs, as the dataset engine's transformations.

``OutputFileDatasetConfig.read_delimited_files()`` and ``PipelineData.as_dataset().parse_*_files()`` describe their
tables by blocks ``{type: Microsoft.DPrep.*Block, arguments}``; Azure's service turns them into the engine's YAML. Which
blocks there are was found by building every one of these objects with azureml-core 1.61 and -pipeline 1.62.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from amlbridge.wire.errors import ServiceError, bad_request

Block = Mapping[str, Any]
#: A transformation of the engine's YAML.
Step = dict[str, Any]

#: Transformations that turn files into rows.
READERS = {"read_delimited", "read_parquet", "read_json_lines", "read_files", "read_delta_lake"}
_ENCODINGS = ("utf8", "iso88591", "latin1", "ascii", "utf16", "utf32", "utf8", "windows1252")
_HEADERS = ("no_header", "from_first_file", "all_files_different_headers", "all_files_same_headers")
_TYPES = ("string", "boolean", "int", "float", "datetime")
_STREAM = 10
_PREFIX, _SUFFIX = "Microsoft.DPrep.", "Block"


def to_dataflow(blocks: Sequence[Block]) -> dict[str, Any]:
    """A whole definition: the first block names the files, the rest transforms them. Raises a 400
    :class:`ServiceError`."""
    if not blocks:
        raise bad_request("the dataset has no definition: neither meta.RsDataflow nor blocks")
    paths = _paths(_name(blocks[0]), _arguments(blocks[0]))
    return {"type": "mltable", "paths": paths, "transformations": to_transformations(blocks[1:])}


def to_transformations(blocks: Sequence[Block]) -> list[Step]:
    """The transformations that do what the blocks do. Raises a 400 :class:`ServiceError` that names a block which has
    no counterpart."""
    steps: list[Step] = []
    for block in blocks:
        name = _name(block)
        translate = _TRANSLATIONS.get(name)
        if translate is None:
            raise bad_request(
                f"amlbridge cannot translate the data preparation step {name}; it knows "
                f"{', '.join(sorted(_TRANSLATIONS))}: read the files in the consuming script instead",
                "NotSupported",
            )
        try:
            made = translate(_arguments(block))
        except (KeyError, IndexError, TypeError) as error:
            raise bad_request(f"the data preparation step {name} is incomplete: {error!r}") from error
        if name == "AddColumnsFromPartitionFormat":
            # It needs the file's path, which a reader may drop: the client itself puts it first.
            steps[:0] = made
        else:
            steps += made
    return steps


def _name(block: Block) -> str:
    name = str(block.get("type", ""))
    return name.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def _arguments(block: Block) -> Mapping[str, Any]:
    arguments = block.get("arguments")
    return arguments if isinstance(arguments, Mapping) else {}


def _paths(name: str, arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    """The sources of the two blocks with which older clients begin a definition."""
    try:
        if name == "GetDatastoreFiles":
            return [{"pattern": _datastore_uri(item)} for item in arguments["datastores"]]
        if name == "GetFiles":
            return [{"pattern": item["path"]} for item in arguments["path"]["resourceDetails"]]
    except (KeyError, TypeError) as error:
        raise bad_request(f"the data preparation step {name} is incomplete: {error!r}") from error
    raise bad_request(f"a definition cannot begin with {name or 'an unnamed block'}", "NotSupported")


def _datastore_uri(item: Mapping[str, Any]) -> str:
    return (
        f"azureml://subscriptions/{item['subscription']}/resourcegroups/{item['resourceGroup']}"
        f"/workspaces/{item['workspaceName']}/datastores/{item['datastoreName']}"
        f"/paths/{quote(str(item['path']).lstrip('/'), safe='/*')}"
    )


def _parse_delimited(arguments: Mapping[str, Any]) -> list[Step]:
    """Columns stay text unless a later block converts them: the client documents "no conversions" for these readers."""
    if arguments.get("skipRows"):
        raise ServiceError(400, "NotSupported", "the dataset engine cannot skip rows of delimited files")
    return [
        {
            "read_delimited": {
                "delimiter": arguments.get("separator", ","),
                "header": _HEADERS[arguments.get("columnHeadersMode", 3)],
                "encoding": _ENCODINGS[arguments.get("fileEncoding", 0)],
                "support_multi_line": bool(arguments.get("handleQuotedLineBreaks", False)),
                "empty_as_string": bool(arguments.get("emptyAsString", False)),
                "include_path_column": True,
                "infer_column_types": False,
            }
        }
    ]


def _parse_json_lines(arguments: Mapping[str, Any]) -> list[Step]:
    invalid = ("error", "drop")[arguments.get("invalidLineHandling", 0)]
    encoding = _ENCODINGS[arguments.get("encoding", 0)]
    return [{"read_json_lines": {"encoding": encoding, "invalid_lines": invalid, "include_path_column": True}}]


def _read_parquet(_arguments: Mapping[str, Any]) -> list[Step]:
    return [{"read_parquet": {"include_path_column": True}}]


def _selected(arguments: Mapping[str, Any]) -> list[str]:
    return list(arguments["columns"]["details"]["selectedColumns"])


def _drop_columns(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"drop_columns": _selected(arguments)}]


def _keep_columns(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"keep_columns": _selected(arguments)}]


def _sample(arguments: Mapping[str, Any]) -> list[Step]:
    bounds = {
        "probability": arguments["probability"],
        "probability_lower_bound": arguments.get("probabilityLowerBound") or 0.0,
        "seed": arguments["seed"],
    }
    return [{"sample": {"sampler": "random_percent", "sampler_arguments": bounds}}]


def _take(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"take": arguments["count"]}]


def _skip(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"skip": arguments["count"]}]


def _function(expression: Any) -> str:
    """A function of one row in the engine's native expression language, which the blocks speak as well."""
    row = {"r": ["Function", [["row"], {"r": []}, _globs(expression)]]}
    return json.dumps({"r": ["Function", [[], {"r": []}, row]]}, separators=(",", ":"))


def _globs(expression: Any) -> Any:
    """The expression with ``path_glob`` of ``read_*_files`` as what its documentation says: the client sends the glob
    where a regular expression belongs, and ``*.csv`` is none."""
    if isinstance(expression, list):
        if len(expression) == 2 and expression[0] == {"r": ["Identifier", "RegexIsMatch"]}:
            pattern, *flags = expression[1]
            text = pattern["r"][1]
            return [expression[0], [{"r": ["Value", _glob_pattern(text)]}, *flags]]
        return [_globs(item) for item in expression]
    if isinstance(expression, dict):
        return {key: _globs(value) for key, value in expression.items()}
    return expression


def _glob_pattern(glob: str) -> str:
    """A regular expression for a glob, matched against the end of a path at the start of one of its segments."""
    pieces = []
    for piece in re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", glob.strip("/")):
        if piece.startswith("**"):
            pieces.append(".*")
        elif piece.startswith("["):
            pieces.append(piece.replace("[!", "[^"))
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece)))
    return f"(^|/){''.join(pieces)}$"


def _filter(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"filter": {"language": "native", "function_source": _function(arguments["expression"])}}]


def _add_column(arguments: Mapping[str, Any]) -> list[Step]:
    column = {
        "new_column": arguments["newColumnName"],
        "prior_column": arguments.get("priorColumnId"),
        "function_source": _function(arguments["expression"]),
    }
    return [{"add_columns": {"language": "native", "expressions": [column]}}]


def _partition_format(arguments: Mapping[str, Any]) -> list[Step]:
    column = arguments["column"]["details"]["selectedColumn"]
    return [
        {
            "extract_columns_from_partition_format": {
                "path_column": column,
                "partition_format": arguments["partitionFormat"],
                "ignore_errors": bool(arguments.get("ignoreError", False)),
            }
        }
    ]


def _set_column_types(arguments: Mapping[str, Any]) -> list[Step]:
    return [{"convert_column_types": [_conversion(item) for item in arguments["columnConversion"]]}]


def _conversion(item: Mapping[str, Any]) -> dict[str, Any]:
    column, number, more = item["column"]["details"]["selectedColumn"], item["typeProperty"], item.get("typeArguments")
    kind: Any
    if number == _STREAM:
        place = {"subscription": more["subscription"], "resource_group": more["resourceGroup"]} if more else {}
        named = {**place, "workspace_name": more["workspaceName"], "escaped": bool(more.get("escaped"))} if more else {}
        kind = {"stream_info": named}
    else:
        kind = _TYPES[number]
        if kind == "datetime" and more:
            kind = {"datetime": {"formats": more["dateTimeFormats"]}}
    return {"columns": column, "column_type": kind}


_TRANSLATIONS: dict[str, Callable[[Mapping[str, Any]], list[Step]]] = {
    "ParseDelimited": _parse_delimited,
    "ParseJsonLines": _parse_json_lines,
    "ReadParquetFile": _read_parquet,
    "DropColumns": _drop_columns,
    "KeepColumns": _keep_columns,
    "TakeSample": _sample,
    "Take": _take,
    "Skip": _skip,
    "ExpressionFilter": _filter,
    "ExpressionAddColumn": _add_column,
    "AddColumnsFromPartitionFormat": _partition_format,
    "SetColumnTypes": _set_column_types,
}
