"""The samples of SDK v2, run as a user runs them."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "v2"


@pytest.fixture(scope="module")
def amlbridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    command = Command(tmp_path_factory.mktemp("samples"))
    command.environment["AMLBRIDGE_PREWARM"] = "1"
    # Nothing of ours is left beside the samples.
    command.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    yield command
    command("down", code=None)


def test_credit_default(amlbridge: Command) -> None:
    pipeline = str(_SAMPLES / "credit_default" / "pipeline.py")
    first = amlbridge("run", pipeline, "--rows", "2000").stdout
    assert "data asset sample-credit-card version initial" in first
    assert "component sample_credit_default_prepare version 1" in first
    assert "component sample_credit_default_train version 1" in first
    assert "registered model sample-credit-default version 1 (mlflow_model)" in first
    assert "rows to test with: 500" in first
    second = amlbridge("run", pipeline, "--learning-rate", "0.2")
    assert "registered model sample-credit-default version 2" in second.stdout
    # The preparation has not changed: the components are other versions of the same code.
    assert [line.split()[1:5:3] for line in second.stderr.splitlines() if line.startswith("prepare ")] == [
        ["Completed", "yes"]
    ]


def test_image_classification(amlbridge: Command) -> None:
    done = amlbridge("run", str(_SAMPLES / "image_classification" / "pipeline.py")).stdout
    assert "360 predictions in named-outputs/predictions/predict_result.csv" in done
    assert set((amlbridge.folder / "named-outputs/predictions/predict_result.csv").read_text().split()) == set(
        "0123456789"
    )


def test_automl(amlbridge: Command) -> None:
    done = amlbridge("run", str(_SAMPLES / "automl" / "search.py"), "--trials", "2").stdout
    accuracy = next(line for line in done.splitlines() if line.startswith("best trial ")).split()[-1]
    assert float(accuracy) > 0.9
    assert "registered model wine-cultivar version 1" in done
    assert "alcohol of three wines: [1" in done


def test_endpoints(amlbridge: Command) -> None:
    batch = amlbridge("run", str(_SAMPLES / "batch_endpoint" / "deploy.py")).stdout
    assert ": 56 predictions" in batch, "four of the sixty wines have gaps"
    assert ": 56 of 56 wines are not told" in batch, "the threshold of the REST call reaches the step"
    assert "jobs of the endpoint: 2" in batch
    predicted = list(csv.DictReader((amlbridge.folder / "named-outputs/predictions/wines.csv").open()))
    assert {row["class"] for row in predicted} == {"0", "1", "2"}
    online = amlbridge("run", str(_SAMPLES / "online_endpoint" / "deploy.py")).stdout
    assert "predictions through the SDK: [0, 1, 2]" in online
    assert "predictions over HTTP: [0, 1, 2]" in online
    assert "loaded irises.joblib" in online, "what the scoring script prints is in the deployment's log"
    assert "endpoints left: []" in online


def test_sweep(amlbridge: Command) -> None:
    out = amlbridge("run", str(_SAMPLES / "sweep" / "sweep.py")).stdout
    best = next(line for line in out.splitlines() if line.startswith("best _"))
    assert float(best.split()[-1]) > 0.48
    assert sum("{'alpha'" in line for line in out.splitlines() if line[:1] in "* ") == 3
    assert "downloaded ['model.pkl']" in out


def test_distributed(amlbridge: Command) -> None:
    out = amlbridge("run", str(_SAMPLES / "distributed" / "pipeline.py")).stdout
    found = next(line for line in out.splitlines() if line.startswith("add {"))
    metrics = ast.literal_eval(found.removeprefix("add "))
    assert metrics["processes"] == 4
    assert abs(metrics["pi"] - 3.1416) < 0.05


def test_data_transfer(amlbridge: Command) -> None:
    out = amlbridge("run", str(_SAMPLES / "data_transfer" / "pipeline.py")).stdout
    assert "kept: ['setosa.csv', 'versicolor.csv', 'virginica.csv']" in out


def test_parallel(amlbridge: Command) -> None:
    done = amlbridge("run", str(_SAMPLES / "parallel" / "pipeline.py"), "--files", "12").stdout
    assert "days: 12 rows, the first: day000.txt " in done
    assert "shops: 60 rows, the first: north 0 " in done
