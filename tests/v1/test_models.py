"""Models with the real client: register from files and runs, versions, filters, changes, download, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.v1.model_queries import matches_pairs, patch
from amlbridge.wire.errors import ServiceError
from tests.support.live import LiveService


@pytest.mark.slow
def test_register_find_change_download_delete(live: LiveService) -> None:
    done = live.run(
        """
        import json, os, pathlib, contextlib, io
        from azureml.core import Workspace, Model
        from azureml.core.resource_configuration import ResourceConfiguration
        ws = Workspace.from_config()
        quiet = contextlib.redirect_stdout(io.StringIO())
        with quiet:
            one = Model.register(ws, model_path="model.pkl", model_name="clf", tags={"stage": "dev", "n": 1},
                                 properties={"acc": "0.9"}, description="first", model_framework_version="1.5",
                                 model_framework=Model.Framework.SCIKITLEARN,
                                 resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5))
            two = Model.register(ws, model_path="model.pkl", model_name="clf", tags={"stage": "prod"})
            folder = Model.register(ws, model_path="folder", model_name="net", tags={"stage": "prod", "deep": "yes"})
        print(one.id, two.id, folder.id, one.model_framework, one.model_framework_version,
              one.resource_configuration.cpu)
        print(Model(ws, "clf").version, Model(ws, "clf", version=1).description, Model(ws, id="clf:2").tags,
              Model(ws, "clf", tags=[["stage", "dev"]]).version)
        ids = lambda **options: [model.id for model in Model.list(ws, **options)]
        print(ids(), ids(latest=True), ids(name="clf"), ids(tags=["deep"]), ids(tags=["deep", ["stage", "prod"]]),
              ids(tags=[["stage", "prod"]]), ids(properties=[["acc", "0.9"]]), ids(model_framework="ScikitLearn"),
              ids(name="nothing"), ids(run_id="none"), ids(dataset_id="none"))
        with quiet:
            one.update(tags={"stage": "old"}, description="second")
            one.add_tags({"more": "x"})
            one.remove_tags("stage")
            one.add_properties({"f1": "0.8"})
            again = Model(ws, "clf", version=1)
        print(json.dumps([again.tags, again.properties, again.description]))
        print(json.dumps({key: value for key, value in again.serialize().items()
                          if key in ("id", "name", "version", "framework", "mimeType", "unpack", "datasets")}))
        print(Model.deserialize(ws, again.serialize()).id, sorted(ws.models), ws.models["clf"].version)
        print(again.download(target_dir="out", exist_ok=True), pathlib.Path("out/model.pkl").read_text())
        path = pathlib.Path(folder.download(target_dir="out"))
        print(path, sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()))
        print(Model.get_model_path("clf", _workspace=ws), Model.get_model_path("clf", version=2))
        print(sorted(folder.get_sas_urls()))
        two.delete()
        print(ids(name="clf"))
        with quiet:
            three = Model.register(ws, model_path="model.pkl", model_name="clf")
        print(three.id)
        for call in (lambda: Model(ws, "clf", version=2), lambda: Model(ws, "nothing"), lambda: Model(ws, id="clf:99"),
                     lambda: two.update(description="x")):
            try:
                call()
            except Exception as error:
                print("ModelNotFound" in str(error))
        """,
        files={"model.pkl": "weights", "folder/a.txt": "a", "folder/sub dir/ü.txt": "b"},
    )
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "clf:1 clf:2 net:1 ScikitLearn 1.5 1.0"
    assert lines[1] == "2 first {'stage': 'prod'} 1"
    assert lines[2] == (
        "['net:1', 'clf:2', 'clf:1'] ['net:1', 'clf:2'] ['clf:2', 'clf:1'] ['net:1'] ['net:1'] ['net:1', 'clf:2'] "
        "['clf:1'] ['clf:1'] [] [] []"
    )
    assert json.loads(lines[3]) == [{"more": "x"}, {"acc": "0.9", "f1": "0.8"}, "second"]
    assert json.loads(lines[4]) == {
        "id": "clf:1",
        "name": "clf",
        "version": 1,
        "framework": "ScikitLearn",
        "mimeType": "application/json",
        "unpack": False,
        "datasets": [],
    }
    assert lines[5] == "clf:1 ['clf', 'net'] 2"
    assert lines[6] == "out/model.pkl weights"
    assert lines[7] == "out/folder ['a.txt', 'sub dir/ü.txt']"
    assert lines[8].split() == ["azureml-models/clf/2/model.pkl"] * 2
    assert lines[9] == "['folder/a.txt', 'folder/sub dir/ü.txt']"
    assert lines[10] == "['clf:1']"
    assert lines[11] == "clf:3", "a version's number is not given twice"
    assert lines[12:] == ["True"] * 4


@pytest.mark.slow
def test_models_of_runs_and_with_datasets(live: LiveService) -> None:
    done = live.run(
        """
        import contextlib, io, pathlib
        from azureml.core import Workspace, Model, Experiment, Dataset
        ws = Workspace.from_config()
        run = Experiment(ws, "train").start_logging(snapshot_directory=None)
        run.upload_file("outputs/model.pkl", "model.pkl")
        store = ws.get_default_datastore()
        with contextlib.redirect_stdout(io.StringIO()):
            store.upload_files(["table.csv"], target_path="in")
            one = Dataset.Tabular.from_delimited_files((store, "in/table.csv")).register(ws, "one")
            two = Dataset.File.from_files((store, "in/table.csv")).register(ws, "two")
        model = run.register_model("of-run", model_path="outputs/model.pkl", tags={"a": "b"},
                                   datasets=[("training", one)], sample_input_dataset=one)
        print(model.id, model.run_id == run.id, model.experiment_name, model.run.id == run.id)
        model.add_dataset_references([("scoring", two)])
        again = Model(ws, "of-run")
        print(sorted(again.datasets), again.sample_input_dataset is not None,
              again.datasets["training"][0].id == one.id)
        print([m.id for m in Model.list(ws, run_id=run.id)], [m.id for m in Model.list(ws, dataset_id=two.id)])
        print(again.download("got"), pathlib.Path("got/model.pkl").read_text())
        try:
            run.register_model("nothing", model_path="outputs/no.pkl")
        except Exception as error:
            print(type(error).__name__)
        run.complete()
        """,
        files={"model.pkl": "weights", "table.csv": "a,b\n1,2\n"},
        workspace="runs",
    )
    lines = done.stdout.strip().splitlines()
    assert lines == [
        "of-run:1 True train True",
        "['scoring', 'training'] True True",
        "['of-run:1'] ['of-run:1']",
        "got/model.pkl weights",
        "ModelPathNotFoundException",
    ]


@pytest.mark.slow
def test_what_needs_servers_of_azure_is_refused_with_a_way_out(live: LiveService) -> None:
    done = live.run(
        """
        import contextlib, io, time
        from azureml.core import Workspace, Model
        from azureml.core.webservice import Webservice
        ws = Workspace.from_config()
        with contextlib.redirect_stdout(io.StringIO()):
            model = Model.register(ws, model_path="model.pkl", model_name="m", model_framework=Model.Framework.ONNX)
        print(ws.webservices, ws.images)
        slept, sleep = [], time.sleep
        time.sleep = lambda seconds: (slept.append(seconds), sleep(seconds))
        for call in (
            lambda: Model.package(ws, [model]),
            lambda: Webservice(ws, "svc"),
        ):
            try:
                call()
            except Exception as error:
                text = str(error)
                print("501" in text, "give Model.deploy an InferenceConfig" in text, "NotFound" in text)
        print(sum(slept) < 20)
        """,
        files={"model.pkl": "weights"},
        workspace="deploying",
    )
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "{} {}"
    assert lines[1:] == ["True True False", "False False True", "True"], done.stdout
    with live.client() as client:
        answer = client.post(f"/modelmanagement/v1.0{live.scope('deploying')}/profiles", json={})
        assert (answer.status_code, "call run() of your scoring script" in answer.text) == (501, True)


@pytest.mark.slow
def test_bad_requests_change_nothing_and_lists_come_in_pages(live: LiveService) -> None:
    base = f"/modelmanagement/v1.0{live.scope('bad')}"
    with live.client() as client:
        asset = client.post(f"{base}/assets", json={"name": "a", "artifacts": [{"prefix": "LocalUpload/x/m"}]}).json()
        given = {"model_class": None, "rows": 3}  # as clients of explanations write them
        body = {"name": "b", "artifacts": [{"prefix": "LocalUpload/x/m"}], "properties": given}
        explanation = client.post(f"{base}/assets", json=body).json()
        assert explanation["properties"] == {"model_class": None, "rows": "3"}
        good = {"name": "m", "url": f"aml://asset/{asset['id']}", "mimeType": "application/json"}
        bad: tuple[Any, ...] = (
            {**good, "name": "bad name"},
            {**good, "name": 5},
            {"name": "m"},
            {**good, "url": "aml://asset/none"},
            {**good, "kvTags": {"a": {}}},
            {**good, "datasets": [{"name": "x"}]},
            {**good, "datasets": "x"},
            {**good, "unpack": "yes"},
            {**good, "resourceRequirements": {"cpu": "many"}},
            [good],
        )
        for body in bad:
            answer = client.post(f"{base}/models", json=body)
            assert answer.status_code == 400 and answer.json()["error"]["details"] == [], body
        for body in ({"name": "a", "artifacts": [{}]}, {"name": "a", "artifacts": [{"id": "short"}]}, {}):
            assert client.post(f"{base}/assets", json=body).status_code == 400, body
        assert client.get(f"{base}/models").json()["value"] == []
        for number in range(45):
            assert client.post(f"{base}/models", json={**good, "kvTags": {"n": number}}).json()["version"] == number + 1
        for operations in (
            {},
            [{"op": "replace", "path": "/name", "value": "x"}],
            [{"op": "replace", "path": "/kvTags", "value": {"a": "b"}}, {"op": "explode", "path": "/kvTags"}],
            [{"op": "replace", "path": "/description", "value": 5}],
            [{"op": "test", "path": "/kvTags/n", "value": "5"}],
        ):
            assert client.patch(f"{base}/models/m:1", json=operations).status_code == 400, operations
        assert client.get(f"{base}/models/m:1").json()["kvTags"] == {"n": "0"}
        assert client.get(f"{base}/models", params={"orderBy": "Random"}).status_code == 400
        assert client.get(f"{base}/models", params={"count": "many"}).status_code == 400
        page = client.get(f"{base}/models", params={"orderBy": "CreatedAtAsc", "count": 20, "offset": 40}).json()
        assert [item["version"] for item in page["value"]] == [41, 42, 43, 44, 45] and page["nextLink"] is None
        posted = client.post(f"{base}/models/list", json={"name": "m", "tags": "n=7"}).json()
        assert [item["version"] for item in posted["value"]] == [8]
        change = [{"op": "add", "path": "/properties", "value": {"p": "1"}}]
        assert client.patch(f"{base}/models/m:1", json=change).json()["properties"] == {"p": "1"}
        change = [{"op": "replace", "path": "/properties", "value": {"p": "2"}}]
        assert client.patch(f"{base}/models/m:1", json=change).status_code == 400
        assert client.delete(f"{base}/models/m:2").status_code == 200
        assert client.delete(f"{base}/models/m:2").status_code == 204
        assert client.get(f"{base}/assets", params={"name": "a"}).json()["value"][0]["id"] == asset["id"]
        assert client.get(f"{base}/assets/none").status_code == 404
    done = live.run(
        """
        from azureml.core import Workspace, Model
        models = Model.list(Workspace.from_config(), page_count=20)
        print(len(models), models[0].version, len({model.id for model in models}))
        """,
        workspace="bad",
    )
    assert done.stdout.split() == ["44", "45", "44"]


TAGS = st.dictionaries(st.text("ab", min_size=1, max_size=2), st.text("xy", max_size=2), max_size=3)


@settings(deadline=None)
@given(TAGS, TAGS)
def test_a_filter_of_a_models_own_tags_finds_it(tags: dict[str, str], more: dict[str, str]) -> None:
    query = ",".join(f"{key}={value}" for key, value in tags.items())
    assert matches_pairs({**more, **tags}, query, ",".join(tags))
    wrong = {key: f"{value}!" for key, value in tags.items()}
    assert not tags or not matches_pairs(wrong, query)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.sampled_from(["add", "remove", "/tags", "/tags/a", "/x/~1"]),
        lambda i: st.lists(i, max_size=3) | st.dictionaries(st.sampled_from(["op", "path", "value"]), i, max_size=3),
    )
)
def test_any_patch_is_applied_or_a_400(operations: object) -> None:
    body = {"tags": {"a": "b"}, "x": None}
    try:
        patch(body, operations, ("tags", "x"))
    except ServiceError as error:
        assert error.status == 400
    assert body == {"tags": {"a": "b"}, "x": None}
