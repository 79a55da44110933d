"""Files that an MLTable lists are copied one by one: its own path has the list."""

from __future__ import annotations

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
files = Dataset.File.from_files(path=(store, "maps/*.mat"))
"""


def test_into_a_folder() -> None:
    text = " ".join(convert(f'{HEAD}files.download("here", overwrite=True)\n').text.split())
    assert 'os.makedirs("here", exist_ok=True)' in text
    assert 'for file in mltable.load(str(files.path)).to_pandas_dataframe()["Path"]:' in text
    assert 'os.path.join("here", os.path.basename(file.resource_id)), "wb"' in text
    assert "shutil.copyfileobj(source, copy)" in text
    assert "download_artifact_from_aml_uri" not in text


def test_into_a_folder_that_sdk_v1_chose() -> None:
    text = convert(f"{HEAD}found = files.download()\n").text
    assert "folder = tempfile.mkdtemp()\nfor file in mltable.load(" in text
    assert 'found = sorted(str(file) for file in Path(folder).rglob("*") if file.is_file())' in text


def test_files_of_a_folder_are_downloaded_with_it() -> None:
    text = convert(HEAD.replace("maps/*.mat", "maps") + 'files.download("here")\n').text
    assert "download_artifact_from_aml_uri(" in text and "copyfileobj" not in text
