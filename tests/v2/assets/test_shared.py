"""What one SDK registers the other finds: data, environments, models, datastores."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow

V1 = """
from azureml.core import Dataset, Workspace
from azureml.core import Datastore as Datastore1, Environment as Environment1, Model as Model1
workspace = Workspace.from_config()
"""


def results(live: LiveService, body: str, workspace: str) -> list[str]:
    """The lines that a script marks."""
    out = live.run(V1 + script(body), workspace=workspace).stdout.splitlines()
    return [line.removeprefix("RESULT ") for line in out if line.startswith("RESULT ")]


def test_data(live: LiveService) -> None:
    found = results(
        live,
        """
        write("folder/a.csv", "x,y\\n1,2\\n"), write("folder/deep/b.csv", "x,y\\n3,4\\n")
        store = workspace.get_default_datastore()
        store.upload("folder", "up", show_progress=False)
        Dataset.File.from_files((store, "up/")).register(workspace, "v1folder", description="d", tags={"t": "1"})
        Dataset.File.from_files((store, "up/a.csv")).register(workspace, "v1file")
        Dataset.Tabular.from_delimited_files((store, "up/a.csv")).register(workspace, "v1table")
        for name in ("v1folder", "v1file", "v1table"):
            data = client.data.get(name, label="latest")
            print("RESULT", data.type, data.version, data.path.split("/paths/")[1][:8], data.tags, data.description)
        print("RESULT", sorted(item.name for item in client.data.list()))
        client.data.create_or_update(Data(name="v2folder", path="folder", type="uri_folder"))
        client.data.create_or_update(Data(name="v2file", path="folder/a.csv", type="uri_file"))
        write("table/MLTable", "paths: [{file: ./a.csv}]\\ntransformations: [read_delimited: {delimiter: ','}]\\n")
        write("table/a.csv", "x,y\\n5,6\\n")
        client.data.create_or_update(Data(name="v2table", path="table", type="mltable"))
        for name in ("v2folder", "v2file", "v2table"):
            dataset = Dataset.get_by_name(workspace, name)
            values = dataset.to_path() if "file" in name or "folder" in name else list(dataset.to_pandas_dataframe())
            print("RESULT", type(dataset).__name__, values)
        print("RESULT", client.data.create_or_update(Data(name="v1folder", path="folder", type="uri_folder")).version)
        """,
        "shared-data",
    )
    assert found[0] == "uri_folder 1 up/ {'t': '1'} d"
    assert found[1] == "uri_file 1 up/a.csv {} None"
    assert found[2].startswith("mltable 1 azureml-")
    assert found[3] == "['v1file', 'v1folder', 'v1table']"
    assert found[4:] == [
        "FileDataset ['/a.csv', '/deep/b.csv']",
        "FileDataset ['/a.csv']",
        "TabularDataset ['x', 'y']",
        "2",
    ]


def test_environments(live: LiveService) -> None:
    found = results(
        live,
        """
        mine = Environment1("of-v1")
        mine.python.conda_dependencies.add_pip_package("scikit-learn")
        mine.register(workspace)
        seen = client.environments.get("of-v1", label="latest")
        print("RESULT", seen.version, seen.conda_file["dependencies"][-1], seen.image.split("/")[0])
        seen.tags = {"a": "b"}
        print("RESULT", client.environments.create_or_update(seen).tags, Environment1.get(workspace, "of-v1").version)
        client.environments.create_or_update(
            Environment(name="of-v2", image="img:1", conda_file={"dependencies": ["python=3.10", {"pip": ["pandas"]}]}))
        back = Environment1.get(workspace, "of-v2")
        print("RESULT", back.version, back.docker.base_image, list(back.python.conda_dependencies.pip_packages))
        client.environments.create_or_update(Environment(image="inline:1"))
        print("RESULT", sorted(name for name in Environment1.list(workspace) if not name.startswith("Az")))
        print("RESULT", mine.register(workspace).version)
        """,
        "shared-environments",
    )
    assert found == [
        "1 {'pip': ['azureml-defaults', 'scikit-learn']} mcr.microsoft.com",
        "{'a': 'b'} 1",
        "1 img:1 ['pandas']",
        "['of-v1', 'of-v2']",
        "1",
    ]


def test_models(live: LiveService) -> None:
    found = results(
        live,
        """
        write("model/m.pkl", "p")
        Model1.register(workspace, "model/m.pkl", "both", tags={"a": "1"}, description="d")
        seen = client.models.get("both", "1")
        print("RESULT", seen.type, seen.tags, seen.description, seen.path.split("/datastores/")[1].split("/")[0])
        client.models.download("both", "1", download_path="got2")
        print("RESULT", below("got2"))
        print("RESULT", client.models.create_or_update(Model(name="both", path="model", tags={"b": "2"})).version)
        back = Model1(workspace, "both")
        print("RESULT", back.version, back.tags, back.download("got1"), below("got1"))
        back.add_tags({"k": "v"})
        print("RESULT", client.models.get("both", "2").tags)
        print("RESULT", Model1.register(workspace, "model", "both").version,
              client.models.get("both", label="latest").version)
        client.models.create_or_update(Model(name="both", version="1.0.0", path="model"))
        print("RESULT", [item.version for item in Model1.list(workspace)],
              [item.version for item in client.models.list("both")])
        """,
        "shared-models",
    )
    assert found == [
        "custom_model {'a': '1'} d workspaceartifactstore",
        "['both/m.pkl']",
        "2",
        "2 {'b': '2'} got1/model/m.pkl ['model/m.pkl']",
        "{'b': '2', 'k': 'v'}",
        "3 3",
        "[3, 2, 1] ['1.0.0', '3', '2', '1']",
    ]


def test_datastores(live: LiveService) -> None:
    found = results(
        live,
        """
        Datastore1.register_azure_blob_container(
            workspace, "of_v1", container_name="c", account_name="acc", account_key="k")
        seen = client.datastores.get("of_v1")
        print("RESULT", seen.type.value, seen.account_name, seen.container_name)
        client.datastores.create_or_update(AzureBlobDatastore(
            name="of_v2", account_name="acc", container_name="c", credentials=AccountKeyConfiguration(account_key="k")))
        write("folder/a.txt", "hello")
        data = client.data.create_or_update(Data(name="there", path="folder", type="uri_folder", datastore="of_v2"))
        path = data.path.split("/paths/")[1]
        store = Datastore1.get(workspace, "of_v2")
        store.download("got", prefix=path, show_progress=False)
        print("RESULT", store.datastore_type, store.container_name, [name.split("/")[-1] for name in below("got")])
        """,
        "shared-datastores",
    )
    assert found == ["AzureBlob acc c", "AzureBlob c ['a.txt']"]
