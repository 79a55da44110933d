"""The model registry with MLflow's real client; SDK v1 sees the same models."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import track

pytestmark = pytest.mark.slow


def test_the_registry_is_that_of_sdk_v1(live: LiveService) -> None:
    shown = track(
        live,
        """
        import pathlib
        from azureml.core import Model, Workspace
        ws = Workspace.from_config()
        mlflow.set_experiment("models")
        with mlflow.start_run() as run:
            mlflow.log_text("weights", "model/weights.txt"); mlflow.log_text("x", "model/MLmodel")
        source = f"runs:/{run.info.run_id}/model"
        pathlib.Path("own.pkl").write_text("of v1")
        Model.register(ws, "own.pkl", "v1-model", tags={"by": "v1"}, description="from v1")
        Model.register(ws, "own.pkl", "v1-model")
        show("create", [client.create_registered_model("clf", {"team": "a"}, "about").name,
                        code(lambda: client.create_registered_model("clf")),
                        code(lambda: client.create_registered_model("v1-model")),
                        code(lambda: client.create_registered_model("bad name"))])
        one = mlflow.register_model(source, "clf", tags={"k": "1"})
        two = client.create_model_version("clf", run.info.artifact_uri + "/model", run.info.run_id, description="two")
        show("versions", [one.version, two.version, one.status, one.run_id == run.info.run_id, one.current_stage])
        show("sources", [code(lambda: client.create_model_version("clf", text)) for text in
                         ("/etc", "s3://bucket/model", f"runs:/{run.info.run_id}/nothing", "runs:/nothing/model")])
        show("unknown", [code(lambda: client.create_model_version("nothing", source)),
                         code(lambda: client.get_model_version("clf", 9)),
                         code(lambda: client.get_registered_model("nothing")),
                         code(lambda: client.update_model_version("clf", 9, "x"))])
        # v1 sees them
        v1 = Model(ws, "clf", version=1)
        show("v1", [v1.tags, v1.run_id == run.info.run_id, v1.experiment_name, Model(ws, "clf").description])
        place = pathlib.Path(v1.download("down"))
        show("v1 files", sorted(p.name for p in place.iterdir()))
        # and MLflow those of v1
        found = client.get_model_version("v1-model", 1)
        show("of v1", [found.tags, found.description, found.current_stage,
                       pathlib.Path(client.get_model_version_download_uri("v1-model", 1)).read_text()])
        show("uri", [client.get_model_version_download_uri("clf", 1) == run.info.artifact_uri + "/model",
                     mlflow.artifacts.load_text("models:/clf/1/weights.txt")])
        # stages
        client.transition_model_version_stage("clf", 1, "Production")
        client.transition_model_version_stage("clf", 2, "production", archive_existing_versions=True)
        show("stages", [[v.version, v.current_stage] for v in client.get_latest_versions("clf")])
        show("of stage", [v.version for v in client.get_latest_versions("clf", ["Production"])])
        show("bad stage", [code(lambda: client.transition_model_version_stage("clf", 1, "Nowhere")),
                           code(lambda: client.transition_model_version_stage("clf", 1, "None", True))])
        # aliases
        client.set_registered_model_alias("clf", "champion", 2); client.set_registered_model_alias("clf", "old", "1")
        show("alias", [client.get_model_version_by_alias("clf", "champion").version,
                       list(client.get_model_version("clf", 1).aliases),
                       client.get_registered_model("clf").aliases,
                       code(lambda: client.get_model_version_by_alias("clf", "nothing")),
                       code(lambda: client.set_registered_model_alias("clf", "x", 9)),
                       code(lambda: client.set_registered_model_alias("clf", "v2", 1))])
        client.delete_registered_model_alias("clf", "old")
        # tags and descriptions
        client.set_registered_model_tag("clf", "more", "x"); client.set_registered_model_tag("clf", "gone", "x")
        client.delete_registered_model_tag("clf", "gone")
        client.set_model_version_tag("clf", "1", "k", "2"); client.set_model_version_tag("clf", "1", "gone", "2")
        client.delete_model_version_tag("clf", "1", "gone")
        client.update_registered_model("clf", "better"); client.update_model_version("clf", 1, "one")
        named = client.get_registered_model("clf")
        show("named", [named.tags, named.description, named.aliases, client.get_model_version("clf", 1).tags,
                       client.get_model_version("clf", 1).description, Model(ws, "clf", version=1).tags])
        # search
        names = lambda text=None, **more: [m.name for m in client.search_registered_models(text, **more)]
        versions = lambda text=None, **more: [[v.name, v.version] for v in client.search_model_versions(text, **more)]
        show("search", [names(), names("name = 'clf'"), names("tags.team = 'a'"), names(order_by=["name DESC"]),
                        names("tags.`more` LIKE 'x'"), code(lambda: names("version = '1'"))])
        show("search versions", [versions("name = 'clf'", order_by=["version_number ASC"]),
                                 versions(f"run_id = '{run.info.run_id}' AND version_number > 1"),
                                 versions("name LIKE 'v1%'"), versions("tags.by = 'v1'"),
                                 code(lambda: versions("nothing = '1'")), code(lambda: versions(order_by=["nothing"]))])
        page = client.search_model_versions(max_results=1, order_by=["name", "version_number DESC"])
        rest = client.search_model_versions(max_results=9, order_by=["name", "version_number DESC"],
                                            page_token=page.token)
        show("pages", [[v.name + v.version for v in page], [v.name + v.version for v in rest], rest.token or None])
        # copies, names, ends
        show("copy", client.copy_model_version("models:/clf/1", "copied").version)
        show("copied", mlflow.artifacts.load_text("models:/copied/1/weights.txt"))
        show("rename", [client.rename_registered_model("copied", "renamed"),
                        code(lambda: client.get_registered_model("copied")),
                        code(lambda: client.rename_registered_model("renamed", "clf")), Model(ws, "renamed").version])
        client.delete_model_version("clf", "2")
        show("deleted", [client.get_registered_model("clf").aliases,
                         code(lambda: client.delete_model_version("clf", "2")),
                         mlflow.register_model(source, "clf").version])
        client.delete_registered_model("clf")
        show("gone", [names(), sorted(ws.models), code(lambda: client.delete_registered_model("clf"))])
        """,
    )
    invalid, missing, exists = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
    assert shown["create"] == ["clf", exists, exists, invalid]
    assert shown["versions"] == ["1", "2", "READY", True, "None"]
    assert shown["sources"] == [invalid, invalid, invalid, missing]
    assert shown["unknown"] == [missing] * 4
    assert shown["v1"] == [{"k": "1"}, True, "models", "two"]
    assert shown["v1 files"] == ["MLmodel", "weights.txt"]
    assert shown["of v1"] == [{"by": "v1"}, "from v1", "None", "of v1"]
    assert shown["uri"] == [True, "weights"]
    assert shown["stages"] == [["2", "Production"], ["1", "Archived"]]
    assert shown["of stage"] == ["2"]
    assert shown["bad stage"] == [invalid, invalid]
    assert shown["alias"] == ["2", ["old"], {"champion": "2", "old": "1"}, invalid, missing, invalid]
    named = [{"team": "a", "more": "x"}, "better", {"champion": "2"}, {"k": "2"}, "one", {"k": "2"}]
    assert shown["named"] == named
    assert shown["search"] == [["clf", "v1-model"], ["clf"], ["clf"], ["v1-model", "clf"], ["clf"], invalid]
    clf, v1 = [["clf", "1"], ["clf", "2"]], [["v1-model", "2"], ["v1-model", "1"]]
    assert shown["search versions"] == [clf, [["clf", "2"]], v1, [["v1-model", "1"]], invalid, invalid]
    assert shown["pages"] == [["clf2"], ["clf1", "v1-model2", "v1-model1"], None]
    assert shown["copy"] == "1"
    assert shown["copied"] == "weights"
    assert shown["rename"] == [None, missing, exists, 1]
    assert shown["deleted"] == [{}, missing, "3"]
    assert shown["gone"] == [["renamed", "v1-model"], ["renamed", "v1-model"], missing]
