"""The real v2 client registers, stages, downloads and archives models."""

from __future__ import annotations

import pytest

from tests.support.live import SUBSCRIPTION, LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow


def test_models(live: LiveService) -> None:
    done = live.run(
        script(
            """
            write("model/m.pkl", "p"), write("model/deep/n.txt", "n")
            one = client.models.create_or_update(Model(name="m", path="model/m.pkl", tags={"q": 1}, description="d"))
            two = client.models.create_or_update(Model(name="m", path="model", stage="Production"))
            print(one.version, one.type, one.tags, two.version, two.stage,
                  client.models.get("m", label="latest").version)
            client.models.download("m", "1", download_path="got1")
            client.models.download("m", "2", download_path="got2")
            print(below("got1"), below("got2"))
            print([item.version for item in client.models.list("m", stage="Production")],
                  [(item.name, item.latest_version) for item in client.models.list()])
            one.tags = {"z": "1"}
            print(client.models.create_or_update(one).tags)
            client.models.archive("m", version="2")
            print([item.version for item in client.models.list("m")], client.models.get("m", "2").stage)
            client.models.restore("m", version="2")
            write("flow/MLmodel", "flavors: {sklearn: {sklearn_version: 1.5}, python_function: {loader_module: x}}")
            flow = client.models.create_or_update(Model(name="flow", path="flow", type="mlflow_model"))
            print(flow.type, flow.flavors)
            print(client.models.create_or_update(Model(name="m", version="1.0.0", path="model")).version,
                  client.models.create_or_update(Model(name="m", path="model")).version)
            for path in ("azureml://datastores/workspaceblobstore/paths/none/", "azureml://jobs/none/outputs/x/paths/y"):
                print(error(client.models.create_or_update, Model(name="no", path=path)))
            print(error(client.models.create_or_update, Model(name="m", version="1", path="flow")))
            print(error(client.models.get, "m", "99"))
            """
        )
    ).stdout.splitlines()
    assert done[:6] == [
        "1 custom_model {'q': '1'} 2 Production 2",
        "['m/m.pkl'] ['m/model/deep/n.txt', 'm/model/m.pkl']",
        "['2'] [('m', '2')]",
        "{'z': '1'}",
        "['1'] Production",
        "mlflow_model {'sklearn': {'sklearn_version': '1.5'}, 'python_function': {'loader_module': 'x'}}",
    ]
    assert done[6] == "1.0.0 3"
    assert "400 (ModelNotFound) there are no files at" in done[7]
    assert "404 (UserError) there is no job none" in done[8]
    assert "400 (UserError) A model with the name m and version 1 already exists" in done[9]
    assert done[10].startswith("ResourceNotFoundError 404")


def test_models_of_jobs(live: LiveService) -> None:
    done = live.run(
        script(
            """
            from azureml.core import Experiment, Workspace
            write("made/m.pkl", "x")
            run = Experiment(Workspace.from_config(), "e").start_logging(snapshot_directory=None)
            run.upload_folder("outputs/model", "made")
            run.complete()
            for path in (f"azureml://jobs/{run.id}/outputs/artifacts/paths/outputs/model/",
                         f"runs:/{run.id}/outputs/model"):
                made = client.models.create_or_update(Model(name="of-job", path=path))
                print("RESULT", made.path.replace(run.id, "RUN"), made.job_name == run.id)
                client.models.download("of-job", made.version, download_path=f"got{made.version}")
                print("RESULT", below(f"got{made.version}"))
            """
        )
    ).stdout.splitlines()
    results = [line for line in done if line.startswith("RESULT")]
    datastores = f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{live.group}/workspaces/ws/datastores"
    place = f"{datastores}/workspaceartifactstore/paths/ExperimentRun/dcid.RUN/outputs/model"
    assert results == [
        f"RESULT {place}/ True",
        "RESULT ['of-job/model/m.pkl']",
        f"RESULT {place} True",
        "RESULT ['of-job/model/m.pkl']",
    ]
