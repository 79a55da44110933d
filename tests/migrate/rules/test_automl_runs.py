"""Runs of AutoML: trials are runs of MLflow."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
from azureml.train.automl.run import AutoMLRun
ws = Workspace.from_config()
run = AutoMLRun(Experiment(ws, "e"), run_id="AutoML_1")
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("_, model = run.get_output()", 'model = mlflow.sklearn.load_model(f"runs:/{best_run.info.run_id}/outputs/'),
        ("best, _ = run.get_output()", "best = mlflow.get_run("),
        ("best, m = run.get_output(iteration=3)", 'best = mlflow.get_run(f"{run.name}_{3}")'),
        ("pair = run.get_output()", "pair = (\n    best_run,"),
        ("best = run.get_output()[0]", "\nbest = mlflow.get_run(mlflow.get_run(run.name).data.tags["),
        ("model = run.get_output()[1]", 'model = mlflow.sklearn.load_model(f"runs:/{best_run.info.run_id}/outputs/'),
        ("for t in run.get_children():\n    print(t.id)", "print(t.info.run_id)"),
        ("b = run.get_best_child()\nprint(b.properties['x'])", "print(b.data.tags["),
        ("b = run.get_best_child()\nb.download_file('outputs/m.pkl', 'm.pkl')", "run_id=b.info.run_id,"),
        (
            "b = run.get_best_child()\nb.register_model('n', 'outputs/model.pkl')",
            'f"azureml://jobs/{b.info.run_id}/outputs/artifacts/paths/outputs/model.pkl"',
        ),
        (
            "b = run.get_best_child()\nb.register_model('m.pkl', tags={})",
            "{b.info.run_id}/outputs/artifacts/paths/m.pkl",
        ),
        ("b = run.get_best_child()\nb.upload_file('outputs/e.pkl', 'e.pkl')", "run_id=b.info.run_id)"),
        ("b, _ = run.get_output()\nb.upload_file('outputs/e.pkl', 'e.pkl')", "run_id=b.info.run_id)"),
        (
            "b = run.get_best_child()\nprint(b.experiment.name)",
            "print(mlflow.get_experiment(b.info.experiment_id).name)",
        ),
        ("m = run.register_model(model_name='n')", "type=AssetTypes.MLFLOW_MODEL"),
        (
            "b = run.get_best_child()\ne = b.get_environment()",
            'run_id=b.info.run_id, artifact_path="outputs/conda_env_v_1_0_0.yml"',
        ),
    ],
)
def test_reads(before: str, after: str) -> None:
    found = convert(f"{HEAD}{before}\n")
    assert after in found.text
    assert not check_generated(found.text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize(
    "line",
    [
        "run.get_guardrails()",
        "run.pause()",
        "b = run.get_best_child(metric=chosen())",
        "run.register_model(model_name='m', metric=chosen())",
    ],
)
def test_what_stays(line: str) -> None:
    found = convert(f"{HEAD}{line}\n")
    member = line.partition("run.")[2].partition("(")[0]
    assert f"AutoMLRun(ws.experiments[run.experiment_name], run.name).{member}(" in found.text
    assert {Status.MANUAL, Status.NO_EQUIVALENT} & {finding.status for finding in found.findings}


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("b = run.get_best_child(metric='accuracy')", '"metrics.accuracy DESC"'),
        ("b, m = run.get_output(metric='log_loss')", '"metrics.log_loss ASC"'),
        ("name = 'mean_absolute_error'\nb, _ = run.get_output(metric=name)", 'f"metrics.{name} ASC"'),
        ("run.register_model(model_name='m', metric='AUC_weighted')", '"metrics.AUC_weighted DESC"'),
    ],
)
def test_the_best_trial_by_another_metric(line: str, order: str) -> None:
    found = convert(f"{HEAD}{line}\n")
    assert f"order_by=[{order}]" in found.text and not check_generated(found.text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_the_model_of_a_trial_in_another_format() -> None:
    found = convert(f"{HEAD}b, m = run.get_output(return_onnx_model=True)\nc, n = run.get_output(metric=None)\n").text
    assert "m = onnx.load(" in found and 'artifact_path="outputs/model.onnx"' in found
    assert "n = mlflow.sklearn.load_model(" in found and "order_by" not in found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("model = run.register_model(model_name='churn')", "model.name"),
        ("run.register_model(model_name='churn')", '"churn"'),
        ("run.register_model(description='d')", "run.name"),
    ],
)
def test_the_name_of_the_registered_model(line: str, name: str) -> None:
    found = convert(f"{HEAD}{line}\nprint(run.model_id)\n")
    assert f"print({name})" in found.text.replace("'", '"') and not check_generated(found.text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_the_name_of_no_model_is_left() -> None:
    found = convert(f"{HEAD}print(run.model_id)\n")
    assert any(finding.status is Status.NO_EQUIVALENT for finding in found.findings)


def test_the_model_of_another_trial_is_its_pickle_file() -> None:
    found = convert(f"{HEAD}b, m = run.get_output(iteration=3)\nrun.register_model(model_name='x', iteration=3)\n").text
    assert "m = joblib.load(" in found and found.count("outputs/model.pkl") == 2
    assert "mlflow-model" not in found and "AssetTypes.CUSTOM_MODEL" in found


def test_a_model_that_a_scoring_script_loads_is_the_pickle_file_of_the_best_trial() -> None:
    """As SDK v1 registers it: the scoring script that AutoML writes looks for ``model.pkl``."""
    found = convert(
        f"{HEAD}from azureml.core.model import InferenceConfig\n"
        "run.register_model(model_name='x')\n"
        "config = InferenceConfig(entry_script='score.py', environment=env)\n"
    ).text
    assert 'artifacts/outputs/model.pkl"' in found and "AssetTypes.CUSTOM_MODEL" in found


def test_a_model_of_onnx_is_saved_by_its_package() -> None:
    head = "from azureml.automl.runtime.onnx_convert import OnnxConverter\n"
    found = convert(
        f"{HEAD}{head}b, m = run.get_output(return_onnx_model=True)\nOnnxConverter.save_onnx_model(m, 'm.onnx')\n"
    )
    assert 'onnx.save(m, "m.onnx")' in found.text.replace("'", '"') and "azureml.automl" not in found.text
