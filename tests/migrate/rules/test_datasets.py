"""Datasets of a workspace by name."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Workspace\nws = Workspace.from_config()\n"
_GET = "ml_client.data.get('x', label='latest')"
_OR_NONE = f"{_GET} if 'x' in [data.name for data in ml_client.data.list()] else "


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("d = ws.datasets.get('x')\nprint(d.name)", f"d = {_GET}\nprint(d.name)"),
        ("print(ws.datasets.get('x').version)", f"print({_GET}.version)"),
        ("d = ws.datasets.get('x')\nif d is None:\n    d = 1", f"d = {_OR_NONE}None\nif d is None:\n    d = 1"),
        ("d = ws.datasets.get('x', other)", f"d = {_OR_NONE}other"),
        (
            "for d in ws.datasets.values():\n    print(d.version)",
            "for d in {data.name: ml_client.data.get(data.name, label='latest') for data in ml_client.data.list()}"
            ".values():\n    print(d.version)",
        ),
        ("print(list(ws.datasets))", "print(list((data.name for data in ml_client.data.list())))"),
    ],
)
def test_by_name(before: str, after: str) -> None:
    """What a list of assets gives has neither path nor version, so each is asked for by its name."""
    found = convert(_HEAD + before + "\n")
    assert ast.unparse(ast.parse(found.text)).endswith(after)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}


def test_scenarios_are_texts() -> None:
    text = convert("from azureml.core import Dataset\nused = [(Dataset.Scenario.TRAINING, data)]\n").text
    assert text.strip() == 'used = [("training", data)]'


def test_files_at_several_addresses_are_all_there() -> None:
    code = (
        "from azureml.core import Dataset, ScriptRunConfig\n\n"
        'files = Dataset.File.from_files(["https://example.org/a", "https://example.org/b"])\n'
        'job = ScriptRunConfig(".", "train.py", arguments=["--data", files.as_mount()])\n'
    )
    found = convert(code)
    assert '{"file": "https://example.org/a"}, {"file": "https://example.org/b"}' in " ".join(found.text.split())
    assert 'Input(type="mltable", path=files.path, mode="eval_mount")' in found.text
    left = convert('from azureml.core import Dataset\n\nfiles = Dataset.File.from_files(["a", *others])\n')
    assert [finding.status for finding in left.findings] == [Status.MANUAL]


def test_an_item_of_the_workspace_is_found_again_by_code_that_stays() -> None:
    text = convert(
        """\
from azureml.core import Workspace

ws = Workspace.from_config()
table = ws.datasets["sales"]
frame = table.to_pandas_dataframe()
table.to_dask_dataframe()
"""
    ).text
    assert 'table = ml_client.data.get("sales", label="latest")' in text
    assert "Dataset.get_by_name(ws, table.name).to_dask_dataframe()" in text


def test_tables_name_the_workspace_of_their_files() -> None:
    """mltable takes azureml://datastores/… for a path on this machine."""
    text = convert(
        """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
table = Dataset.Tabular.from_delimited_files(path=[(store, "in/*.csv"), (store, f"more/{week}.csv")])
one = Dataset.Tabular.from_delimited_files(path=(store, "in/a.csv"))
print(one.take(3).to_pandas_dataframe())
"""
    ).text
    where = "workspaces/{ml_client.workspace_name}/datastores/workspaceblobstore/paths/"
    assert where + "in/*.csv" in text and where + "more/{week}.csv" in text and where + "in/a.csv" in text
    assert "azureml://datastores/" not in text


def test_a_datastore_that_a_condition_chooses_is_asked_for_its_name() -> None:
    text = convert(
        """\
from azureml.core import Dataset, Datastore, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
if name:
    store = Datastore.get(ws, name)
files = Dataset.File.from_files(path=(store, "in"))
"""
    ).text
    assert 'path=f"azureml://datastores/{store.name}/paths/in"' in text


def test_some_files_of_a_folder_are_listed_and_all_are_the_folder() -> None:
    text = convert(
        """\
from azureml.core import Dataset, Workspace

store = Workspace.from_config().get_default_datastore()
some = Dataset.File.from_files(path=(store, "in/*.png"))
everything = Dataset.File.from_files(path=(store, "in/**"))
"""
    ).text
    assert '.save("some_mltable")' in text
    assert 'Data(path="azureml://datastores/workspaceblobstore/paths/in/", type="uri_folder")' in " ".join(
        text.split()
    ).replace("( ", "(").replace(" )", ")")


def test_columns_of_zeros_and_ones_are_for_review() -> None:
    findings = convert(
        """\
from azureml.core import Dataset, Workspace

store = Workspace.from_config().get_default_datastore()
table = Dataset.Tabular.from_delimited_files(path=(store, "a.csv"))
frame = table.to_pandas_dataframe()
"""
    ).findings
    assert any("truth values in SDK v1" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ('t = Dataset.get_by_name(ws, "a  b")', 't = ml_client.data.get("a-b", label="latest")'),
        ('t = ws.datasets["a b"]', 't = ml_client.data.get("a-b", label="latest")'),
        ('t = ws.datasets.get("a b")', 't = ml_client.data.get("a-b", label="latest")'),
        ('print("a b (1)" in ws.datasets)', 'print("a-b-1" in [data.name for data in ml_client.data.list()])'),
        (
            'key = "a b"\nprint(key in ws.datasets.keys())',
            'print(key.replace(" ", "-") in [data.name for data in ml_client.data.list()])',
        ),
        ('print("a b" in list(ws.datasets))', 'print("a-b" in list(data.name for data in ml_client.data.list()))'),
        ('name = "a b"\nt = Dataset.get_by_name(ws, name)', 'data.get(name.replace(" ", "-"), label="latest")'),
    ],
)
def test_names_that_v2_refuses_are_written_as_it_takes_them(code: str, after: str) -> None:
    found = convert(f"from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n{code}\n")
    assert after in found.text
    assert any("names of data assets" in finding.message for finding in found.findings)


def test_a_dataset_is_registered_under_a_name_that_v2_takes() -> None:
    code = 'Dataset.File.from_files("https://x/a/").register(ws, "a b")\n'
    found = convert(f"from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n{code}\n")
    assert 'Data(name="a-b", ' in found.text


def test_a_dataset_that_a_function_makes_is_read_of_the_variable_that_gets_it() -> None:
    found = convert(
        """\
        from azureml.core import Dataset, ScriptRunConfig, Workspace


        def registered(ws, frame, name):
            store = ws.get_default_datastore()
            dataset = Dataset.Tabular.register_pandas_dataframe(frame, store, name)
            return dataset


        ws = Workspace.from_config()
        table = registered(ws, frame, "table")
        config = ScriptRunConfig(
            ".", "train.py", arguments=["--data", table.as_named_input("data")], compute_target="cpu", environment=env
        )
        """
    ).text
    assert 'inputs={"data": Input(type="uri_file", path=table.id)}' in found and "azureml.core" not in found


def test_a_reference_that_a_function_makes_is_the_variable_that_gets_it() -> None:
    found = convert(
        """\
        from azureml.core import Workspace
        from azureml.data.data_reference import DataReference
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep


        def folder(ws, path):
            store = ws.get_default_datastore()
            reference = DataReference(datastore=store, data_reference_name="d", path_on_datastore=path)
            return reference


        ws = Workspace.from_config()
        data = folder(ws, "in")
        step = PythonScriptStep("a.py", arguments=["--in", data], inputs=[data], compute_target="cpu", runconfig=env)
        pipeline = Pipeline(ws, [step])
        """
    ).text
    assert "data)" in found and "reference)" not in found and "azureml.pipeline" not in found


def test_a_list_that_is_made_at_run_time() -> None:
    code = "from azureml.core import Dataset\nDataset.Tabular.from_delimited_files([p + '.csv' for p in NAMES])\n"
    assert """paths=[{"pattern": p + ".csv"} for p in NAMES]""" in convert(code).text


def test_a_parameter_that_gets_a_datastore_and_a_path_is_the_address_of_both() -> None:
    code = """\
        from azureml.core import Dataset
        def table(where):
            return Dataset.Tabular.from_delimited_files(path=where)
        pair = (ws.get_default_datastore(), "a/*.csv")
        print(table(pair))
        """
    text = convert(_HEAD + textwrap.dedent(code)).text
    assert "/datastores/{where[0].name}/paths/{where[1]}" in text


_STORE = f"{_HEAD}from azureml.core import Dataset\nstore = ws.get_default_datastore()\n"
_READ_T = "files = Dataset.File.from_files((store, 't'))\n"


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ("['a/x.csv', 'a/b/y.csv']", "path='a'"),
        ("FILES", "path=os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in FILES])"),
    ],
)
def test_files_go_up_with_their_folder(files: str, folder: str) -> None:
    text = convert(_STORE + f"store.upload_files({files}, target_path='t')\n" + _READ_T).text
    assert folder in ast.unparse(ast.parse(text))


@pytest.mark.parametrize(
    "given", ["['a/x.csv', 'a/y.csv']", "files=['./a/x.csv', 'a/y.csv'], relative_root='a'", "['x.csv', 'y.csv'], None"]
)
def test_some_files_of_a_folder_go_up_without_the_others(given: str) -> None:
    text = convert(_STORE + f"store.upload_files({given}, target_path='t')\n" + _READ_T).text
    assert "upload_folder = tempfile.mkdtemp()\nfor file in [" in text
    assert "shutil.copy(file, upload_folder)" in text
    assert 'path=upload_folder, type="uri_folder"' in text


@pytest.mark.parametrize("given", ["['a/x.csv', 'b/y.csv']", "['a/x.csv', 'y.csv']"])
def test_files_of_several_folders_go_up_without_the_rest_of_the_working_directory(given: str) -> None:
    text = convert(_STORE + f"store.upload_files({given}, target_path='t')\n" + _READ_T).text
    copied = "os.path.join(upload_folder, file)"
    assert f"    os.makedirs(os.path.dirname({copied}), exist_ok=True)\n    shutil.copy(file, {copied})\n" in text
    assert 'path=upload_folder, type="uri_folder"' in text
    assert "import os\n" in text and "import shutil\n" in text


def test_files_that_keep_a_part_of_their_path_go_up_with_their_folder() -> None:
    code = "store.upload_files(['a/b/x.csv', 'a/b/y.csv'], relative_root='a', target_path='t')\n"
    assert "mkdtemp" not in convert(_STORE + code + _READ_T).text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("(store, 'raw/table.csv')", "uri_file"),
        ("[(store, f'raw/{year}.zip')]", "uri_file"),
        ("'https://example.org/table.csv?x=1'", "uri_file"),
        ("store.path('raw/table.csv')", "uri_file"),
        ("apart", "uri_file"),
        ("(store, 'raw')", "uri_folder"),
        ("(store, 'raw/**')", "uri_folder"),
        ("(store, 'raw/v1.2')", "uri_folder"),
    ],
)
def test_a_job_gets_the_path_of_a_single_file(path: str, kind: str) -> None:
    """SDK v1 gives a run the path of the file itself, where a file dataset has only one."""
    text = convert(
        _STORE
        + ("apart = store.path('raw/table.csv')\n" if path == "apart" else "")
        + f"files = Dataset.File.from_files({path})\n"
        + "from azureml.core import Experiment, ScriptRunConfig\n"
        + 'Experiment(ws, "e").submit(ScriptRunConfig("src", "train.py", arguments=["--data", files.as_mount()]))\n'
    ).text
    given = re.findall(r'type="(\w+)"', text)
    assert given == [kind, kind]


@pytest.mark.parametrize(
    "made", ["store.path('raw/t.csv')", "DataPath(store, 'raw/t.csv')", "DataReference(store, 'r', 'raw/t.csv')"]
)
def test_a_table_of_a_path_that_is_made_apart_has_the_whole_address(made: str) -> None:
    """mltable takes the short form for a path on this machine."""
    text = convert(
        "from azureml.data.datapath import DataPath\nfrom azureml.data.data_reference import DataReference\n"
        + _STORE
        + f"where = {made}\nprint(Dataset.Tabular.from_delimited_files(where).to_pandas_dataframe())\n"
    ).text
    assert "{ml_client.workspace_name}/datastores/workspaceblobstore/paths/raw/t.csv" in text
    assert "where" not in text


def test_names_of_datasets_are_a_list() -> None:
    text = convert(_HEAD + "for name in list(ws.datasets.keys()):\n    print(name)\n").text
    assert "for name in [data.name for data in ml_client.data.list()]:" in text


def test_kinds_of_datasets_are_types() -> None:
    text = convert(
        f"{_HEAD}from azureml.data import FileDataset, TabularDataset\nd = ws.datasets['x']\n"
        "print(isinstance(d, FileDataset), not isinstance(d, TabularDataset))\n"
    ).text
    assert text.endswith('print(d.type == "uri_folder", not (d.type != "uri_folder"))\n')
    assert "Data\n" not in text


def test_a_data_frame_keeps_its_description() -> None:
    text = convert(
        f"{_HEAD}from azureml.core import Dataset\n"
        "Dataset.Tabular.register_pandas_dataframe(frame, store, 'rows', description='Made', tags={'a': 'b'})\n"
    ).text
    assert 'description="Made"' in text and 'tags={"a": "b"}' in text


def test_a_path_in_a_variable_names_its_workspace_in_a_table() -> None:
    text = convert(
        f"{_HEAD}from azureml.core import Dataset\nfrom azureml.data.datapath import DataPath\n"
        "path = DataPath(ws.get_default_datastore(), 'rows/a.parquet')\n"
        "print(Dataset.Tabular.from_parquet_files(path).take(1).to_pandas_dataframe())\n"
    ).text
    assert "{ml_client.workspace_name}/datastores/workspaceblobstore/paths/rows/a.parquet" in text
    assert "DataPath" not in text and "Input" not in text


def test_versions_are_numbers_where_they_are_compared() -> None:
    text = convert(f"{_HEAD}print(ws.datasets['x'].version > 1, ws.datasets['x'].version)\n").text
    assert 'int(ml_client.data.get("x", label="latest").version) > 1' in " ".join(text.split()).replace("'", '"')
    assert text.count(" int(") == 1


def test_a_name_that_a_function_gets_is_written_as_v2_takes_it() -> None:
    code = """\
        def register(name, table):
            return table.register(workspace=ws, name=name)
        files = Dataset.File.from_files("https://example.org/a.gz")
        register("some files", files)
        """
    text = convert("from azureml.core import Dataset\n" + _HEAD + textwrap.dedent(code)).text
    assert 'name=name.replace(" ", "-")' in text


def test_a_dataset_that_is_registered_under_the_name_it_is_looked_up_by_ends_no_conversion() -> None:
    found = convert(
        """from azureml.core import Dataset, Workspace
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
data = data.register(ws, "d")
step = PythonScriptStep("b.py", arguments=[data.as_named_input("d").as_mount()], compute_target="cpu")
data = Dataset.get_by_name(ws, name="d")
data = data.register(ws, "d")
"""
    )
    assert found.findings


def test_a_registration_that_kept_its_version_makes_one_each_time() -> None:
    found = convert(
        """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
data = Dataset.File.from_files((ws.get_default_datastore(), "a"))
data = data.register(ws, "x", create_new_version=False)
data = data.register(ws, "y", create_new_version=True)
"""
    )
    reviews = [finding.message for finding in found.findings if finding.status is Status.REVIEW]
    assert reviews == ["SDK v2 makes a new version each time; SDK v1 kept the one it had, where that was the same"]


@pytest.mark.parametrize(
    ("inside", "made"),
    [
        ("notes/*.txt", 'Data(path="some_mltable", type="mltable")'),
        ("notes/**", 'Data(path="azureml://datastores/texts/paths/notes/", type="uri_folder")'),
        ("notes/a.txt", 'Data(path="azureml://datastores/texts/paths/notes/a.txt", type="uri_file")'),
    ],
)
def test_a_path_object_with_a_pattern_lists_files(inside: str, made: str) -> None:
    text = convert(
        "from azureml.core import Dataset, Datastore, Workspace\n"
        "from azureml.data.datapath import DataPath\n"
        'ws = Workspace.from_config()\nstore = Datastore(ws, "texts")\n'
        f'some = Dataset.File.from_files(path=[DataPath(store, "{inside}")])\nsome.register(ws, "some")\n'
    ).text
    assert f"some = {made}\n" in text
    assert ("/datastores/texts/paths/notes/*.txt" in text) is ("*.txt" in inside)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("(lake, 'frames')", ', datastore="lake"'),
        ("lake", ', datastore="lake"'),
        ("DataPath(lake, 'frames')", ', datastore="lake"'),
        ("ws.get_default_datastore()", ""),
        ("chosen()", ", datastore=chosen().name"),
    ],
)
def test_what_goes_up_goes_to_the_datastore_that_the_code_names(target: str, where: str) -> None:
    head = "from azureml.core import Dataset, Datastore, Workspace\nfrom azureml.data.datapath import DataPath\n"
    head += 'ws = Workspace.from_config()\nlake = Datastore.get(ws, "lake")\n'
    frame = convert(f'{head}t = Dataset.Tabular.register_pandas_dataframe(frame, {target}, "orders")\n')
    assert f'Data(name="orders", path="orders.csv", type="uri_file"{where})' in frame.text
    told = next(finding.message for finding in frame.findings if "register_pandas" in finding.symbol)
    assert ("below LocalUpload/ of the datastore, not to 'frames'" in told) is ("frames" in target)
    if target.startswith("("):
        folder = convert(f'{head}f = Dataset.File.upload_directory("out", {target})\n')
        assert f'path="out", type="uri_folder"{where})' in folder.text
        upload = convert(f'{head}f = lake.upload("out", "frames")\n')
        assert f'path="out", type="uri_folder"{where})' in upload.text


@pytest.mark.parametrize("made", ["TabularDatasetFactory", "TabularDatasetFactory()", "maker"])
def test_an_object_of_the_factory_makes_what_the_class_makes(made: str) -> None:
    head = "from azureml.data.dataset_factory import TabularDatasetFactory\n"
    head += "maker = TabularDatasetFactory()\n" if made == "maker" else ""
    found = convert(f'{head}rows = {made}.from_delimited_files("https://shop.example/a.csv").to_pandas_dataframe()\n')
    assert found.text == 'import pandas\nrows = pandas.read_csv("https://shop.example/a.csv")\n'


@pytest.mark.parametrize("rest", ["show(maker)", 'maker.from_sql_query("a").to_pandas_dataframe()'])
def test_a_factory_stays_with_what_it_makes(rest: str) -> None:
    code = "from azureml.data.dataset_factory import TabularDatasetFactory\nmaker = TabularDatasetFactory()\n"
    found = convert(f"{code}{rest}\n")
    assert "\nmaker = TabularDatasetFactory()\n" in found.text and rest in found.text
    assert all(finding.status is not Status.CONVERTED for finding in found.findings)


def test_the_class_above_all_datasets() -> None:
    text = convert("""\
        from azureml.core import Dataset, Workspace
        from azureml.data.abstract_dataset import AbstractDataset

        def rows(data: AbstractDataset):
            return data.to_pandas_dataframe().shape[0]

        table: AbstractDataset = Dataset.get_by_name(Workspace.from_config(), "sales")
        print(rows(table))
        """).text
    assert "azureml" not in text and "def rows(data: Data):" in text and "table: Data = " in text


@pytest.mark.parametrize("store", ["data", "ws"])
def test_a_path_in_what_is_no_datastore_is_told(store: str) -> None:
    """SDK v1 refuses it."""
    found = convert(
        "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
        f'data = Dataset.get_by_name(ws, "a")\nmore = Dataset.File.from_files(({store}, "raw"))\nprint(data.version)\n'
    )
    assert "from_files(" in found.text and "azureml://" not in found.text
    assert "say which datastore is meant" in " ".join(finding.message for finding in found.findings)
