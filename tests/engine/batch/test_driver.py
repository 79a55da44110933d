"""The driver of model deployments, as its step starts it: order, failures, workers that hang or die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.batch import driver

SCRIPT = """
import os, sys, time
def init():
    open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/init", "a").write("i")
def run(mini_batch):
    found = []
    for path in mini_batch:
        word, name = open(path).read(), os.path.basename(path)
        if word == "slow":
            time.sleep(0.3)
        if word == "hang":
            time.sleep(60)
        if word == "die":
            os._exit(9)
        if word == "raise":
            raise ValueError("bad " + name)
        if word != "skip":
            found.append(name)
    return found
"""


@pytest.fixture
def step(tmp_path: Path) -> Any:
    """Runs the driver on files of these contents; returns the finished process and the output's folder."""

    def run(contents: list[str], script: str = SCRIPT, **changes: Any) -> tuple[subprocess.CompletedProcess[str], Path]:
        code, data, output = (tmp_path / name for name in ("code", "data", "output"))
        code.mkdir()
        (data / "deep").mkdir(parents=True)
        (code / "score.py").write_text(textwrap.dedent(script))
        (code / "driver.py").write_bytes(Path(driver.__file__).read_bytes())
        for number, content in enumerate(contents):
            (data / ("deep" if number % 2 else "") / f"{number:02}").write_text(content)
        settings = {
            "script": "score.py",
            "miniBatchSize": 1,
            "workers": 3,
            "errorThreshold": -1,
            "maxRetries": 0,
            "timeout": 20.0,
            "outputAction": "AppendRow",
            "outputFileName": "predictions.csv",
            **changes,
        }
        env = {**os.environ, driver.SETTINGS: json.dumps(settings)}
        command = [sys.executable, "driver.py", str(output), str(data)]
        done = subprocess.run(command, cwd=code, env=env, capture_output=True, text=True, timeout=60, check=False)
        return done, output

    return run


def rows(output: Path) -> list[str]:
    return (output / "predictions.csv").read_text().split()


def test_results_are_in_the_order_of_the_files_whoever_is_first(step: Any) -> None:
    done, output = step(["slow", "x", "slow", "x", "x", "x", "slow"])
    assert done.returncode == 0, done.stderr
    # Files by their paths: those of the folder come last.
    assert rows(output) == ["00", "02", "04", "06", "01", "03", "05"]
    assert "scored 7 of 7 files, 0 failed" in done.stdout
    assert (output / "init").read_text() == "iii"


def test_what_fails_is_told_and_the_rest_is_scored(step: Any) -> None:
    done, output = step(["x", "raise", "skip", "die", "x"], maxRetries=1)
    assert done.returncode == 0, done.stderr
    assert rows(output) == ["00", "04"]
    assert "scored 2 of 5 files, 3 failed" in done.stdout
    assert done.stderr.count("ValueError: bad 01") == 2
    assert done.stderr.count("the process of the scoring script ended with exit code 9") == 2


def test_a_worker_that_hangs_is_replaced(step: Any) -> None:
    done, output = step(["hang", "x", "x"], workers=1, timeout=1.0, maxRetries=1)
    assert done.returncode == 0, done.stderr
    assert rows(output) == ["02", "01"]
    assert done.stderr.count("run() took more than 1 s") == 2
    assert (output / "init").read_text() == "iii"


@pytest.mark.parametrize(("threshold", "code"), [(0, 1), (1, 1), (2, 0), (-1, 0)])
def test_too_many_failures_end_the_job(step: Any, threshold: int, code: int) -> None:
    done, _ = step(["x", "raise", "raise"], errorThreshold=threshold, workers=1)
    assert done.returncode == code
    if code:
        assert f"more than error_threshold ({threshold}) allows" in done.stderr


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("def init():\n    raise OSError('no model')\ndef run(files):\n    return []\n", "OSError: no model"),
        ("def init():\n    pass\n", "has no function run()"),
        ("import os\ndef init():\n    os._exit(3)\ndef run(files):\n    return []\n", "in init() with exit code 3"),
    ],
)
def test_a_script_that_cannot_be_loaded_fails_the_job(step: Any, script: str, problem: str) -> None:
    done, output = step(["x", "x"], script)
    assert done.returncode == 1
    assert problem in done.stderr
    assert not (output / "predictions.csv").exists()


def test_a_wrong_result_is_a_failure_and_no_files_are_one_too(step: Any) -> None:
    done, _ = step(["x"], "def init():\n    pass\ndef run(files):\n    return 'x'\n", errorThreshold=0)
    assert done.returncode == 1
    assert "run() must return a DataFrame or a list, not str" in done.stderr


def test_an_empty_input_fails_the_job(step: Any) -> None:
    done, _ = step([])
    assert (done.returncode, done.stderr.strip()) == (1, "there are no files in the input")


def test_only_a_summary_writes_no_rows(step: Any) -> None:
    done, output = step(["x", "x"], outputAction="SummaryOnly")
    assert done.returncode == 0
    assert sorted(path.name for path in output.iterdir()) == ["init"]
