"""Submitted runs: what is lost silently when a call is only renamed."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import check_transformed, convert

HEAD = "from azureml.core import Run, Workspace\n\nws = Workspace.from_config()\nrun = Run.get(ws, RUN_ID)\n"


def body(code: str) -> str:
    """The converted code below the lines that find the run."""
    text = convert(HEAD + code).text
    return text.split("run = ml_client.jobs.get(RUN_ID)\n")[1]


def test_a_failure_that_the_script_goes_on_after_does_not_end_it() -> None:
    quiet = "with suppress(JobException):\n    ml_client.jobs.stream(run.name)\n"
    assert body("run.wait_for_completion(raise_on_error=False)\n") == quiet
    status = "status = ml_client.jobs.get(run.name).status\n"
    assert body("status = run.wait_for_completion(show_output=True, raise_on_error=False)\n") == quiet + status
    assert body("run.wait_for_completion(raise_on_error=True)\n") == "ml_client.jobs.stream(run.name)\n"
    left = convert(HEAD + "run.wait_for_completion(raise_on_error=strict)\n")
    assert ".wait_for_completion(raise_on_error=strict)" in left.text
    assert Status.MANUAL in {finding.status for finding in left.findings}


def test_a_downloaded_file_gets_the_path_that_the_script_gives_it() -> None:
    download = 'mlflow.artifacts.download_artifacts(run_id=run.name, artifact_path="outputs/model.pkl")'
    parts = body('run.download_file("outputs/model.pkl", "models/best.pkl")\n').split("\n", 1)
    assert parts[0] == 'os.makedirs("models", exist_ok=True)'
    assert "shutil.copy" in parts[1]
    assert '"models/best.pkl"' in parts[1]
    # Without a path, SDK v1 writes to the current folder; MLflow would write to a temporary one.
    plain = body('run.download_file("outputs/model.pkl")\n')
    assert "".join(plain.split()).rstrip(",)") == "".join(f'shutil.copy({download}, "."'.split())
    folder = body('run.download_files(prefix="outputs", output_directory="here")\n')
    assert folder.split() == (
        ["mlflow.artifacts.download_artifacts(", "run_id=run.name,", 'artifact_path="outputs",', 'dst_path="here"', ")"]
    )
    assert 'dst_path="."' in body("run.download_files()\n")


def test_the_folder_of_a_downloaded_file_is_made_as_sdk_v1_made_it() -> None:
    same = body("run.download_file(name=found, output_file_path=found)\n")
    assert "".join(same.split()) == (
        'mlflow.artifacts.download_artifacts(run_id=run.name,artifact_path=found,dst_path=".")'
    )
    joined = body('import os\nrun.download_file("outputs/a.pkl", os.path.join(FOLDER, "a.pkl"))\n')
    assert "os.makedirs(FOLDER, exist_ok=True)\nshutil.copy(" in joined
    made = body(
        'import os\nos.makedirs(FOLDER, exist_ok=True)\nrun.download_file("a.pkl", os.path.join(FOLDER, "a.pkl"))\n'
    )
    assert made.count("makedirs") == 1


@pytest.mark.parametrize(
    "call",
    ["get_metrics(NAME, recursive=True)", "get_children(tags=TAGS)", "download_files(NAME, output_paths=PATHS)"],
)
def test_an_argument_that_sdk_v2_has_not_is_not_dropped(call: str) -> None:
    conversion = convert(f"{HEAD}found = run.{call}\n")
    assert call in conversion.text
    assert "TODO(amlbridge runs)" in conversion.text


def test_one_metric_by_name() -> None:
    assert "if key ==" in body('print(run.get_metrics("loss"))\n')
    assert body("print(run.get_metrics())\n") == "print(mlflow.get_run(run.name).data.metrics)\n"


def test_a_name_that_is_given_to_a_run() -> None:
    text = convert(
        """\
from azureml.core import Run, Workspace

run = Run.get(Workspace.from_config(), RUN_ID)
run.display_name = "renamed"
"""
    ).text
    assert 'run.display_name = "renamed"\n' in text and "jobs.create_or_update(run)" in text


def test_runs_are_searched_in_the_workspace() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
runs = list(Experiment(ws, "e").get_runs())
"""
    ).text
    assert text.index("mlflow.set_tracking_uri(") < text.index("mlflow.search_runs(")


def test_tags_of_a_job_are_removed_by_mlflow() -> None:
    found = convert(
        "from azureml.core import Run, Workspace\nws = Workspace.from_config()\n"
        "run = Run.get(ws, RUN_ID)\nrun.remove_tags(['a', 'b'])\n"
    )
    assert 'for key in ["a", "b"]:\n    mlflow.MlflowClient().delete_tag(run.name, key)\n' in found.text
    assert not check_generated(found.text)


def test_a_state_that_an_object_of_the_users_keeps_is_one_text() -> None:
    found = convert(
        "from azureml.core.run import RunStatus\n\n\nclass Child:\n    def __init__(self):\n"
        "        self.status = RunStatus.COMPLETED\n        print(self.status)\n"
    )
    assert found.text.endswith('        self.status = "Completed"\n        print(self.status)\n')
    assert [finding.status for finding in found.findings] == [Status.REVIEW]


def test_a_run_of_mlflow_is_asked_of_the_service_by_its_id() -> None:
    text = convert(
        """\
from azureml.core import Run

run = Run.get_context()
above = run.parent
step = above.find_step_run("train")[0]
print(above.get_portal_url(), step.id)
"""
    ).text
    assert "ml_client.jobs.list(parent_job_name=above.info.run_id)" in text
    assert "ml_client.jobs.get(above.info.run_id).studio_url, step.name" in text
    assert text.count("MLClient(") == 1, "a script in a job makes one client for all that it asks"
    assert not check_generated(text)


def test_a_detailed_status_is_a_dict_as_before() -> None:
    check_transformed(
        """\
        from azureml.core import Workspace
        from azureml.core.run import Run

        ws = Workspace.from_config()
        run = Run.get(ws, RUN_ID)
        print(run.get_detailed_status())
        """,
        """\
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential

        ml_client = MLClient.from_config(credential=DefaultAzureCredential())
        run = ml_client.jobs.get(RUN_ID)
        print({"status": ml_client.jobs.get(run.name).status})
        """,
        status=Status.REVIEW,
    )


def test_files_of_a_folder_without_its_path() -> None:
    moved = body('run.download_files(prefix="outputs/parts", output_directory="here", append_prefix=False)\n')
    assert "".join(moved.split()) == (
        'shutil.copytree(mlflow.artifacts.download_artifacts(run_id=run.name,artifact_path="outputs/parts"),'
        '"here",dirs_exist_ok=True,)'
    )
    same = 'run.download_files(prefix="outputs", output_directory="here", append_prefix=True)\n'
    assert body(same) == body(same.replace(", append_prefix=True", ""))


def test_a_file_is_looked_for_in_its_folder() -> None:
    found = body('print("outputs/a/b.txt" in run.get_file_names(), "c.txt" in run.get_file_names())\n')
    assert 'list_artifacts(run.name,"outputs/a")]' in "".join(found.split())
    assert "list_artifacts(run.name)]" in "".join(found.split())
    every = "".join(body("print(run.get_file_names())\n").split())
    assert every.endswith("returnfoundprint(artifact_paths(run.name))")


def test_the_files_of_folders_in_folders_are_listed_by_one_function() -> None:
    code = (
        "def first():\n    return run.get_file_names()[0]\n\n\n"
        "for name in run.get_file_names():\n    print(name)\nprint(first())\n"
    )
    text = body(code)
    assert text.count("def artifact_paths(run_id, folder=None):\n") == 1
    assert text.index("def artifact_paths(") < text.index("def first(") < text.index("for name in artifact_paths(")
    assert "    return found\n\n\ndef first():\n    return artifact_paths(run.name)[0]\n\n\n" in text


def test_files_of_a_run_that_was_started_here() -> None:
    head = "from azureml.core import Experiment, Workspace\n\n"
    start = "run = Experiment(Workspace.from_config(), 'a').start_logging()\n"
    found = "".join(convert(head + start + "run.complete()\nprint(run.get_file_names())\n").text.split())
    assert "returnfoundprint(artifact_paths(run.info.run_id))" in found


def test_a_log_that_is_read_is_a_text() -> None:
    assert body("run.get_job_log()\n") == "ml_client.jobs.stream(run.name)\n"
    read = body("print(run.get_stdout_log())\n")
    assert read == 'print(mlflow.artifacts.load_text(f"runs:/{run.name}/user_logs/std_log.txt"))\n'


def test_a_property_that_is_added_is_a_tag() -> None:
    text = body('run.add_properties({"a": "b"})\nprint(run.properties["a"], run.get_properties()["score"])\n')
    assert ".tags[" in text.replace('"a"]', "")
    assert '.properties["score"]' in text


def test_variables_of_loops_are_new() -> None:
    assert 'for logged_key in ["a"]' in body('key = 1\nrun.remove_tags(["a"])\nprint(key)\n')


def test_a_widget_before_the_wait_for_the_run_is_not_waited_for_as_well() -> None:
    code = "from azureml.core import Run\nfrom azureml.widgets import RunDetails\n"
    code += "run = Run.get(ws, 'a')\nRunDetails(run).show()\n{}run.wait_for_completion(show_output=True)\n"
    assert convert(code.format("")).text.count("jobs.stream(run.name)") == 1
    assert convert(code.format("# %% amlbridge cell 2\n")).text.count("jobs.stream(run.name)") == 2


_RUNS = (
    "from azureml.core import Experiment, Run, Workspace\nws = Workspace.from_config()\nruns = []\n"
    "for name in 'ab':\n    runs.append({run})\n{use}\n"
)
_FOUND = "Run.get(ws, name)"


def test_a_function_of_runs_becomes_one_of_jobs() -> None:
    first = convert(_RUNS.format(run=_FOUND, use="list(map(Run.cancel, runs))\nstates = map(Run.get_status, runs)"))
    assert "list(map(lambda run: ml_client.jobs.begin_cancel(run.name).result(), runs))" in first.text
    assert "states = map(lambda run: ml_client.jobs.get(run.name).status, runs)" in first.text
    assert "azureml" not in first.text
    assert convert(first.text).text == first.text


@pytest.mark.parametrize(
    ("run", "use"),
    [
        (_FOUND, "list(map(Run.get_details, runs))\nlist(map(Run.cancel, runs))"),
        (f"{_FOUND}.get_best_child()", "list(map(Run.cancel, runs))"),
    ],
)
def test_runs_stay_v1_with_a_function_that_does(run: str, use: str) -> None:
    first = convert(_RUNS.format(run=run, use=use))
    assert f"runs.append({run})" in first.text
    assert "list(map(Run.cancel, runs))" in first.text
    assert convert(first.text).text == first.text


def test_a_client_that_nobody_makes_is_made_once() -> None:
    code = """\
from azureml.core import Run

def wait(run: Run):
    run.wait_for_completion()
    if verbose and run.get_status() == "Completed":
        print(run.get_portal_url())
"""
    text = convert(code).text
    assert text.count("MLClient.from_config(") == 1
    made = "    ml_client = MLClient.from_config(credential=DefaultAzureCredential())\n"
    assert f"{made}    ml_client.jobs.stream" in text


def test_metrics_of_a_run_and_its_children() -> None:
    found = convert(
        "from azureml.core import Run, Workspace\n"
        "ws = Workspace.from_config()\n"
        "run = Run.get(ws, known)\n"
        "metrics = run.get_metrics(recursive=True)\n"
    )
    text = "".join(found.text.split())
    jobs = "forjobin[run,*ml_client.jobs.list(parent_job_name=run.name)]"
    assert "metrics={job.name:mlflow.get_run(job.name).data.metrics" + jobs + "}" in text
    assert "have no children" in " ".join(finding.message for finding in found.findings)


@pytest.mark.parametrize("call", ["list(map(Run.cancel, runs))", "pool.map(Run.cancel, runs)"])
def test_a_method_that_is_mapped_over_runs(call: str) -> None:
    head = "from azureml.core import Experiment, Run, Workspace\n\nws = Workspace.from_config()\n"
    text = convert(f'{head}runs = list(Experiment(ws, "e").get_runs())\n{call}\n').text
    assert "map(lambda run: ml_client.jobs.begin_cancel(run.name).result(), runs)" in text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print(run.status)", True),
        ("print(f'state: {run.get_status()}')", True),
        ("print('state: ' + run.get_status())", False),
        ("assert run.status == 'Completed'", False),
    ],
)
def test_a_state_that_is_shown_reads_otherwise(code: str, told: bool) -> None:
    head = "from azureml.core import Experiment, Workspace\n\nws = Workspace.from_config()\n"
    found = convert(f"{head}run = Experiment(ws, 'e').submit(config)\n{code}\n")
    assert any("JobStatus.COMPLETED" in finding.message for finding in found.findings) is told


@pytest.mark.parametrize(("below", "ended"), [('run.register_model("m", "m.pkl")\n', True), ("", False)])
def test_an_interactive_run_takes_the_place_of_the_run_outside_of_a_job(below: str, ended: bool) -> None:
    """MLflow starts no run while another is active, and ends that where it has started it."""
    text = convert(
        f"""\
from azureml.core import Experiment, Run, Workspace

run = Run.get_context()
if run.id.startswith("OfflineRun"):
    ws = Workspace.from_config()
    run = Experiment(ws, "wine").start_logging()
run.log("rows", 3)
{below}"""
    ).text
    assert ("os.environ:\n    mlflow.end_run()\n    ml_client = MLClient.from_config(" in text) is ended
    assert ("mlflow.end_run()" in text) is ended and "    run = mlflow.start_run()\n" in text


@pytest.mark.parametrize("turned", [False, True])
def test_a_run_that_is_looked_up_where_the_code_has_none_is_one_of_mlflow_like_its_parent(turned: bool) -> None:
    offline = '    ws = Workspace.from_config()\n    above = Run(Experiment(ws, "e"), "some-id")\n'
    job = "    ws = run.experiment.workspace\n    above = run.parent\n"
    first, second = (job, offline) if turned else (offline, job)
    code = (
        "from azureml.core import Experiment, Run, Workspace\n\nrun = Run.get_context()\n"
        f'if {"not " if turned else ""}run.id.startswith("OfflineRun"):\n{first}else:\n{second}'
        'print(above.id)\nabove.tag("a", "b")\n'
    )
    text = convert(code).text
    assert '    above = mlflow.get_run("some-id")\n' in text and "jobs.get(" not in text
    assert "print(above.info.run_id)" in text and "set_tag(above.info.run_id," in text
