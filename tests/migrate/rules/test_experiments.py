"""Runs of an experiment are selected as v1 selected them."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
experiment = Experiment(ws, "e")
"""


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("type='automl'", 'if job.type == "automl"'),
        ("type='hyperdrive'", 'if job.type == "sweep"'),
        ("tags='good'", "and 'good' in run.data.tags"),
        ("tags={'quality': 'high'}", "run.data.tags.get('quality') == 'high'"),
        (
            "properties={'azureml.git.branch': b}, status='Failed'",
            "job.properties.get('azureml.git.branch') == b and job.status == 'Failed'",
        ),
        ("properties={'author': me}", "if 'mlflow.parentRunId' not in run.data.tags and run.data.tags.get('author')"),
        ("properties='author', include_children=True", "if 'author' in run.data.tags"),
    ],
)
def test_filters(given: str, after: str) -> None:
    found = convert(f"{HEAD}runs = list(experiment.get_runs({given}))\n")
    assert after.replace("'", '"') in " ".join(found.text.split()) and "azureml.core" not in found.text
    assert not check_generated(found.text)


def test_properties_that_a_script_adds_are_found_by_what_they_become() -> None:
    """``Run.add_properties`` sets tags in SDK v2: who looks for runs by them asks for tags."""
    script = convert("from azureml.core import Run\nrun = Run.get_context()\nrun.add_properties({'release': r})\n")
    assert "mlflow.set_tags(" in script.text
    found = convert(f"{HEAD}run = next(experiment.get_runs(properties={{'release': r, 'kind': 'train'}}))\n")
    assert 'run.data.tags.get("release") == r and run.data.tags.get("kind") == "train"' in " ".join(found.text.split())
    assert "job.properties" not in found.text
    assert any("are tags in MLflow" in finding.message for finding in found.findings)


def test_children_are_found_by_the_properties_that_code_adds() -> None:
    found = convert(
        f"{HEAD}from azureml.core import Run\nrun = Run.get(ws, RUN_ID)\n"
        "for child in run.get_children(properties={'step': 'train'}):\n    print(child.id)\n"
        "for child in run.get_children(properties={'azureml.node': 'train'}):\n    print(child.id)\n"
    )
    text = " ".join(found.text.split())
    assert '{"step": "train"}.items() <= job.tags.items()' in text
    assert '{"azureml.node": "train"}.items() <= job.properties.items()' in text


@pytest.mark.parametrize("given", ["type=kind()", "tags=wanted()", "type='other'"])
def test_filters_that_cannot_be_told_stay(given: str) -> None:
    found = convert(f"{HEAD}runs = list(experiment.get_runs({given}))\n")
    assert any(finding.status is Status.MANUAL and "select by" in finding.message for finding in found.findings)


def test_the_page_of_an_experiment() -> None:
    found = convert(f"{HEAD}print(experiment.get_portal_url())\n")
    text = "".join(found.text.split())
    assert "mlflow.get_experiment_by_name(experiment).experiment_id,ml_client.workspaces.get(" in text
    assert '"https://ml.azure.com/experiments/id/{}?wsid={}".format(' in text
    assert "mlflow.set_tracking_uri(" in text and "azureml.core" not in text
    assert not check_generated(found.text)


def test_get_run_gives_a_job() -> None:
    found = convert(
        HEAD + "from azureml.core import get_run\nrun = get_run(experiment, RUN_ID)\nprint(run.get_status())\n"
    )
    assert "run = ml_client.jobs.get(RUN_ID)\n" in found.text
    assert "print(ml_client.jobs.get(run.name).status)" in found.text and "azureml" not in found.text


PUBLISHED = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import PublishedPipeline

ws = Workspace.from_config()
found = []
for pipeline in PublishedPipeline.list(ws):
    if pipeline.name == "train":
        found.append(pipeline)
if not found:
    chosen = None
else:
    chosen = found[0]
"""


def test_a_published_pipeline_that_code_chooses_is_invoked() -> None:
    code = 'run = Experiment(ws, "e").submit(chosen, tags={"a": "b"}, pipeline_parameters={"rate": "1"})\n'
    found = convert(PUBLISHED + code)
    text = "".join(found.text.split())
    assert 'endpoint_name=chosen.name,inputs={key:Input(type="string",default=value)' in text
    assert "an invocation has no tags" in "".join(finding.message for finding in found.findings)


def test_parameters_of_what_cannot_be_told_are_not_lost() -> None:
    code = 'def run(what):\n    return Experiment(ws, "e").submit(what, pipeline_parameters={"rate": 1})\n'
    found = convert(PUBLISHED + code)
    assert 'pipeline_parameters={"rate": 1}' in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("regenerate_outputs=True", ["pipeline_job.settings.force_rerun = True"]),
        ("regenerate_outputs=False, continue_on_step_failure=False", []),
        ("continue_on_step_failure=go_on", ["pipeline_job.settings.continue_on_step_failure = go_on"]),
    ],
)
@pytest.mark.parametrize("submit", ['Experiment(ws, "e").submit(p, {})', 'p.submit("e", {})'])
def test_settings_of_a_submission(given: str, lines: list[str], submit: str) -> None:
    head = (
        "from azureml.core import Experiment, Workspace\nfrom azureml.pipeline.core import Pipeline\n"
        "from azureml.pipeline.steps import PythonScriptStep\n\nws = Workspace.from_config()\n"
        'a = PythonScriptStep("a.py", compute_target="cpu")\np = Pipeline(ws, [a])\n'
    )
    text = convert(f"{head}run = {submit.format(given)}\n").text
    job = "pipeline_job" if lines else "p()"
    expected = ["pipeline_job = p()", *lines] if lines else []
    expected.append(f'run = ml_client.jobs.create_or_update({job}, experiment_name="e")\n')
    assert text.endswith("\n".join(expected))


def test_a_name_that_becomes_its_experiment_stays_a_name() -> None:
    code = "from azureml.core import Experiment, Workspace\n\n\ndef main(trial):\n    ws = Workspace.from_config()\n"
    text = convert(f"{code}    trial = Experiment(ws, trial)\n    trial.start_logging(display_name='first')\n").text
    assert "trial = trial" not in text
    assert "mlflow.set_experiment(trial)" in text and 'mlflow.start_run(run_name="first")' in text


@pytest.mark.parametrize("made", ["run = exp.start_logging()", "import mlflow\nwith mlflow.start_run():\n    pass"])
def test_runs_that_were_only_logged_are_found_as_runs_of_mlflow(made: str) -> None:
    """No job is behind them."""
    code = f"{HEAD}{made}\nfor found in exp.get_runs():\n    print(found.id, found.get_metrics())\n"
    code = code.replace("experiment =", "exp = ")
    text = convert(code + "last = next(exp.get_runs())\nprint(last.id)\n").text
    assert "jobs.get" not in text and "last = next(\n    run\n    for run in mlflow.search_runs(" in text
    assert "print(found.info.run_id, mlflow.get_run(found.info.run_id).data.metrics)" in text


def test_runs_that_are_chosen_by_their_type_are_jobs() -> None:
    text = convert(f"{HEAD}experiment.start_logging()\nruns = experiment.get_runs(type='automl')\n").text
    assert "ml_client.jobs.get(run.info.run_id)" in text


@pytest.mark.parametrize(
    ("started", "used", "uploads"),
    [
        ("start_logging()", 'open("outputs/model.txt", "w")', True),
        ("start_logging()", 'os.makedirs("./outputs", exist_ok=True)', True),
        ("start_logging()", 'open("model.txt", "w")', False),
        ("start_logging()", 'run.upload_file("outputs/model.txt", "model.txt")', False),
        ("start_logging(outputs=False)", 'open("outputs/model.txt", "w")', False),
    ],
)
def test_the_folder_outputs_of_a_run_of_this_process_is_uploaded(started: str, used: str, uploads: bool) -> None:
    text = convert(f"import os\n\n{HEAD}run = experiment.{started}\n{used}\nrun.complete()\n").text
    assert ('mlflow.log_artifacts("outputs", "outputs")\nmlflow.end_run()' in text) is uploads
    assert text.endswith("mlflow.end_run()\n")


SEARCH = """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.train.automl import AutoMLConfig
ws = Workspace.from_config()
experiment = Experiment(ws, "churn")
settings = {"iterations": 3, "primary_metric": "accuracy"}
config = AutoMLConfig(
    task="classification", training_data=Dataset.get_by_name(ws, "churn"), label_column_name="left", %s**settings
)
"""
FOLLOWED = "ml_client.jobs.stream(search.name)\n"


@pytest.mark.parametrize(
    ("compute", "shown", "waits"),
    [
        ('compute_target="cpu", ', ", show_output=True", True),
        ('compute_target="cpu", ', ", show_output=False", False),
        ('compute_target="cpu", ', "", False),
        ("", "", True),  # a search in the process of the client ends before submit returns
        ("", ", show_output=False", True),
    ],
)
def test_a_search_is_waited_for_where_it_was(compute: str, shown: str, waits: bool) -> None:
    found = convert(
        f"{SEARCH % compute}search = experiment.submit(config{shown})\nbest, fitted = search.get_output()\n"
    )
    assert (FOLLOWED in found.text) is waits and "azureml.core" not in found.text
    assert not waits or found.text.index(FOLLOWED) < found.text.index("automl_best_child_run_id")
    assert not check_generated(found.text)


def test_a_search_is_waited_for_under_a_condition() -> None:
    found = convert(f"{SEARCH % 'compute_target=cluster, '}search = experiment.submit(config, show_output=VERBOSE)\n")
    assert "if VERBOSE:\n    ml_client.jobs.stream(search.name)\n" in found.text


@pytest.mark.parametrize("below", ["search.wait_for_completion()", "RunDetails(search).show()"])
def test_a_search_is_waited_for_once(below: str) -> None:
    head = f"from azureml.widgets import RunDetails\n{SEARCH % 'compute_target=cluster, '}"
    found = convert(f"{head}search = experiment.submit(config, show_output=True)\n{below}\n")
    assert found.text.count("jobs.stream(search.name)") == 1


def test_a_search_that_is_returned_is_waited_for() -> None:
    code = SEARCH % 'compute_target="cpu", '
    found = convert(f"{code}def start():\n    return experiment.submit(config, show_output=True)\n")
    assert "    ml_client.jobs.stream(run.name)\n    return run\n" in found.text


def test_other_jobs_are_not_waited_for() -> None:
    head = "from azureml.core import ScriptRunConfig\n" + HEAD
    config = "config = ScriptRunConfig('.', 'a.py', compute_target='cpu')\n"
    found = convert(f"{head}{config}r = experiment.submit(config, show_output=True)\n")
    assert "jobs.stream" not in found.text


def test_runs_that_are_found_are_logged_to_and_ended_by_their_ids() -> None:
    found = convert(
        f"{HEAD}first = experiment.start_logging()\nfirst.complete()\n"
        "for run in experiment.get_runs():\n    run.log('late', 2)\n    run.complete()\n"
    )
    loop = found.text.partition("\nfor run in")[2]
    assert 'mlflow.log_metric("late", 2, run_id=run.info.run_id)' in loop
    assert "MlflowClient().set_terminated(run.info.run_id)" in loop and "mlflow.end_run()" not in loop
    assert not check_generated(found.text)


def test_tags_of_an_experiment() -> None:
    code = 'e = Experiment(ws, "churn")\ne.tag("reviewed")\nprint(e.tags)\n'
    text = convert(f"from azureml.core import Experiment, Workspace\n\nws = Workspace.from_config()\n{code}").text
    assert 'mlflow.set_experiment(e)\nmlflow.set_experiment_tag("reviewed", "")\n' in text
    assert "print(mlflow.get_experiment_by_name(e).tags)" in text


def test_a_job_stays_in_its_experiment() -> None:
    code = 'run = Run.get_context()\nExperiment(run.experiment.workspace, "all").tag("seen", "yes")\n'
    found = convert(f"from azureml.core import Experiment, Run\n\n{code}")
    assert "set_experiment(" not in found.text
    assert "a job's run is of its own experiment" in "".join(finding.message for finding in found.findings)


def test_runs_are_selected_by_what_is_in_a_variable() -> None:
    runs = 'wanted = {"stage": "night"}\nfound = Experiment(ws, "e").get_runs(tags=wanted, properties=GIVEN)\n'
    runs += "for run in found:\n    print(run.id)\n"
    head = (
        "from azureml.core import Experiment, Workspace\nfrom settings import GIVEN\n\nws = Workspace.from_config()\n"
    )
    found = convert(head + runs)
    assert "and wanted.items() <= run.data.tags.items()" in found.text
    assert "if (GIVEN or {}).items() <= job.properties.items()" in found.text
    assert "is a dict" in "".join(finding.message for finding in found.findings)


def test_a_text_in_a_variable_is_the_name_of_a_tag() -> None:
    head = "from azureml.core import Experiment, Workspace\n\nws = Workspace.from_config()\n"
    code = 'wanted = "night"\nprint(len(list(Experiment(ws, "e").get_runs(tags=wanted))))\n'
    assert "wanted in run.data.tags" in convert(head + code).text
    unknown = 'wanted = str(1)\nprint(len(list(Experiment(ws, "e").get_runs(tags=wanted))))\n'
    assert "get_runs(tags=wanted)" in convert(head + unknown).text


@pytest.mark.parametrize("listed", ["Experiment.list(ws)", "ws.experiments"])
def test_mlflow_lists_the_experiments_of_the_workspace(listed: str) -> None:
    found = convert(f"""\
        from azureml.core import Experiment, Workspace

        ws = Workspace.get(name="retail", subscription_id=SUBSCRIPTION, resource_group="shops")
        for experiment in {listed}:
            print(experiment)
        """)
    assert 0 < found.text.index("mlflow.set_tracking_uri(") < found.text.index("mlflow.search_experiments()")
