"""Uploads to datastores: a data asset where only the code itself reads the files, else to the same path with fsspec."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON, check_transformed, convert

_HEAD = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
"""
_AFTER = """\
import fsspec
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
store = ml_client.datastores.get_default()
store_fs = fsspec.filesystem("azureml", uri=f"azureml:/{store.id}")
"""
_UPLOAD = 'store.upload("data", target_path="wines")\n'
_READ = 'files = Dataset.File.from_files((store, "wines"))\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"data", target_path="wines"', '"data", rpath="wines", recursive=True, overwrite="APPEND"'),
        ('"data", "/a/b", True', '"data", rpath="a/b", recursive=True, overwrite="MERGE_WITH_OVERWRITE"'),
        (
            'src_dir=folder, overwrite=again, target_path=f"{x}/a"',
            'folder, rpath=f"{x}/a", recursive=True, overwrite="MERGE_WITH_OVERWRITE" if again else "APPEND"',
        ),
        ('"data"', '"data", rpath="", recursive=True, overwrite="APPEND"'),
        ('"data", target_path=None', '"data", rpath="", recursive=True, overwrite="APPEND"'),
    ],
)
def test_a_folder_goes_to_the_same_path(before: str, after: str) -> None:
    found = convert(f"{_HEAD}store.upload({before})\n")
    assert found.text.startswith(_AFTER)
    assert ast.unparse(ast.parse(found.text)).endswith(ast.unparse(ast.parse(f"store_fs.upload(lpath={after})")))


def test_a_variable_that_is_another_datastore_further_down_has_another_file_system() -> None:
    found = convert(
        f'{_HEAD}store.upload("a", "x")\nstore = Datastore.get(ws, "lake")\nstore.upload("b", "y")\n'.replace(
            "import Dataset", "import Dataset, Datastore"
        )
    )
    assert found.text == (
        f'{_AFTER}store_fs.upload(lpath="a", rpath="x", recursive=True, overwrite="APPEND")\n'
        'store = ml_client.datastores.get("lake")\n'
        'store_fs_2 = fsspec.filesystem("azureml", uri=f"azureml:/{store.id}")\n'
        'store_fs_2.upload(lpath="b", rpath="y", recursive=True, overwrite="APPEND")\n'
    )


def test_uploads_to_one_datastore_share_the_file_system() -> None:
    findings = check_transformed(
        f'{_HEAD}store.upload("a", "x")\nstore.upload_files(["b.csv"], target_path="y")\n',
        f'{_AFTER}store_fs.upload(lpath="a", rpath="x", recursive=True, overwrite="APPEND")\n'
        'store_fs.upload(lpath="b.csv", rpath="y", overwrite="APPEND")\n',
        status=Status.REVIEW,
    )
    assert all("azureml-fsspec" in finding.message for finding in findings if "upload" in finding.symbol)


@pytest.mark.parametrize(
    ("files", "folder", "told"),
    [
        ('["a/x.csv", "a/y.csv"]', '"t"', False),
        ('["a/b/x.csv", "a/c/y.csv"]', 'os.path.join("t", os.path.relpath(os.path.dirname(file), "a"))', False),
        ('["a/b/x.csv"], "a"', 'os.path.join("t", os.path.relpath(os.path.dirname(file), "a"))', False),
        ('["a/b/x.csv", "a/b/y.csv"], "a/b"', '"t"', False),
        ("FILES, ROOT", 'os.path.join("t", os.path.relpath(os.path.dirname(file), ROOT))', False),
        ("FILES", '"t"', True),
    ],
)
def test_files_go_to_the_folder_that_they_had(files: str, folder: str, told: bool) -> None:
    found = convert(f'{_HEAD}store.upload_files({files}, target_path="t")\n')
    upload = ast.unparse(ast.parse(f'store_fs.upload(lpath=file, rpath={folder}, overwrite="APPEND")'))
    assert ast.unparse(ast.parse(found.text)).endswith(upload)
    assert any("right into the folder" in finding.message for finding in found.findings) is told


@pytest.mark.parametrize(
    "code",
    [
        _READ.replace("wines", "wines2") + _UPLOAD,
        _READ + _UPLOAD,
        f"if new:\n    {_UPLOAD}{_READ}",
        f"def up():\n    {_UPLOAD}\ndef read():\n    {_READ}",
        f"{_UPLOAD}{_READ}other = Dataset.File.from_files((store, path))\n",
        f"{_UPLOAD}{_READ}all_of_it = store.path('/')\n",
        _UPLOAD + _READ.replace('"wines"', 'f"wines{year}/a.csv"'),
        _UPLOAD.replace("data", "more") + _UPLOAD + _READ,
        'store.upload_files(["data/a.csv"], target_path="wines")\n' + _READ.replace("wines", "wines/*.csv"),
        'store.upload_files(["data/a.csv"], target_path="wines")\n' + _READ.replace("wines", "wines/b.csv"),
    ],
    ids=[
        *("another path", "before", "in a branch", "in another function", "unknown path", "folder above", "formatted"),
        *("of two uploads", "by a pattern", "another file"),
    ],
)
def test_what_others_may_read_goes_to_the_path(code: str) -> None:
    text = convert(_HEAD + code).text
    assert 'rpath="wines"' in text and "wines_files" not in text


@pytest.mark.parametrize(
    "code",
    [
        _UPLOAD + _READ,
        f"with folder:\n    {_UPLOAD}{_READ}",
        f"if new:\n    {_UPLOAD}    {_READ}",
        f"{_UPLOAD}if new:\n    {_READ}",
    ],
)
def test_what_only_the_code_behind_reads_becomes_a_data_asset(code: str) -> None:
    text = convert(_HEAD + code).text
    assert "wines_files = ml_client.data.create_or_update(" in text and "path=wines_files.path" in text


def test_a_folder_whose_name_only_begins_alike_is_another_one() -> None:
    text = convert(f"{_HEAD}{_UPLOAD}{_READ}{_READ.replace('wines', 'wines2')}").text
    assert "path=wines_files.path" in text and "azureml://datastores/workspaceblobstore/paths/wines2" in text


def test_a_folder_that_only_a_module_beside_reads_goes_to_the_path() -> None:
    modules = [ModuleText(Path("upload.py"), _HEAD + _UPLOAD), ModuleText(Path("read.py"), _HEAD + _READ)]
    project = build_project(modules, PYTHON)
    uploaded, read = (convert_module(module, project, PYTHON).text for module in modules)
    assert 'rpath="wines"' in uploaded and '"azureml://datastores/workspaceblobstore/paths/wines"' in read


@pytest.mark.parametrize(("uploaders", "address"), [(["one"], ".path"), (["one", "two"], "paths/wines")])
def test_a_module_of_another_folder_reads_what_only_one_uploads(uploaders: list[str], address: str) -> None:
    modules = [ModuleText(Path(folder, "upload.py"), _HEAD + _UPLOAD + _READ) for folder in uploaders]
    modules.append(ModuleText(Path("reading", "read.py"), _HEAD + _READ))
    project = build_project(modules, PYTHON)
    *_, read = (convert_module(module, project, PYTHON).text for module in modules)
    assert ('ml_client.data.get("wines_files", label="latest").path' in read) is (address == ".path")
    assert ("azureml://datastores/workspaceblobstore/paths/wines" in read) is (address != ".path")


def test_a_directory_whose_dataset_nobody_takes() -> None:
    code = 'Dataset.File.upload_directory("data", target=(store, "wines"), overwrite=True)\n'
    check_transformed(
        _HEAD + code,
        f'{_AFTER}store_fs.upload(\n    lpath="data", rpath="wines", recursive=True, overwrite="MERGE_WITH_OVERWRITE"\n'
        ")\n",
        status=Status.REVIEW,
    )


def test_an_upload_whose_arguments_come_from_elsewhere_stops_nothing() -> None:
    text = convert(f"{_HEAD}\n\ndef up(**given):\n    store.upload(**given)\n\n\nup(**OPTIONS)\nprint(ws.name)\n").text
    assert "print(ws.name)" in text or "print(ml_client.workspace_name)" in text


def test_what_code_reads_that_stays_sdk_v1_goes_to_its_path() -> None:
    text = convert(
        f"""{_HEAD}store.upload("here", "sales")
table = Dataset.Tabular.from_delimited_files(path=(store, "sales/*.csv"))
parts = table.partition_by(partition_keys=["month"], target=(store, "parts"), name="parts")
"""
    ).text
    assert 'store_fs.upload(lpath="here", rpath="sales"' in text
    assert "data.create_or_update" not in text


def test_files_that_match_a_pattern_go_up_one_by_one() -> None:
    found = convert(
        f'{_HEAD}Dataset.File.upload_directory("data", (store, "wines"), "*.csv", True)\n',
    )
    loop = """\
for file in Path("data").rglob("*"):
    if file.is_file() and fnmatch.fnmatch(file.absolute().as_posix(), "*.csv"):
        store_fs.upload(
            lpath=str(file), rpath="wines", overwrite="MERGE_WITH_OVERWRITE"
        )
"""
    assert found.text.endswith(loop)


def test_files_that_match_a_pattern_go_to_a_datastore_that_has_no_variable() -> None:
    head = _HEAD.replace("store = ws.get_default_datastore()\n", "")
    upload = 'Dataset.File.upload_directory("data", (ws.get_default_datastore(), "wines"), pattern="*.csv")\n'
    text = convert(head + upload).text
    assert "ml_client.datastores.get_default().id" in text
    assert "lpath=str(file)" in text and "azureml.core" not in text


def test_a_pattern_is_no_whole_folder() -> None:
    code = f'{_HEAD}files = Dataset.File.upload_directory("data", (store, "wines"), pattern="*.csv")\n'
    assert "upload_directory(" in convert(code).text


def test_a_folder_that_is_read_at_its_path_too_goes_there() -> None:
    text = convert("""\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()


def send(label):
    store = ws.get_default_datastore()
    files = Dataset.File.upload_directory("out", target=(store, f"small/{label}"), overwrite=True)
    files.register(ws, f"small-{label}")


def paths(label, names):
    store = ws.get_default_datastore()
    return Dataset.File.from_files([(store, f"small/{label}/{name}") for name in names])
""").text
    assert 'rpath=f"small/{label}"' in text and '"MERGE_WITH_OVERWRITE"' in text
    assert 'files=Data(path=f"azureml://datastores/workspaceblobstore/paths/small/{label}",' in "".join(text.split())
    assert "path=files.path" in text


@pytest.mark.parametrize(
    "reading",
    ['DataPath(store, f"wines/1/red.csv")', 'store.path("wines/1/red.csv")', '(store, "wines/1/red.csv")'],
)
def test_a_table_below_the_folder_that_goes_up_is_read_where_it_lies(reading: str) -> None:
    text = convert(f"""{_HEAD}from azureml.data.datapath import DataPath
files = Dataset.File.upload_directory("data", target=DataPath(store, f"wines/1"))
place = {reading}
table = Dataset.Tabular.from_delimited_files(path=place)
print(table.to_pandas_dataframe(), files.to_path())
""").text
    assert "{files.path.rstrip('/')}/red.csv" in text


def test_a_table_that_another_function_reads_below_the_folder_is_read_at_its_path() -> None:
    text = convert(f"""{_HEAD}from azureml.data.datapath import DataPath
def read():
    return Dataset.Tabular.from_delimited_files(DataPath(store, "wines/1/red.csv"))
files = Dataset.File.upload_directory("data", target=DataPath(store, "wines/1"))
print(files.name, read())
""").text
    assert 'store_fs.upload(lpath="data", rpath="wines/1"' in text and "paths/wines/1/red.csv" in text


@pytest.mark.parametrize("target", [".", "./", "/"])
def test_the_root_of_a_datastore_is_named_as_fsspec_does(target: str) -> None:
    text = convert(f'{_HEAD}store.upload_files(["a.csv"], target_path="{target}", overwrite=True)\n').text
    assert 'rpath=""' in text
