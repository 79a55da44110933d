"""A URL that is mapped to a file is that file, for the real clients and without `--intercept`."""

from __future__ import annotations

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_HOST = "https://dprepdata.blob.core.windows.net"


def test_clients_read_mapped_urls(shared: Command) -> None:
    shared.write("data/titanic.csv", "name,age\nanna,1\nbob,2\n")
    shared.write("images/a/1.txt", "one")
    shared.write("images/2.txt", "two")
    shared("map", "add", f"{_HOST}/demo/Titanic.csv", "data/titanic.csv")
    shared("map", "add", f"{_HOST}/images", "images")
    shared("map", "add", "https://raw.example.org/table.csv", "data/titanic.csv")
    assert set(shared.json("map", "list", "--json")) == {
        f"{_HOST}/demo/Titanic.csv",
        f"{_HOST}/images",
        "https://raw.example.org/table.csv",
    }
    shared.write(
        "read.py",
        """
        import urllib.request
        import pandas, requests
        from azure.storage.blob import BlobClient, ContainerClient
        from azureml.core import Dataset, Workspace
        HOST = "https://dprepdata.blob.core.windows.net"
        data = Dataset.Tabular.from_delimited_files(f"{HOST}/demo/Titanic.csv")
        print("rslex", data.to_pandas_dataframe().values.tolist())
        data = Dataset.Tabular.from_delimited_files(["https://raw.example.org/table.csv"])
        print("other host", data.to_pandas_dataframe()["age"].tolist())
        files = Dataset.File.from_files(f"{HOST}/images/**")
        print("glob", sorted(files.to_path()))
        print("registered", files.register(Workspace.from_config(), "images").version)
        print("pandas", pandas.read_csv(f"{HOST}/demo/Titanic.csv")["age"].sum())
        print("http", urllib.request.urlopen("http://raw.example.org/table.csv").read()[:8])
        answer = requests.get(f"{HOST}/demo/Titanic.csv?sv=1&sig=secret", headers={"Range": "bytes=5-7"})
        print("range", answer.status_code, answer.text)
        print("write", requests.put(f"{HOST}/demo/Titanic.csv", data=b"x").status_code)
        print("missing", requests.get(f"{HOST}/images/none.txt").status_code)
        blob = BlobClient(HOST, "demo", "Titanic.csv")
        print("blob", blob.get_blob_properties().size, blob.download_blob().readall()[:8])
        print("list", [item.name for item in ContainerClient(HOST, "images").list_blobs()])
        """,
    )
    done = shared("run", "read.py")
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line and not line.startswith("{"))
    assert lines["rslex"] == "[['anna', 1], ['bob', 2]]"
    assert lines["other"] == "host [1, 2]"
    assert "1.txt" in lines["glob"] and "2.txt" in lines["glob"]
    assert lines["pandas"] == "3"
    assert lines["http"] == "b'name,age'"
    assert lines["range"] == "206 age"
    assert lines["write"] == "405"
    assert lines["missing"] == "404"
    assert lines["blob"] == "22 b'name,age'"
    assert lines["list"] == "['2.txt', 'a/1.txt']"


def test_step_gets_the_files_of_a_mapped_dataset(shared: Command) -> None:
    shared.write("mounted/x.txt", "from the map")
    shared("map", "add", f"{_HOST}/mounted/x.txt", "mounted/x.txt")
    shared.write("steps/read.py", "import sys, pathlib; print(pathlib.Path(sys.argv[1]).read_text())")
    shared.write(
        "pipeline.py",
        """
        from azureml.core import Dataset, Experiment, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep
        ws = Workspace.from_config()
        cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
        data = Dataset.File.from_files("https://dprepdata.blob.core.windows.net/mounted/x.txt")
        step = PythonScriptStep("read.py", arguments=[data.as_named_input("x").as_mount()], name="reader",
                                source_directory="steps", compute_target=cluster)
        run = Experiment(ws, "mapped").submit(Pipeline(ws, [step]))
        print(run.wait_for_completion(show_output=False), list(run.get_steps())[0].get_stdout_log())
        """,
    )
    done = shared("run", "pipeline.py")
    assert "Finished" in done.stdout
    assert "from the map" in done.stdout


def test_unmapped_url_of_a_mapped_host_is_stopped_and_named(shared: Command) -> None:
    shared.write("one.txt", "1")
    shared("map", "add", "https://mapped.example.org/one.txt", "one.txt")
    shared.write("two.py", "import requests; requests.get('https://mapped.example.org/two.txt?q=1').raise_for_status()")
    done = shared("run", "two.py", code=86)
    assert "https://mapped.example.org/two.txt?q=1 is not mapped" in done.stderr
    assert "amlbridge map add https://mapped.example.org/two.txt?q=1 PATH" in done.stderr
    shared("map", "remove", "https://mapped.example.org/one.txt")
    assert "https://mapped.example.org/one.txt" not in shared.json("map", "list", "--json")


def test_what_cannot_be_mapped_is_refused(shared: Command) -> None:
    assert "there is no file or folder" in shared("map", "add", "https://h.example/x", "nowhere", code=2).stderr
    assert "no http or https URL" in shared("map", "add", "x.csv", ".", code=2).stderr
    assert "is not mapped" in shared("map", "remove", "https://h.example/x", code=1).stderr
