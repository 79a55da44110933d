"""The run that a script is in: kept, dropped or left, and the ways to ask whether there is one."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

HEAD = "from azureml.core.run import Run, _OfflineRun, _SubmittedRun\nrun = Run.get_context()\n"


@pytest.mark.parametrize(
    ("test", "job"),
    [
        ("type(run) == _OfflineRun", False),
        ("type(run) != _OfflineRun", True),
        ("type(run) is not _OfflineRun", True),
        ("isinstance(run, _OfflineRun)", False),
        ("isinstance(run, _SubmittedRun)", True),
        ("type(run) is not _SubmittedRun", False),
        ("not isinstance(run, _OfflineRun)", True),
        ("not isinstance(run, _SubmittedRun)", False),
        ("run.id.startswith('OfflineRun')", False),
        ("run.id.startswith('OfflineRun_')", False),
        ("'OfflineRun' in run.id", False),
        ("'OfflineRun' not in run.id", True),
        ("hasattr(run, 'experiment')", True),
        ("run.__class__.__name__ == '_OfflineRun'", False),
        ("type(run).__name__ != '_OfflineRun'", True),
    ],
)
def test_whether_the_script_is_in_a_job(test: str, job: bool) -> None:
    after = f'"AZUREML_RUN_ID" {"in" if job else "not in"} os.environ'
    check_transformed(HEAD + f"if {test}:\n    print(1)\n", f"import os\nif {after}:\n    print(1)\n")


def test_other_comparisons_stay() -> None:
    found = convert(HEAD + "if run.id.startswith('HD_') or run.id == other:\n    print(1)\n")
    assert "run.info.run_id.startswith('HD_') or run.info.run_id == other" in found.text


def test_the_conditional_expression_of_scripts_that_also_run_offline() -> None:
    found = convert(
        "from azureml.core import Workspace\n"
        + HEAD
        + "ws = Workspace.from_config() if type(run) == _OfflineRun else run.experiment.workspace\nprint(ws.name)\n"
    )
    assert "azureml" not in found.text
    assert 'if "AZUREML_RUN_ID" not in os.environ' in found.text
    assert "print(ml_client.workspace_name)" in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}


def test_a_run_that_nothing_needs_goes_from_functions_too() -> None:
    check_transformed(
        "from azureml.core import Run\n\ndef main():\n    run = Run.get_context()\n    run.complete()\n",
        "\ndef main():\n    pass\n",
    )


def test_a_run_that_unknown_code_takes_stays_v1_and_logging_is_converted() -> None:
    found = convert(
        "from azureml.core import Run\nfrom azureml.interpret import MimicWrapper\n\nrun = Run.get_context()\n"
        'client = MimicWrapper(run=run)\nrun.log("a", 1)\nprint(run.id)\n'
    )
    assert "run = Run.get_context()" in found.text and "MimicWrapper(run=run)" in found.text
    assert 'mlflow.log_metric("a", 1)' in found.text
    assert "print((mlflow.active_run() or mlflow.start_run()).info.run_id)" in found.text


def test_inline_use() -> None:
    check_transformed(
        'from azureml.core import Run\nRun.get_context().log("a", 1)\nname = Run.get_context().id\n',
        'import mlflow\nmlflow.log_metric("a", 1)\nname = (mlflow.active_run() or mlflow.start_run()).info.run_id\n',
    )


def test_offline_runs_that_were_refused_are_for_review() -> None:
    found = convert("from azureml.core import Run\nrun = Run.get_context(allow_offline=False)\nprint(run.id)\n")
    assert [finding.status for finding in found.findings] == [Status.REVIEW, Status.CONVERTED]


def test_an_annotated_run_of_a_run_script_is_the_run_that_the_script_is_in() -> None:
    check_transformed(
        """\
        from azureml.core import Run

        def train(run: Run):
            run.log("a", 1)
            print(run.id)

        train(Run.get_context())
        """,
        """\
        import mlflow

        def train(run: mlflow.ActiveRun):
            mlflow.log_metric("a", 1)
            print(run.info.run_id)

        train((mlflow.active_run() or mlflow.start_run()))
        """,
    )


def test_children_of_the_parent_are_jobs() -> None:
    text = convert(
        "from azureml.core import Run\n\nrun = Run.get_context()\n"
        "steps = [c for c in run.parent.get_children() if c.get_tags()]\nprint(steps[0].id)\n"
    ).text
    assert "azureml.core" not in text and "print(steps[0].name)" in text
    assert 'ml_client.jobs.list(parent_job_name=run.data.tags["mlflow.parentRunId"])' in " ".join(
        text.replace("(\n", "(").replace("\n    )", ")").split()
    ).replace("( ", "(")


def test_children_of_a_loop_over_enumerate_are_logged_to() -> None:
    code = 'for number, child in enumerate(run.create_children(tag_key="fold", tag_values=FOLDS)):\n'
    found = convert(
        "from azureml.core import Run\n\nrun = Run.get_context()\n"
        + code
        + '    child.log("score", number)\n    child.tag("a", "b")\n    child.fail()\n'
    )
    assert '"fold": value' in found.text and "azureml.core" not in found.text
    assert 'mlflow.log_metric("score", number, run_id=child.info.run_id)' in found.text
    assert 'MlflowClient().set_tag(child.info.run_id, "a", "b")' in found.text
    assert 'MlflowClient().set_terminated(child.info.run_id, "FAILED")' in found.text


def test_what_is_logged_to_a_run_that_stays_v1_stays_as_well() -> None:
    code = "from azureml.core import Run\n\nrun = Run.get_context()\nchild = run.create_children(**HOW)[0]\n"
    found = convert(code + 'child.log("score", 1)\nrun.log("folds", 1)\n')
    assert 'child.log("score", 1)' in found.text and 'mlflow.log_metric("folds", 1)' in found.text


def test_the_logger_from_before_the_sdk_is_the_run() -> None:
    check_transformed(
        """\
        from azureml.logging import get_azureml_logger

        run_logger = get_azureml_logger()
        rate = 0.5
        run_logger.log("rate", rate)
        """,
        """\
        import mlflow

        rate = 0.5
        mlflow.log_metric("rate", rate)
        """,
    )


@pytest.mark.parametrize(
    ("tried", "asked"),
    [
        ("run = Run.get_context(allow_offline=False)", True),
        ("run = Run.get_context(allow_offline=False)\n        name = run.id", True),
        ("run = Run.get_context(allow_offline=False)\n        return run.experiment.workspace", False),
        ("run = Run.get_context()", False),
    ],
)
def test_code_that_tries_to_be_in_a_job_is_told_when_it_is_not(tried: str, asked: bool) -> None:
    """``allow_offline=False`` raised outside of a job: what handles that has to be reached as before."""
    text = convert(
        f"""\
from azureml.core import Run, Workspace


def connect():
    try:
        {tried}
    except Exception:
        return Workspace.from_config()
    return run.experiment.workspace
"""
    ).text
    assert ('    try:\n        os.environ["AZUREML_RUN_ID"]\n' in text) is asked
    assert "azureml.core" not in text
