"""How files are read as a table, in the words of mltable: separator, headers, encoding, types of columns."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

#: Keyword of ``Dataset.Tabular.from_...`` -> keyword of mltable's function, and the default of both.
_SAME: dict[str, tuple[str, object]] = {
    "separator": ("delimiter", ","),
    "header": ("header", True),
    "support_multi_line": ("support_multi_line", False),
    "empty_as_string": ("empty_as_string", False),
    "encoding": ("encoding", "utf8"),
    "infer_column_types": ("infer_column_types", True),
    "invalid_lines": ("invalid_lines", "error"),
    "include_path": ("include_path_column", False),
}
#: The positions of those that are not the same in all functions: (function, keyword) -> position.
_POSITIONS = {
    ("from_delimited_files", "include_path"): 2,
    ("from_delimited_files", "infer_column_types"): 3,
    ("from_delimited_files", "set_column_types"): 4,
    ("from_delimited_files", "separator"): 5,
    ("from_delimited_files", "header"): 6,
    ("from_delimited_files", "partition_format"): 7,
    ("from_delimited_files", "support_multi_line"): 8,
    ("from_delimited_files", "empty_as_string"): 9,
    ("from_delimited_files", "encoding"): 10,
    ("from_parquet_files", "include_path"): 2,
    ("from_parquet_files", "set_column_types"): 3,
    ("from_parquet_files", "partition_format"): 4,
    ("from_json_lines_files", "include_path"): 2,
    ("from_json_lines_files", "set_column_types"): 3,
    ("from_json_lines_files", "partition_format"): 4,
    ("from_json_lines_files", "invalid_lines"): 5,
    ("from_json_lines_files", "encoding"): 6,
    ("from_files", "partition_format"): 2,
}


def _given(use: Use, name: str) -> ast.expr | None:
    """What a call gives an option; None where it gives the default."""
    function = use.symbol.rsplit(".", 1)[1]
    found = use.argument(name, position=_POSITIONS.get((function, name)))
    default = _SAME[name][1] if name in _SAME else None
    return None if isinstance(found, ast.Constant) and found.value in (None, default) else found


def is_plain(use: Use) -> bool:
    """Whether a tabular dataset is read as pandas reads a CSV file when nothing is said."""
    plain = all(_given(use, name) is None for name in (*_SAME, "set_column_types", "partition_format"))
    return plain and use.symbol.endswith(".from_delimited_files")


def keywords(use: Use, to: Rewriter) -> str:
    """The keywords of mltable's function, as code that follows other arguments."""
    found = []
    for name, (keyword, _default) in _SAME.items():
        node = _given(use, name)
        if node is None:
            continue
        found.append(f", {keyword}={_header(node, to) if name == 'header' else to.source(node)}")
    types = _overrides(use, to)
    if types is not None:
        found.append(f', infer_column_types={{"column_type_overrides": {to.source(types)}}}')
    return "".join(found)


def _overrides(use: Use, to: Rewriter) -> ast.expr | None:
    """The types of columns where they take the place of those that reading the text would find: a text like 007 that
    was read as a number is no such text any more. mltable takes no streams there, nor columns from paths."""
    types = _given(use, "set_column_types")
    if any(other.symbol == "DataType.to_stream" for other in to.uses) or _given(use, "partition_format") is not None:
        return None
    inferred = use.symbol.endswith(".from_delimited_files") and _given(use, "infer_column_types") is None
    return types if inferred else None


def _header(node: ast.expr, to: Rewriter) -> str:
    """The headers: SDK v1 took a truth value as well."""
    use = to.use_of(node)
    if isinstance(node, ast.Constant):
        return '"all_files_same_headers"' if node.value else '"no_header"'
    if use is not None and use.symbol.startswith("PromoteHeadersBehavior."):
        return to.source(node)
    code = to.source(node)
    return f'{{True: "all_files_same_headers", False: "no_header"}}.get({code}, {code})'


def steps(use: Use, to: Rewriter) -> str:
    """The calls that take columns from the paths of the files, and give columns types; "" where there are none."""
    found = ""
    partitions, types = _given(use, "partition_format"), _given(use, "set_column_types")
    if partitions is not None:
        found += f".extract_columns_from_partition_format({to.source(partitions)})"
    if types is not None and _overrides(use, to) is None:
        found += f".convert_column_types({to.source(types)})"
    return found
