"""How files are read as a table: separator, headers, types of columns."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

HEAD = """\
from azureml.core import Dataset, Workspace
from azureml.data import DataType
from azureml.data.dataset_type_definitions import PromoteHeadersBehavior

ws = Workspace.from_config()
"""


def flat(text: str) -> str:
    """The text without blanks and line ends, with one kind of quotes."""
    return "".join(text.split()).replace("'", '"').replace(",)", ")")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("separator='@@'", 'paths=[{"file": "https://x/a.csv"}],delimiter=\'@@\''),
        ("separator=','", ""),
        ("header=False", 'header="no_header"'),
        ("header=True", ""),
        ("header=shown", 'header={True: "all_files_same_headers", False: "no_header"}.get(shown, shown)'),
        ("header=PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS", 'header="from_first_file"'),
        ("encoding='latin1', support_multi_line=True", "support_multi_line=True,encoding='latin1'"),
        ("infer_column_types=False, include_path=True", "infer_column_types=False,include_path_column=True"),
        (
            "set_column_types={'n': DataType.to_long()}",
            "infer_column_types={'column_type_overrides': {'n': DataType.to_int()}}",
        ),
        (
            "infer_column_types=False, set_column_types={'n': DataType.to_long()}",
            "infer_column_types=False).convert_column_types({'n': DataType.to_int()})",
        ),
        ("set_column_types={'n': DataType.to_stream()}", ".convert_column_types({'n': DataType.to_stream()})"),
        ("set_column_types=None", ""),
    ],
)
def test_how_a_file_is_read_is_kept(given: str, expected: str) -> None:
    code = f'table = Dataset.Tabular.from_delimited_files("https://x/a.csv", {given})\n'
    found = convert(HEAD + code + "frame = table.to_pandas_dataframe()\n")
    assert flat(expected) in flat(found.text) and "from azureml" not in found.text
    assert ("read_csv(" in found.text) == (expected == "")
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize("form", ["parquet", "json_lines"])
def test_one_file_that_is_no_csv_is_not_read_as_one(form: str) -> None:
    code = f'frame = Dataset.Tabular.from_{form}_files("https://x/a.data").to_pandas_dataframe()\n'
    expected = f'frame = mltable.from_{form}_files(paths=[{{"file": "https://x/a.data"}}]).to_pandas_dataframe()'
    assert flat(expected) in flat(convert(HEAD + code).text)


def test_the_types_of_columns_go_with_the_asset() -> None:
    """Images of AutoML are found by the type of their column."""
    check_transformed(
        HEAD + 'images = Dataset.Tabular.from_json_lines_files("https://x/t.jsonl", set_column_types='
        '{"image_url": DataType.to_stream(ws)}).register(ws, "images")\n',
        '''\
        import mltable
        from azure.ai.ml import MLClient
        from azure.ai.ml.entities import Data
        from azure.identity import DefaultAzureCredential
        from mltable import DataType

        ml_client = MLClient.from_config(credential=DefaultAzureCredential())
        mltable.from_json_lines_files(
            paths=[{"file": "https://x/t.jsonl"}]
        ).convert_column_types({"image_url": DataType.to_stream()}).save("images_mltable")
        dataset = Data(path="images_mltable", type="mltable")
        images = ml_client.data.create_or_update(
            Data(name="images", path=dataset.path, type=dataset.type)
        )
        ''',
        status=Status.REVIEW,
    )  # fmt: skip


def test_a_type_that_mltable_has_not_is_left_with_all_of_the_table() -> None:
    types = '{"a": DataType.to_float(","), "b": DataType.to_long()}'
    code = f'table = Dataset.Tabular.from_delimited_files("https://x/a.csv", set_column_types={types})\n'
    found = convert(HEAD + code)
    assert Status.MANUAL in {finding.status for finding in found.findings}
    assert code in found.text and "import mltable" not in found.text


def test_times_that_v1_would_recognise_have_their_usual_formats() -> None:
    code = (
        'a = Dataset.Tabular.from_delimited_files("https://x/a.csv", set_column_types={"a": DataType.to_datetime()})\n'
    )
    found = convert(HEAD + code)
    assert '.to_datetime(["%Y-%m-%d","%Y-%m-%d%H:%M:%S"' in flat(found.text)
    assert "formats" in "".join(finding.message for finding in found.findings)


def test_named_time_columns_change_nothing() -> None:
    code = """\
    from azureml.core import Dataset, Workspace

    ws = Workspace.from_config()
    table = Dataset.Tabular.from_delimited_files("https://x/*.csv")
    table = table.with_timestamp_columns("day")
    table = table.register(ws, "days")
    """
    found = convert(code)
    assert "table = table\n" not in found.text
    assert 'table = Data(path="table_mltable", type="mltable")\ntable = ml_client.data' in found.text
