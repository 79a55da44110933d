"""The conversion of whole modules: what stays, what goes, what never happens."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import BadInputError, Status
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.text.edits import Edits, Lines
from tests.migrate.rules.support import check_noop, check_transformed, convert

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "engine").rglob("*.py"))[:60], *sorted((ROOT / "samples").rglob("*.py"))]


def test_a_use_without_a_rule_is_left_with_a_comment_and_its_import() -> None:
    conversion = convert("""\
        from azureml.core import Workspace
        from azureml.somewhere import Strange

        print(Strange(1))
        """)
    assert conversion.text == (
        "from azureml.somewhere import Strange\n\n"
        "# TODO(amlbridge unknown-symbol): no rule converts Strange\nprint(Strange(1))\n"
    )
    assert [finding.status for finding in conversion.findings] == [Status.MANUAL]


def test_what_the_user_ignores_stays() -> None:
    findings = check_noop("""\
        from azureml.core import Workspace

        ws = Workspace.from_config()  # amlbridge: ignore
        """)
    assert [finding.status for finding in findings] == [Status.IGNORED]


@pytest.mark.parametrize(("text", "rule"), [("print 'x'\n", "python-2"), ("def f(:\n", "syntax-error")])
def test_text_that_is_no_python_is_refused(text: str, rule: str) -> None:
    module = ModuleText(Path("a.py"), "import azureml\n" + text)
    with pytest.raises(BadInputError) as caught:
        convert_module(module, build_project([module], Options()), Options())
    assert caught.value.rule == rule


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_conversion_yields_python_and_leaves_other_files_alone(path: Path) -> None:
    text = path.read_text()
    module = ModuleText(path, text)
    conversion = convert_module(module, build_project([module], Options()), Options())
    ast.parse(conversion.text)
    if "azureml" not in text:
        assert conversion.text == text and not conversion.findings


@given(st.text(alphabet="aé\n 'x=😀\t", max_size=60), st.data())
def test_edits_change_nothing_else(text: str, data: st.DataObject) -> None:
    edits = Edits(Lines(text))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edits.replace(start, end, "NEW")
    assert edits.apply() == text[:start] + "NEW" + text[end:]


@given(st.text(alphabet="é😀ab", max_size=10), st.text(alphabet="é😀ab", min_size=1, max_size=10))
def test_positions_of_nodes_are_offsets_of_characters(before: str, inside: str) -> None:
    text = f"x = '{before}', '{inside}'"
    node = ast.parse(text).body[0].value.elts[1]  # type: ignore[attr-defined]
    assert Lines(text).source(node) == f"'{inside}'"


def test_a_workspace_that_is_needed_by_both_has_both() -> None:
    conversion = convert("""\
        from azureml.core import Workspace
        from azureml.somewhere import Strange

        ws = Workspace.from_config()
        print(ws.name, Strange(ws))
        """)
    assert "ws = Workspace.from_config()\nml_client = MLClient.from_config(" in conversion.text
    assert "print(ml_client.workspace_name, Strange(ws))" in conversion.text
    assert "from azureml.core import Workspace\n" in conversion.text


def test_a_workspace_that_stays_gets_one_client_beside_it() -> None:
    conversion = convert("""\
        from azureml.core import Datastore, Experiment, Workspace
        from azureml.somewhere import Credential, Strange

        ws = Workspace.from_config(auth=Credential())
        Strange(ws)
        store = Datastore.get(ws, "data")
        other = Datastore.get(ws, "more")
        """)
    assert conversion.text.count("MLClient(DefaultAzureCredential(), ws.subscription_id") <= 1
    assert 'store = ml_client.datastores.get("data")' in conversion.text
    assert 'other = ml_client.datastores.get("more")' in conversion.text


def test_a_parameter_that_stays_a_workspace_gets_its_client_at_the_top() -> None:
    conversion = convert("""\
        from azureml.core import Datastore, Workspace
        from azureml.somewhere import Strange


        def load(ws: Workspace):
            \"\"\"Loads.\"\"\"
            Strange(ws)
            return Datastore.get(ws, "data")
        """)
    head = conversion.text.split('"""Loads."""')[1]
    assert head.lstrip().startswith("ml_client = MLClient(")
    assert 'return ml_client.datastores.get("data")' in head


def test_what_an_earlier_run_left_for_a_connection_stays() -> None:
    check_noop("""\
        from azureml.core import Experiment

        # TODO(amlbridge experiments): stays SDK v1, because something that it is connected with could not be converted
        experiment = Experiment(ws, "train")
        """)


def test_a_v1_class_for_a_bridge_and_the_v2_class_of_the_same_name_go_together() -> None:
    conversion = convert("""\
        from azureml.core import Datastore, Workspace
        from azureml.somewhere import strange


        def find(ws: Workspace) -> Datastore:
            return Datastore.get(ws, "data")


        ws = Workspace.from_config()
        store = Datastore.get(ws, "data")
        strange.read(store)
        """)
    names = [line for line in conversion.text.splitlines() if "import Datastore" in line]
    assert len({line.split()[-1] for line in names}) == len(names), conversion.text


def test_packages_that_belong_to_sdk_v2_are_no_v1_code() -> None:
    assert not check_noop("from azureml.featurestore import FeatureStoreClient\n\nclient = FeatureStoreClient()\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ws.get_default_datastore()", "ws.datastores.get_default()"),
        ('Datastore.get(ws, "raw")', 'ws.datastores.get("raw")'),
        ('ws.datastores.get("raw")', 'ws.datastores.get("raw")'),
        ('ws.datastores["raw"]', 'ws.datastores.get("raw")'),
        ('Environment.get(ws, "e", version="1")', 'ws.environments.get("e", version="1")'),
        ('Model(ws, "m", version=1)', 'ws.models.get("m", version="1")'),
    ],
)
def test_a_parameter_that_became_a_client_is_none_of_v1_the_second_time(before: str, after: str) -> None:
    conversion = convert(f"""\
        from azureml.core import Datastore, Environment, Model
        from azureml.somewhere import Strange

        Strange()


        def find(ws):
            return {before}
        """)
    assert conversion.text.endswith(f"return {after}\n")


def test_objects_that_a_function_finds_in_one_variable_stay_together() -> None:
    conversion = convert("""\
        from azureml.core import Environment
        from azureml.somewhere import Strange

        env = Environment("first")
        Strange(env)


        def change():
            env.docker.base_image = "ubuntu"


        env = Environment("second")
        """)
    assert 'env.docker.base_image = "ubuntu"' in conversion.text
    assert "azure.ai.ml" not in conversion.text


def test_a_bridge_takes_no_workspace_that_a_parameter_hides() -> None:
    conversion = convert("""\
        from azureml.core import Dataset, Workspace
        from azureml.somewhere import Strange


        def show(ws):
            Strange(data)


        ws = Workspace.from_config()
        data = Dataset.get_by_name(ws, name="d")
        """)
    found = " ".join(conversion.text.split())
    where = "ws.workspace_name, subscription_id=ws.subscription_id, resource_group=ws.resource_group_name"
    assert f"Dataset.get_by_name( Workspace.get( {where}, ), data.name, )" in found


def test_a_finding_names_the_use_that_keeps_others() -> None:
    code = """\
    from azureml.core import Dataset

    table = Dataset.Tabular.from_delimited_files("https://x.net/a.csv")
    parts = table.random_split(0.5)
    show(parts)
    """
    found = {finding.symbol: finding.message for finding in convert(code).findings}
    message = found["Dataset.Tabular.from_delimited_files"]
    assert message.endswith("not be converted: TabularDataset.random_split (table.random_split(0.5))")


def test_a_module_that_is_imported_further_below_is_imported_above() -> None:
    """As notebooks do: one cell imports os, an earlier one needs it now."""
    text = convert("""\
from azureml.core import Workspace
ws = Workspace.from_config()
ws.get_default_datastore().upload_files(FILES, ROOT, "data")
import os
os.makedirs("x")
""").text
    assert text.index("import os") < text.index("os.path.relpath")


def test_a_module_whose_name_is_taken_gets_another_one() -> None:
    text = convert("""\
from azureml.core import Workspace
os = "linux"
Workspace.from_config().get_default_datastore().upload_files(FILES, ROOT, "data")
""").text
    assert "import os as v2_os\n" in text and "v2_os.path.relpath" in text


def test_star_imports_make_way() -> None:
    """One that stayed would hide Environment of SDK v2; what is left is imported by name."""
    old = """
    from azureml.core import *
    from azureml.pipeline.steps import *

    ws = Workspace.from_config()
    env = Environment.get(ws, "x")
    run = get_run(ws, "r")
    prepare_compute_target(ws)
    """
    new = convert(old).text
    assert "import *" not in new
    assert "from azureml.core import Workspace, prepare_compute_target" in new
    assert 'run = ml_client.jobs.get("r")' in new
    assert 'env = ml_client.environments.get("x", label="latest")' in new


def test_a_star_import_that_brings_more_stays() -> None:
    text = convert("from azureml.core.runconfig import *\nprint(DEFAULT_CPU_IMAGE)\n").text
    assert "import *" in text


def test_a_parent_run_whose_workspace_something_left_needs_is_told_once() -> None:
    found = convert(
        """\
from azureml.core import Dataset
from azureml.core.run import Run

run = Run.get_context().parent
ws = run.experiment.workspace
store = ws.get_default_datastore()
table = Dataset.get_by_name(workspace=ws, name="t")
count = store.download(target_path=".", prefix="p")
"""
    )
    assert found.text.count("# TODO(amlbridge") == 1


def test_what_is_left_behind_a_colon_has_its_comment_above_the_line() -> None:
    conversion = convert(
        """\
        from azureml.core import Experiment, Workspace

        experiment = Experiment(Workspace.from_config(), name)
        if more: run = experiment.submit(config, **more)
        else: run = experiment.submit(config)
        """
    )
    before, _, after = conversion.text.partition("if more: run = Experiment(")
    assert before.rstrip().splitlines()[-1].startswith("# TODO(amlbridge experiments)") and after


def test_a_method_that_is_called_through_its_class_is_one_of_the_object() -> None:
    before = """\
        from azureml.core import Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget

        ws = Workspace.from_config()
        cluster = ComputeTarget(ws, "cpu")
        AmlCompute.update(cluster, 0, 4)
        AmlCompute.delete(cluster)
        """
    after = """\
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential

        ml_client = MLClient.from_config(credential=DefaultAzureCredential())
        cluster = ml_client.compute.get("cpu")
        cluster.min_instances = 0
        cluster.max_instances = 4
        ml_client.compute.begin_update(cluster).result()
        ml_client.compute.begin_delete(cluster.name).result()
        """
    check_transformed(before, after)


def test_a_method_without_an_object_is_left() -> None:
    conversion = convert("from azureml.core import Run\n\nlist(map(Run.cancel, runs))\n")
    assert [finding.status for finding in conversion.findings] == [Status.MANUAL]
    assert "taken from its class" in conversion.text


def test_a_credential_inside_of_a_workspace_that_stays_has_no_comment_of_its_own() -> None:
    conversion = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.authentication import AzureCliAuthentication
        from azureml.pipeline.core import Pipeline

        workspace = Workspace.from_config(auth=AzureCliAuthentication())
        store = workspace.get_default_datastore()
        pipeline = Pipeline.load_yaml(workspace, "pipeline.yml")
        """
    )
    assert "workspace = Workspace.from_config(auth=AzureCliAuthentication())" in conversion.text
    assert "TODO(amlbridge authentication)" not in conversion.text


def test_a_name_that_no_cell_imports_is_not_given_another_meaning() -> None:
    conversion = convert(
        """\
        from azureml.core import Workspace

        ws = Workspace.from_config()
        run = ws.get_run("a")
        model = run.register_model("m", model_path="outputs/model.pkl")
        Model.deploy(ws, "service", [model])
        """
    )
    assert "Model as V2Model" in conversion.text
    assert "\nModel.deploy(" in conversion.text


def test_an_attribute_that_became_a_client_is_none_of_v1_the_second_time() -> None:
    text = """\
        from azureml.core import Run


        class Trainer:
            def __init__(self, workspace, name):
                self._workspace = workspace
                self._name = name

            def start(self, job):
                return self._workspace.jobs.create_or_update(job, experiment_name=self._name)
        """
    assert "TODO" not in convert(text).text


def test_clusters_of_2018_are_clusters() -> None:
    conversion = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.compute import BatchAiCompute, ComputeTarget

        ws = Workspace.from_config()
        config = BatchAiCompute.provisioning_configuration(
            vm_size="STANDARD_NC6", autoscale_enabled=True, cluster_min_nodes=0, cluster_max_nodes=4
        )
        cluster = ComputeTarget.create(ws, "gpu", config)
        """
    )
    made = 'AmlCompute(name="gpu", size="STANDARD_NC6", min_instances=0, max_instances=4)'
    assert made in re.sub(r"(?<=\()\s+|,?\s+(?=\))", "", re.sub(r"\s+", " ", conversion.text))
    assert {finding.status for finding in conversion.findings} == {Status.CONVERTED}


def test_imports_that_only_code_of_v1_read_go() -> None:
    """Those of the standard library; one that another statement reads stays, as does what nothing ever read."""
    text = convert("""\
import logging
import json
import os
from azureml.train.automl import AutoMLConfig
config = AutoMLConfig(task="regression", training_data=table, label_column_name="y", verbosity=logging.INFO)
print(os.name)
""").text
    assert "import logging" not in text and "import json\nimport os\n" in text


def test_what_goes_from_the_end_of_a_function_leaves_its_blank_lines() -> None:
    body = "run = Run.get_context()\n    run.log('a', 1)\n\n    run.complete()"
    found = convert(f"from azureml.core import Run\n\n\ndef main():\n    {body}\n\n\nmain()\n")
    assert found.text.endswith('    mlflow.log_metric("a", 1)\n\n\nmain()\n')


def test_cells_neither_start_nor_end_with_blank_lines() -> None:
    cells = ["from azureml.core import Workspace\n\n# ours\nws = Workspace.from_config()", "\nprint(ws.name)\n"]
    text = convert("".join(f"# %% amlbridge cell {number}\n{cell}\n" for number, cell in enumerate(cells))).text
    assert "cell 1\n\nprint(ml_client.workspace_name)" in text  # as it was
    once = convert("# %% amlbridge cell 0\nx = 1\n# %% amlbridge cell 2\n" + cells[0] + "\n").text
    assert "cell 2\n" in once and "cell 2\n\n" not in once


@pytest.mark.parametrize("caught", ["except ImportError:", "except (OSError, ModuleNotFoundError):", "except:"])
def test_a_module_that_does_without_the_package_still_does(caught: str) -> None:
    """What is tried to import is tried in the new code: a script that also runs where no package of Azure is."""
    text = convert(
        f"""\
import argparse

try:
    from azureml.core import Run
    from azureml.core.model import Model

    run = Run.get_context()
{caught}
    run = None

if run is not None:
    run.log("loss", 1.0)
"""
    ).text
    assert text.startswith(
        "import argparse\n\ntry:\n    import mlflow\n\n    run = mlflow.active_run() or mlflow.start_run()\n"
    )
    assert '    mlflow.log_metric("loss", 1.0)\n' in text and "azureml" not in text


@pytest.mark.parametrize(
    "tried",
    [
        "try:\n    from azureml.core import Run\nexcept ValueError:\n    pass\n",
        "from azureml.core import Workspace\ntry:\n    from azureml.core import Run\nexcept ImportError:\n    pass\n",
        "try:\n    from azureml.core import Run\nexcept ImportError:\n    from azureml.core.run import Run\n",
    ],
)
def test_an_import_that_is_tried_for_another_reason_stands_before(tried: str) -> None:
    text = convert(f"import argparse\n{tried}run = Run.get_context()\nrun.log('loss', 1.0)\n").text
    assert "import argparse\nimport mlflow\n" in text


LEFT = """\
from azureml.core import Experiment, Run, Workspace
from azureml.interpret import ExplanationClient
from azureml.train.automl.run import AutoMLRun

ws = Workspace.from_config()
best, model = AutoMLRun(Experiment(ws, "a"), "AutoML_1").get_output()
print(ExplanationClient.from_run(best).download_model_explanation(raw=False))
"""


def test_what_a_run_has_left_for_a_reason_stays_until_its_comment_goes() -> None:
    first = convert(LEFT)  # which converts twice
    lines = first.text.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("# TODO(amlbridge explanations): ")]
    assert "ExplanationClient.from_run(" in "".join(lines[at:])
    again = convert(first.text)
    told = [finding for finding in again.findings if finding.rule == "explanations"]
    assert any("without its comment it is tried again" in finding.message for finding in told)
    del lines[at]
    assert "load_explanation(" in convert("\n".join(lines) + "\n").text
