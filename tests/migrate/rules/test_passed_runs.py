"""Runs that functions and objects get: the one that the code is in, submitted ones, or both."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert


def test_a_function_that_gets_both_names_the_run_and_a_job_is_handed_over_as_one_of_mlflow() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, Workspace

        def show(run: Run):
            run.log("shown", 1)
            print(run.id)

        ws = Workspace.from_config()
        run = Experiment(ws, "a").submit(config)
        show(run)
        show(Run.get_context())
        """
    ).text
    assert "def show(run: mlflow.entities.Run):" in text
    assert 'mlflow.log_metric("shown", 1, run_id=run.info.run_id)' in text
    assert "print(run.info.run_id)" in text
    assert "show(mlflow.get_run(run.name))" in text
    assert "show((mlflow.active_run() or mlflow.start_run()))" in text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('run.log("a", 1)', "mlflow.ActiveRun"),
        ('print(hasattr(run, "experiment"))', "mlflow.ActiveRun"),
        ("run = run or Run.get_context()", "mlflow.ActiveRun"),
        ("run.wait_for_completion()", "Job"),
        ("print(run.id, run.get_status())", "Job"),
    ],
)
def test_what_a_function_does_with_a_run_tells_which_one_it_is(body: str, kind: str) -> None:
    text = convert(f"from azureml.core import Run\n\ndef use(run: Run):\n    {body}\n").text
    assert f"def use(run: {kind}):" in text


def test_the_run_of_an_object_may_be_its_own_a_new_one_or_a_job() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, Workspace

        class Trainer:
            def __init__(self, ws: Workspace, name, run: Run = None):
                self._ws = ws
                self._run = run
                self._experiment = Experiment(ws, name)

            @classmethod
            def create(cls, ws: Workspace):
                return cls(ws, "a", Run.get_context())

            def start(self) -> Run:
                self._run.complete()
                self._run = self._experiment.start_logging()
                self._run.log("a", 1)
                return self._run

            def submit(self, job):
                self._run = self._experiment.submit(job)
                print(self._run.get_portal_url())
        """
    ).text
    assert "def __init__(self, ws: MLClient, name, run: mlflow.ActiveRun = None):" in text
    assert "def start(self) -> mlflow.entities.Run:\n        mlflow.end_run()" in text
    assert "mlflow.set_experiment(self._experiment)\n        self._run = mlflow.start_run()" in text
    assert 'mlflow.log_metric("a", 1, run_id=self._run.info.run_id)' in text
    assert "self._run = mlflow.get_run(\n            self._ws.jobs.create_or_update(" in text
    assert "experiment_name=self._experiment).name\n        )" in text
    assert "print(self._ws.jobs.get(self._run.info.run_id).studio_url)" in text


def test_a_function_gives_the_run_that_it_is_in_or_a_job() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, Workspace

        def find(ws: Workspace, name) -> Run:
            if name is None:
                return Run.get_context()
            return Experiment(ws, name).submit(config)

        def tell(ws: Workspace):
            print(find(ws, "a").id)
        """
    ).text
    assert "def find(ws: MLClient, name) -> mlflow.entities.Run:" in text
    assert "mlflow.get_run(ws.jobs.create_or_update(config, experiment_name=name).name)" in text
    assert 'print(find(ws, "a").info.run_id)' in text


def test_what_only_a_runs_own_code_does_is_done_with_mlflow() -> None:
    conversion = convert(
        """\
        from azureml.core import Run

        class Logger:
            def __init__(self, run: Run):
                self.run = run

            def end(self):
                with self.run.child_run("last") as child:
                    child.log("a", 1)
                self.run.flush()
                self.run.complete()
        """
    )
    assert 'with mlflow.start_run(run_name="last", nested=True) as child:' in conversion.text
    assert "        mlflow.end_run()\n" in conversion.text
    assert "flush" not in conversion.text and "complete" not in conversion.text
    assert {finding.status for finding in conversion.findings} == {Status.CONVERTED, Status.REVIEW}


def test_the_end_of_a_submitted_run_is_that_of_its_script() -> None:
    conversion = convert(
        """\
        from azureml.core import Experiment, Workspace

        ws = Workspace.from_config()
        run = Experiment(ws, "a").submit(config)
        run.flush()
        run.complete()
        """
    )
    assert conversion.text.endswith('create_or_update(config, experiment_name="a")\n')
    assert [f.symbol for f in conversion.findings if "when its script does" in f.message] == ["Run.complete"]


def test_runs_of_which_one_stays_v1_stay_together() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, Workspace

        class Holder:
            def __init__(self, ws: Workspace):
                self.run = Experiment(ws, "a").submit(config)

            def again(self, ws: Workspace):
                self.run = Run.get(ws, "b")
                self.run.some_method_that_nobody_knows(1)
        """
    ).text
    assert 'self.run = Experiment(ws, "a").submit(config)' in text or "Run.get(" in text


def test_a_branch_that_stays_v1_keeps_the_other() -> None:
    text = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.compute import AksCompute, ComputeTarget
        from azureml.core.compute_target import ComputeTargetException
        from azureml.core.model import Model

        ws = Workspace.from_config()
        try:
            target = ComputeTarget(ws, "aks")
        except ComputeTargetException:
            target = ComputeTarget.create(ws, "aks", AksCompute.provisioning_configuration())
        service = Model.deploy(ws, "s", [], unknown, deployment_target=target)
        """
    ).text
    assert "deployment_target=target" not in text or 'target = ComputeTarget(ws, "aks")' in text


def test_a_submit_that_stays_v1_gives_the_run_of_mlflow_to_an_object_that_is_v2() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, ScriptRunConfig, Workspace

        class Trainer:
            def __init__(self, ws: Workspace, run: Run = None):
                self._ws = ws
                self._run = run or Run.get_context()
                self._experiment = Experiment(ws, "a")

            def submit(self, words):
                self._run = self._experiment.submit(ScriptRunConfig(".", "a.py", arguments=words, bad=1))

            def end(self):
                self._run.complete()
                for old in self._experiment.get_runs():
                    print(old.get_metrics())
        """
    ).text
    assert "mlflow.end_run()" in text and "old.name" in text
    submit = text.partition("def submit")[2].partition("def end")[0]
    if "ScriptRunConfig" in submit:
        assert "mlflow.get_run(" in submit and ".id" in submit


def test_a_class_that_makes_itself_gets_what_its_constructor_takes() -> None:
    text = convert(
        """\
        from azureml.core import Run, Workspace

        class Trainer:
            def __init__(self, ws: Workspace, run: Run):
                self._ws = ws
                ws.nobody_knows_this()

            @classmethod
            def create(cls):
                run = Run.get_context()
                return cls(run.experiment.workspace, run)
        """
    ).text
    passed = "".join(text.partition("return cls(")[2].split())
    assert passed.startswith("run.experiment.workspace,(mlflow.active_run()ormlflow.start_run())")


def test_a_block_of_which_nothing_is_left_is_a_block_still() -> None:
    text = convert(
        """\
        from azureml.core import Run

        run = Run.get_context()
        def show(really):
            if really:
                from azureml.widgets import RunDetails
                run.flush()
            run.log("a", 1)
        """
    ).text
    assert "    if really:\n        pass\n" in text


def test_mlflow_is_told_the_workspace_below_the_client_of_an_object() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Workspace

        class Trainer:
            def __init__(self, ws: Workspace, name):
                self._ws = ws
                self._ws.nobody_knows_this()
                self._experiment = Experiment(ws, name)

            def tell(self):
                print("metrics")
                for run in self._experiment.get_runs():
                    print(run.get_metrics())
        """
    ).text
    told = text.index("mlflow.set_tracking_uri")
    assert text.index("ml_client = MLClient(") < told < text.index("mlflow.search_runs")
    assert text.count("set_tracking_uri(") == 1


def test_children_are_selected_by_tags_and_status() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Workspace

        ws = Workspace.from_config()
        run = Experiment(ws, "a").submit(config)
        for child in run.get_children(tags="fold", status="Completed"):
            print(child.id, child.number)
        print(list(run.get_children(properties={"a": "b"})))
        """
    ).text
    words = " ".join(text.split())
    jobs = "job for job in ml_client.jobs.list(parent_job_name=run.name)"
    assert f'{jobs} if "fold" in job.tags and job.status == "Completed"' in words
    assert "print(child.name, child.name)" in words
    assert f'{jobs} if {{"a": "b"}}.items() <= job.tags.items()' in words


def test_a_run_that_stands_in_for_the_one_not_given() -> None:
    text = convert(
        """\
        from azureml.core import Experiment, Run, Workspace

        CONTEXT = Run.get_context()

        def name(run: Run = None):
            run = run or CONTEXT
            return run.id

        ws = Workspace.from_config()
        print(name(Experiment(ws, "a").submit(config)))
        """
    ).text
    assert "def name(run: mlflow.entities.Run = None):" in text
    assert "return run.info.run_id" in text
    assert "mlflow.get_run(" in text.partition("print(")[2]


def test_a_run_that_is_looked_up_and_passed_is_logged_to() -> None:
    code = """\
from azureml.core import Run, Workspace

def finish(run: Run):
    run.upload_file("outputs/a.json", "a.json")
    run.log("done", 1)

finish(Workspace.from_config().get_run("id"))
"""
    text = convert(code).text
    assert 'mlflow.log_artifact("a.json", "outputs", run_id=run.name)' in text
    assert 'mlflow.log_metric("done", 1, run_id=run.name)' in text
