"""Definitions: read, compared, composed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow, dprep_blocks
from amlbridge.wire.errors import ServiceError

WORKSPACE = Workspace("id", "sub", "rg", "ws", 0.0, {})
_TYPED = """---
type: mltable
paths:
  - pattern: "azureml://datastores/d/paths/x.csv"
transformations:
  - read_delimited:
      delimiter: ","
  - convert_column_types:
      - columns: {0}
        column_type: int
      - columns: {1}
        column_type: {2}
"""


def test_the_order_of_converted_columns_does_not_matter() -> None:
    one = _TYPED.format("a", "b", "int")
    assert dataflow.normal_form(one) == dataflow.normal_form(_TYPED.format("b", "a", "int"))
    assert dataflow.normal_form(one) != dataflow.normal_form(_TYPED.format("a", "b", "string"))


@given(st.text(alphabet=st.characters(exclude_characters="\0?*", codec="utf-8"), min_size=1))
def test_a_path_survives_its_uri(path: str) -> None:
    text = dataflow.compose([], [], dataflow.uri(WORKSPACE, "d", "x/" + path), is_file=True)
    [source] = dataflow.sources(dataflow.load(text))
    assert (source.datastore, source.path, source.scope) == ("d", "x/" + path, ("sub", "rg", "ws"))


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1, max_size=4), _VALUES, max_size=3))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_dumped_is_loaded_again(transformation: dict[str, Any]) -> None:
    content = {"paths": [{"file": "x"}], "transformations": [transformation]}
    text = dataflow.dump(content)
    assert text.startswith("---")
    assert dataflow.load(text) == content


def test_what_one_reader_changes_no_other_sees() -> None:
    text = "paths:\n- file: https://example.com/a.csv\ntransformations: []\n"
    first = dataflow.load(text)
    first["paths"].append({"file": "b.csv"})
    assert dataflow.load(text) == {"paths": [{"file": "https://example.com/a.csv"}], "transformations": []}


def test_uris_of_both_lengths_and_urls() -> None:
    content = {
        "paths": [
            {"pattern": "azureml://subscriptions/S/resourcegroups/R/workspaces/W/datastores/D/paths/a%20b/?.csv"},
            {"folder": "azureml://datastores/D/paths/x"},
            {"file": "https://host/x.csv"},
        ]
    }
    found = [(item.how, item.datastore, item.path, item.scope) for item in dataflow.sources(content)]
    assert found == [
        ("pattern", "D", "a b/", ("S", "R", "W")),
        ("folder", "D", "x", None),
        ("file", None, "https://host/x.csv", None),
    ]
    with pytest.raises(ServiceError, match="database"):
        dataflow.sources({"query_source": {}})
    with pytest.raises(ServiceError, match="neither pattern, file nor folder"):
        dataflow.sources({"paths": [{"other": "x"}]})


def test_definitions_of_older_clients_are_translated() -> None:
    place = {"subscription": "S", "resourceGroup": "R", "workspaceName": "W", "datastoreName": "D", "path": "a b/*.csv"}
    conversion = {"column": {"details": {"selectedColumn": "n"}}, "typeProperty": 2}
    date = {
        "column": {"details": {"selectedColumn": "d"}},
        "typeProperty": 4,
        "typeArguments": {"dateTimeFormats": ["%Y"]},
    }
    blocks = [
        {"type": "Microsoft.DPrep.GetDatastoreFilesBlock", "arguments": {"datastores": [place]}},
        {"type": "Microsoft.DPrep.ParseDelimitedBlock", "arguments": {"separator": ";", "columnHeadersMode": 1}},
        {"type": "Microsoft.DPrep.SetColumnTypesBlock", "arguments": {"columnConversion": [conversion, date]}},
        {"type": "Microsoft.DPrep.TakeBlock", "arguments": {"count": 3}},
    ]
    content = dataflow.load(dataflow.of_json(json.dumps({"blocks": blocks})))
    [source] = dataflow.sources(content)
    assert (source.datastore, source.path) == ("D", "a b/*.csv")
    read, convert, take = content["transformations"]
    assert (read["read_delimited"]["delimiter"], read["read_delimited"]["header"]) == (";", "from_first_file")
    assert convert["convert_column_types"] == [
        {"columns": "n", "column_type": "int"},
        {"columns": "d", "column_type": {"datetime": {"formats": ["%Y"]}}},
    ]
    assert take == {"take": 3}


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ([{"type": "Microsoft.DPrep.MagicBlock"}], "cannot translate the data preparation step Magic"),
        ([{"type": "Microsoft.DPrep.DropColumnsBlock", "arguments": {}}], "DropColumns is incomplete"),
        ([{"type": "Microsoft.DPrep.ParseDelimitedBlock", "arguments": {"columnHeadersMode": 9}}], "incomplete"),
        ([{}], "cannot translate"),
    ],
)
def test_a_block_without_counterpart_is_named(blocks: list[Any], reason: str) -> None:
    with pytest.raises(ServiceError, match=reason):
        dprep_blocks.to_transformations(blocks)


def test_blocks_come_in_several_forms() -> None:
    block = {"type": "Microsoft.DPrep.TakeBlock", "arguments": {"count": 1}}
    for form in ({"blocks": [block]}, json.dumps({"blocks": [block]}), [{"blocks": [block]}, None, ""]):
        assert dataflow.blocks_of(form) == [block]
    assert dataflow.blocks_of(None) == dataflow.blocks_of("") == []
    for wrong in ("{", {"blocks": 1}, {"blocks": [1]}, [1], 7):
        with pytest.raises(ServiceError):
            dataflow.blocks_of(wrong)


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.csv", "store/run/a.csv", True),
        ("*.csv", "store/run/a.csv.gz", False),
        ("test_*.csv", "store/test_1.csv", True),
        ("test_*.csv", "store/my_test_1.csv", False),
        ("/one/*/*.txt", "store/one/x/a.txt", True),
        ("/one/*/*.txt", "store/one/a.txt", False),
        ("one/**/a.txt", "store/one/x/y/a.txt", True),
        ("a?.[ct]sv", "store/ab.tsv", True),
    ],
)
def test_path_globs_select_as_documented(glob: str, path: str, matches: bool) -> None:
    assert bool(re.search(dprep_blocks._glob_pattern(glob), path)) is matches
