"""A registered datastore stands for a folder that is empty at first: `run` says which, and what goes into it."""

from __future__ import annotations

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from azureml.core import Dataset, Datastore, Workspace
ws = Workspace.from_config()
store = Datastore.register_azure_blob_container(
    ws, datastore_name="iris", container_name="sampledata", account_name="pipelinedata", overwrite=True,
    **({"account_key": "a2V5"} if len(sys.argv) > 1 else {}),
)
if len(sys.argv) > 1:
    store.upload_files(["here.csv"], target_path="new", overwrite=False)
    print(Dataset.Tabular.from_delimited_files((store, "new/here.csv")).to_pandas_dataframe().shape)
    try:
        Dataset.File.from_files((store, "other/*.csv"), validate=False).to_path()
    except Exception as error:
        print(type(error).__name__)
    sys.exit(int(sys.argv[1]))
Dataset.Tabular.from_delimited_files(store.path("iris/iris.csv"), validate=False)
"""


def test_the_folder_of_a_datastore_that_has_nothing_yet(amlbridge: Command) -> None:
    amlbridge.write("a.py", SCRIPT)
    amlbridge.write("here.csv", "a,b\n1,2\n")
    done = amlbridge("run", "a.py", code=1)
    folder = amlbridge.home.blobs / "pipelinedata" / "sampledata"
    assert "the datastore iris has nothing at iris/iris.csv" in done.stderr
    assert f"into {folder}" in done.stderr
    # What was looked for before it was written is no news, and a script that ends well needs none.
    failed = amlbridge("run", "a.py", "3", code=3)
    assert "(1, 2)" in failed.stdout and "ExecutionError" in failed.stdout
    assert "new/here.csv" not in failed.stderr and "nothing at other/" in failed.stderr
    assert "nothing at" not in amlbridge("run", "a.py", "0").stderr
    (folder / "iris").mkdir()
    (folder / "iris" / "iris.csv").write_text("a,b\n1,2\n")
    assert "nothing at" not in amlbridge("run", "a.py").stderr
