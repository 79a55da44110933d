"""Downloads and mounts of datasets outside of the inputs of a job."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Run

run = Run.get_context()
data = Dataset.get_by_name(run.experiment.workspace, name="x")
"""


def test_a_script_downloads_with_the_client_of_its_job() -> None:
    found = convert(HEAD + 'data.download("input", overwrite=True)\n')
    assert "azureml" not in found.text.split("AZUREML", 1)[0].replace("azureml_", "")
    assert 'uri=data.path, destination="input", datastore_operation=ml_client.datastores' in found.text
    assert "from_config" not in found.text and 'os.environ["AZUREML_ARM_SUBSCRIPTION"]' in found.text


def test_the_list_of_the_files() -> None:
    found = convert(HEAD + "files = data.download()\nprint(files)\n")
    assert "folder = tempfile.mkdtemp()" in found.text and "destination=folder" in found.text
    assert "files = sorted(str(file) for file in Path(folder).rglob('*') if file.is_file())".replace("'*'", '"*"') in (
        " ".join(found.text.split()).replace("( str", "(str").replace("() )", "())")
    )


def test_a_mount_in_a_with_block() -> None:
    found = convert(HEAD + "with data.mount() as mount:\n    read(mount.mount_point)\n")
    assert "with tempfile.TemporaryDirectory() as mount:\n    download_artifact_from_aml_uri(" in found.text
    assert "    read(mount)\n" in found.text


def test_a_mount_of_an_input_is_its_path() -> None:
    code = 'mount = run.input_datasets["x"].mount()\nmount.start()\nread(mount.mount_point)\nmount.stop()\n'
    found = convert("from azureml.core import Run\n\nrun = Run.get_context()\n" + code)
    assert found.text.endswith('mount = os.environ["AZURE_ML_INPUT_x"]\nread(mount)\n')


STORE = """\
from azureml.core import Datastore, Workspace

ws = Workspace.from_config()
store = Datastore.get(ws, "lake")
"""


def test_a_file_of_a_datastore_goes_into_the_folder_of_its_path() -> None:
    found = convert(STORE + 'store.download(".", prefix="a/b.npy")\nstore.download("out", prefix=None)\n')
    assert 'uri="azureml://datastores/lake/paths/a/b.npy",\n    destination=os.path.join(".", "a"),' in found.text
    assert 'uri="azureml://datastores/lake/paths/",\n    destination="out",' in found.text


def test_a_path_of_a_datastore_that_is_put_together() -> None:
    found = convert(STORE + 'store.download("out", f"a/{name}.csv")\nstore.download("out", prefix)\n')
    assert 'destination=os.path.join("out", os.path.dirname(f"a/{name}.csv"))' in found.text
    assert 'destination=os.path.join("out", prefix)' in found.text
    messages = [f.message for f in found.findings if f.symbol == "Datastore.download"]
    assert "prefix is taken for a folder" not in messages[0] and "prefix is taken for a folder" in messages[1]


def test_a_download_whose_count_is_kept_is_left() -> None:
    found = convert(STORE + 'count = store.download("out")\n')
    assert 'count = Datastore.get(ws, store.name).download("out")' in found.text


def test_a_mount_at_a_path_is_a_folder_there() -> None:
    found = convert(HEAD + "m = data.mount(path)\nm.start()\nread(m.mount_point)\nm.stop()\n")
    flat = " ".join(found.text.split())
    assert "m = path download_artifact_from_aml_uri(uri=data.path, destination=m," in flat.replace("( ", "(")
    assert flat.endswith("read(m) shutil.rmtree(m)") and "MountContext" not in flat
    found = convert(HEAD + "with data.mount(path) as m:\n    read(m.mount_point)\n")
    assert ".mount(path) as m:" in found.text


def test_a_download_inside_of_a_statement_comes_before_it() -> None:
    head = "import pandas as pd\nfrom azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
    made = 'Dataset.get_by_name(ws, "a").download("x")'
    for line in (f"first = {made}[0]", f"df = pd.read_csv({made}[0], dtype=str)", f"for path in {made}:\n    pass"):
        found = convert(f"{head}{line}\n")
        assert "azureml.core" not in found.text and found.text.index("download_artifact") < found.text.index("sorted(")
    for line in (f"df = read(clear(), {made})", f"files = [{made} for name in names]", f"go and {made}"):
        assert made in convert(f"{head}{line}\n").text


LISTED = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
data = Dataset.File.from_files([(store, "images/**/*.jpg"), (store, "more")])
"""


@pytest.mark.parametrize(
    ("code", "folder"),
    [
        ("with data.mount() as mount:\n    read(mount.mount_point)\n", "mount"),
        ("mount = data.mount()\nmount.start()\nread(mount.mount_point)\nmount.stop()\n", "mount.name"),
        ('mount = data.mount("here")\nmount.start()\nread(mount.mount_point)\nmount.stop()\n', "mount"),
        ('data.download("here")\n', '"here"'),
    ],
)
def test_files_that_a_table_lists_are_fetched_one_by_one(code: str, folder: str) -> None:
    """Their data asset is a local folder with an MLTable: nothing can be downloaded from there."""
    text = convert(LISTED + code).text
    assert "download_artifact_from_aml_uri" not in text and "azureml.core" not in text
    assert f"os.path.join({folder}, os.path.basename(file.resource_id))" in "".join(text.split("\n")).replace(
        " " * 4, ""
    )


def test_mounted_open_data_is_read_from_the_public_files() -> None:
    text = convert(
        "from azureml.opendatasets import MNIST\n\n"
        "mount = MNIST.get_file_dataset().mount()\nmount.start()\nread(mount.mount_point)\nmount.stop()\n"
    ).text
    assert '.get("mnist/*.gz", mount.name)' in text.replace("(\n    ", "(").replace("\n)", ")")
    assert "download_artifact" not in text


def test_files_that_come_into_the_working_directory_are_told_from_those_that_are_there() -> None:
    text = convert(HEAD + 'files = data.download(target_path=".", overwrite=True)\nprint(files[0])\n').text
    assert "destination=folder" in text and 'shutil.copytree(folder, ".", dirs_exist_ok=True)' in text
    assert "str(file.relative_to(folder)) for file in Path(folder).rglob" in text
