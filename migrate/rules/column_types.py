"""Types of columns, and how files of a table are read: ``DataType``, ``PromoteHeadersBehavior``, ``FileEncoding``.

The types go where a delimited file is read, ``infer_column_types``, and else to ``convert_column_types`` of the
MLTable, which has them under the same names, but for ``to_long``. The choices are texts.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "column-types",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset
from azureml.data import DataType

table = Dataset.Tabular.from_delimited_files(
    "https://example.org/a.txt",
    separator=";",
    set_column_types={"count": DataType.to_long(), "day": DataType.to_datetime("%Y-%m-%d")},
)
frame = table.to_pandas_dataframe()
""",
            """\
import mltable
from mltable import DataType

table = mltable.from_delimited_files(
    paths=[{"file": "https://example.org/a.txt"}],
    delimiter=";",
    infer_column_types={
        "column_type_overrides": {
            "count": DataType.to_int(),
            "day": DataType.to_datetime("%Y-%m-%d"),
        }
    },
)
frame = table.to_pandas_dataframe()
""",
        )
    ],
)

_HEADERS = {
    "ALL_FILES_HAVE_SAME_HEADERS": "all_files_same_headers",
    "ONLY_FIRST_FILE_HAS_HEADERS": "from_first_file",
    "COMBINE_ALL_FILES_HEADERS": "all_files_different_headers",
    "NO_HEADERS": "no_header",
}
_ENCODINGS = ("UTF8", "ISO88591", "LATIN1", "ASCII", "UTF16", "UTF8BOM", "WINDOWS1252")
#: How times are taken to be written when nothing is said: SDK v1 found that out.
_FORMATS = '["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]'
_WRITTEN = "assumed that the times are written like 2026-06-30 or 2026-06-30 23:59:59: mltable wants their formats"
_TYPES = {"to_long": "to_int"} | {name: name for name in ("to_bool", "to_float", "to_stream", "to_string")}


@rule.converts(*(f"DataType.{name}" for name in (*_TYPES, "to_datetime")))
def data_type(use: Use, to: Rewriter) -> Outcome:
    """The type, for an MLTable."""
    name = use.symbol.rsplit(".", 1)[1]
    if name == "to_datetime":
        formats = use.passed("formats", position=0)
        if formats is None:
            return Replace(f"{to.need('mltable', 'DataType')}.to_datetime({_FORMATS})", _WRITTEN)
        return Replace(f"{to.need('mltable', 'DataType')}.to_datetime({to.source(formats)})")
    mark = use.argument("decimal_mark", position=0) if name == "to_float" else None
    if mark is not None and to.evaluator.text(mark) != ".":
        return Leave("mltable reads numbers with a decimal point: replace the comma in the data frame")
    return Replace(f"{to.need('mltable', 'DataType')}.{_TYPES[name]}()")


@rule.converts(*(f"PromoteHeadersBehavior.{name}" for name in _HEADERS))
def headers(use: Use, to: Rewriter) -> Outcome:
    """The text that mltable takes."""
    del to
    return Replace(f'"{_HEADERS[use.symbol.rsplit(".", 1)[1]]}"')


@rule.converts(*(f"FileEncoding.{name}" for name in _ENCODINGS))
def encoding(use: Use, to: Rewriter) -> Outcome:
    """The text that mltable takes."""
    del to
    return Replace(f'"{use.symbol.rsplit(".", 1)[1].lower()}"')
