"""Explanations of models become files of the run."""

from __future__ import annotations

from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

SCRIPT = """\
from azureml.core import Run
from azureml.interpret import ExplanationClient
run = Run.get_context()
client = ExplanationClient.from_run(run)
"""
SUBMITS = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.interpret import ExplanationClient
from azureml.train.automl import AutoMLConfig
ws = Workspace.from_config()
run = Experiment(ws, "e").submit(ScriptRunConfig(".", "t.py", compute_target="c"))
"""


def converted(text: str) -> tuple[str, list[Finding]]:
    """The converted text, and what is left."""
    found = convert(f"{text}\n")
    assert not check_generated(found.text)
    left = [finding for finding in found.findings if finding.status in (Status.MANUAL, Status.NO_EQUIVALENT)]
    return found.text.replace("'", '"'), left


def test_each_explanation_of_a_script_has_its_folder() -> None:
    found, left = converted(
        f"{SCRIPT}client.upload_model_explanation(a)\nclient.upload_model_explanation(b, comment='b')"
    )
    assert not left and "azureml.interpret" not in found
    assert 'save_explanation(a, "explanation", exist_ok=True)' in found
    assert 'mlflow.log_artifacts("explanation_2", "explanation_2")' in found


def test_a_comment_chooses_among_explanations() -> None:
    uploads = "client.upload_model_explanation(a, comment='a')\nclient.upload_model_explanation(b, comment='b')\n"
    found, left = converted(f"{SCRIPT}{uploads}one = client.download_model_explanation(comment='a')\n")
    assert (
        not left and 'artifact_path="explanation"' in found and "active_run() or" in found and "run.info" not in found
    )
    found, _left = converted(f"{SCRIPT}{uploads}last = client.download_model_explanation()\n")
    assert 'artifact_path="explanation_2"' in found


def test_what_is_not_kept_is_said() -> None:
    findings = convert(f"{SCRIPT}client.upload_model_explanation(a, model_id=m, true_ys=y)\n").findings
    assert any("without model_id, true_ys" in finding.message for finding in findings)


def test_the_explanation_of_a_job_is_downloaded() -> None:
    lines = "client = ExplanationClient.from_run(run)\nfound = client.download_model_explanation(top_k=4)"
    found, left = converted(SUBMITS + lines)
    assert not left and 'run_id=run.name, artifact_path="explanation"' in found
    found, left = converted(
        f"{SUBMITS}found = ExplanationClient.from_run_id(ws, 'e', run.id).download_model_explanation()"
    )
    assert not left and "run_id=run.name" in found


def test_explanations_with_comments_are_listed_by_their_folders() -> None:
    uploads = "client.upload_model_explanation(a, comment='a')\nclient.upload_model_explanation(b, comment='b')\n"
    found, left = converted(
        f"{SCRIPT}{uploads}for item in client.list_model_explanations():\n"
        "    print(client.download_model_explanation(explanation_id=item['id']))"
    )
    assert not left and 'mlflow.log_text("b", "explanation_2/comment.txt")' in found
    assert "for item in explanations:" in found and 'artifact_path=item["id"]' in found
    _found, left = converted(f"{SCRIPT}{uploads}client.upload_model_explanation(c)\nclient.list_model_explanations()")
    assert any("list them with mlflow.artifacts" in finding.message for finding in left)


def test_explanations_by_id_and_those_of_automl_are_left() -> None:
    _found, left = converted(f"{SCRIPT}client.download_model_explanation(explanation_id=x)")
    assert {finding.symbol.rsplit(".", 1)[1] for finding in left} >= {"from_run", "download_model_explanation"}
    found, left = converted(
        f"{SUBMITS}search = Experiment(ws, 'e').submit(AutoMLConfig("
        "task='regression', training_data=Dataset.get_by_name(ws, 'd'), label_column_name='y', compute_target='c'))\n"
        "print(ExplanationClient.from_run(search.get_best_child()).download_model_explanation())"
    )
    assert any("studio only" in finding.message for finding in left) and "ExplanationClient" in found


def test_a_client_of_an_unknown_run_is_left() -> None:
    _found, left = converted(
        "from azureml.interpret import ExplanationClient\n"
        "def explain(given, e):\n    ExplanationClient.from_run(given).upload_model_explanation(e)"
    )
    assert len(left) == 2


def test_the_id_of_the_own_run_needs_no_variable() -> None:
    asked = 'ExplanationClient.from_run_id(workspace=ws, experiment_name="e", run_id=run.id)'
    text, left = converted(
        f"{SCRIPT}client.upload_model_explanation(explanation)\nclient = {asked}\n"
        "explanation = client.download_model_explanation()"
    )
    assert not left
    assert "azureml" not in text.replace("azureml-", "") and "run = " not in text
    assert "run_id=(mlflow.active_run() or mlflow.start_run()).info.run_id" in text
