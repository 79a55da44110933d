"""Models that scripts register, find and change."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Model, Workspace\nws = Workspace.from_config()\n"


def converted(line: str, head: str = HEAD) -> str:
    """What a line below a workspace becomes."""
    return convert(f"{head}{line}\n").text.splitlines()[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('m = Model(ws, "a", version=3)', 'm = ml_client.models.get("a", version="3")'),
        ("m = Model(ws, name=N, version=V)", "m = ml_client.models.get(N, version=str(V))"),
        ("m = Model(workspace=ws, id=I)", 'm = ml_client.models.get(*I.split(":"))'),
        ("m = Model(ws, id='a:3')", 'm = ml_client.models.get("a", version="3")'),
        ('m = ws.models["a"]', 'm = ml_client.models.get("a", label="latest")'),
        ('ms = Model.list(ws, name="a")', 'ms = list(ml_client.models.list(name="a"))'),
        ("Model(ws, 'a').delete()", None),
    ],
)
def test_finding(before: str, after: str | None) -> None:
    text = converted(before)
    assert text == after or after is None


def test_tags_are_changed_on_the_entity_and_saved() -> None:
    text = convert(f'{HEAD}m = Model(ws, "a")\nm.add_tags({{"k": "v"}})\n').text
    assert text.endswith('m.tags.update({"k": "v"})\nml_client.models.create_or_update(m)\n')


def test_what_is_not_recorded_is_told() -> None:
    found = convert(f'{HEAD}Model.register(ws, "p", "n", model_framework=Model.Framework.ONNX)\n')
    assert "frameworks are not recorded" in " ".join(finding.message for finding in found.findings)


def test_a_search_by_tags_takes_the_newest_that_has_them() -> None:
    found = convert(f'{HEAD}m = Model(ws, "a", tags=["best", ["stage", stage]])\n')
    assert 'if model.tags.get("stage") == stage and "best" in model.tags' in " ".join(found.text.split())
    assert "key=lambda model: int(model.version)" in found.text
    assert Status.MANUAL not in {finding.status for finding in found.findings}


def test_a_search_by_tags_that_are_made_at_run_time_understands_both_forms() -> None:
    found = convert(f'{HEAD}ms = Model.list(ws, name="a", tags=tags, latest=True)\n')
    code = " ".join(found.text.split())
    assert "isinstance(tag, str) else model.tags.get(tag[0]) == tag[1]" in code and "for tag in tags or []" in code
    assert "[-1:]" in code


def test_a_path_that_is_made_at_run_time() -> None:
    head = "from azureml.core import Experiment, Workspace\nws = Workspace.from_config()\n"
    text = convert(f'{head}run = Experiment(ws, "e").submit(j)\nrun.register_model("n", PATH + "/m.pkl")\n').text
    assert "azureml://jobs/{run.name}/outputs/artifacts/paths/{PATH + '/m.pkl'}" in text


def test_code_that_stays_finds_registered_models_again() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.core.model import Model

ws = Workspace.from_config()
model = Model(ws, "ridge", version=2)
print(model.name)
profile = Model.profile(ws, "p", [model], config, rows)
"""
    )
    assert 'model = ml_client.models.get("ridge", version="2")' in found.text
    assert '    ws, "p", [Model(ws, model.name, version=model.version)], config, rows\n' in found.text
    left = {finding.symbol for finding in found.findings if finding.status is Status.NO_EQUIVALENT}
    assert left == {"Model.profile"}


def test_the_path_of_a_downloaded_model_by_its_inner_name() -> None:
    found = convert(
        """\
        from azureml.core import Model, Workspace

        ws = Workspace.from_config()
        path = Model._get_model_path_remote("lexicon", 1, ws)
        """
    )
    assert 'ml_client.models.get("lexicon", version="1")' in found.text and "azureml" not in found.text


def test_versions_are_numbers_where_they_are_counted_or_compared() -> None:
    head = f'{HEAD}m = Model(ws, "a")\n'
    assert converted("newer = m.version > old", head) == "newer = int(m.version) > old"
    assert converted("following = m.version + 1", head) == "following = int(m.version) + 1"
    assert converted("first = m.version == 1", head) == "first = int(m.version) == 1"
    assert converted("name = f'{m.name}-{m.version}'", head) == "name = f'{m.name}-{m.version}'"
    assert "key=lambda m: int(m.version)" in converted('last = max(Model.list(ws, "a"), key=lambda m: m.version)')


def test_the_id_of_a_model_is_its_name_and_version() -> None:
    head = f'{HEAD}m = Model(ws, "a")\n'
    assert converted("again = Model(ws, id=m.id)", head).endswith('models.get(*f"{m.name}:{m.version}".split(":"))')


def test_what_download_gives_is_the_path_of_the_files() -> None:
    text = convert(f'{HEAD}path = Model(ws, "a").download(target_dir="down", exist_ok=True)\n').text
    assert text.endswith(
        'model = ml_client.models.get("a", label="latest")\n'
        'ml_client.models.download(name=model.name, version=model.version, download_path="down")\n'
        'path = os.path.join("down", model.name, os.path.basename(model.path))\n'
    )


@pytest.mark.parametrize("target", ['""', "target_dir=''", ""])
def test_a_model_that_is_downloaded_to_no_folder_is_in_the_current_one(target: str) -> None:
    text = convert(f'{HEAD}model = Model(ws, "a")\nmodel.download({target})\n').text
    assert 'shutil.copytree(model.name, ".", dirs_exist_ok=True)' in text and "download_path" not in text


def test_what_is_downloaded_in_a_comprehension_has_no_place_above_it() -> None:
    found = convert(f"{HEAD}paths = [m.download() for m in Model.list(ws)]\n")
    assert "os.path" not in found.text
    assert "it returns nothing" in " ".join(finding.message for finding in found.findings)


def test_tags_are_removed_from_the_entity() -> None:
    text = convert(f'{HEAD}m = Model(ws, "a")\nm.remove_tags(["k"])\n').text
    assert text.endswith('for key in ["k"]:\n    m.tags.pop(key, None)\nml_client.models.create_or_update(m)\n')


def test_a_serialized_model_is_a_dict() -> None:
    found = convert(
        """\
        from azureml.core import Model, Workspace

        ws = Workspace.from_config()
        model = Model(ws, "m")
        print("model:", model.serialize())
        """
    )
    assert '"version": model.version' in found.text and "serialize" not in found.text and "azureml" not in found.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Model.list(ws)", "[modelfornamedinALLformodelinOF]"),
        ('Model.list(ws, run_id="r")', '[modelfornamedinALLformodelinOFifmodel.job_name=="r"]'),
        ("Model.list(ws, latest=True)", '[ml_client.models.get(named.name,label="latest")fornamedinALL]'),
    ],
)
def test_all_models_with_their_versions_and_tags(before: str, after: str) -> None:
    found = convert(f"{HEAD}found = {before}\n")
    every, of_one = "ml_client.models.list()", "ml_client.models.list(name=named.name)"
    assert "".join(found.text.split()).endswith("found=" + after.replace("ALL", every).replace("OF", of_one))
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}


def test_a_version_that_is_set_is_set_on_the_object_of_v2() -> None:
    text = convert(
        "from azureml.core import Model, Workspace\n\nws = Workspace.from_config()\n"
        "found = Model(ws, 'm')\nfound.version = 3\n"
    ).text
    assert "found.version = 3" in text and "azureml" not in text.replace("azure.ai.ml", "")


def test_a_workspace_that_only_found_the_path_of_a_model_goes() -> None:
    """A scoring script needs no client: its environment has not even the package."""
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.model import Model


def init():
    global model
    ws = Workspace.get(name="w", subscription_id="s", resource_group="g")
    model = load(Model.get_model_path("m", version=None, _workspace=ws))


def run(data):
    return model.predict(data)
"""
    ).text
    assert "MLClient" not in text and 'model = load(str(next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir())))' in text


def test_the_experiment_of_a_model_is_that_of_the_job_that_made_it() -> None:
    """None for a model that no job made, as SDK v1 said."""
    text = convert(
        """\
from azureml.core import Model, Workspace

ws = Workspace.from_config()
model = Model(ws, "churn")
where = model.experiment_name
print(model.run_id, model.experiment_name == "nightly")
"""
    ).text
    job = "ml_client.jobs.get(model.job_name).experiment_name if model.job_name else None"
    plain = " ".join(text.split())
    assert f"where = ( {job} )" in plain or f"where = {job}" in plain
    assert f'( {job} ) == "nightly"' in plain or f'({job}) == "nightly"' in plain
