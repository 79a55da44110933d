"""The sample of a published pipeline: called from Python, curl and Java as its README says."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "v1" / "publish"
#: What the steps write: of the defaults, and of week 46 at the prices of 2026 from five pieces on.
_DEFAULT = {"products": ["apples", "pears", "plums"], "total": 3 * 1.0 + 12 * 2.0 + 1 * 3.0}
_SWITCHED = {"products": ["apples", "cherries"], "total": 20 * 1.5 + 5 * 4.5}
_EVERYTHING = {"products": ["apples", "cherries", "pears"], "total": 20 * 1.5 + 5 * 4.5 + 2 * 2.5}


class Sample:
    """The sample, published twice on a service of its own."""

    def __init__(self, folder: Path) -> None:
        self.command = Command(folder)
        self.command.environment["AMLBRIDGE_PREWARM"] = "1"
        self.published = [
            self.run("publish.py", "--release", "1.0"),
            self.run("publish.py", "--release", "2.0", "--minimum-quantity", "5"),
        ]

    def run(self, script: str, *arguments: str, code: int = 0) -> str:
        """What a script of the sample prints."""
        done = self.command("run", str(_SAMPLE / script), *arguments, code=code)
        return done.stdout + (done.stderr if code else "")

    def environment(self, **more: str) -> dict[str, str]:
        """What someone has who loaded published.env, and nothing of the service."""
        loaded = re.findall(r"^export (\w+)=(\S+)$", (self.command.folder / "published.env").read_text(), re.MULTILINE)
        kept = {name: value for name, value in self.command.environment.items() if "proxy" not in name.lower()}
        return {**kept, **dict(loaded), **more}

    @cached_property
    def token(self) -> str:
        """A good token."""
        return self.command("token").stdout.strip()

    def started(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs another program in the folder of the user."""
        return subprocess.run(
            command,
            env=self.environment(**more),
            cwd=self.command.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def runs(self) -> int:
        """How many runs there are of the release that others call."""
        environment = self.environment()
        base, _, name = environment["PIPELINE_URL"].partition("/PipelineRuns/PipelineSubmit/")
        done = self.started(
            sys.executable,
            "-c",
            "import httpx, sys; answer = httpx.get(sys.argv[1], headers={'Authorization': 'Bearer ' + sys.argv[2]}); "
            "assert answer.status_code == 200, answer.text; print(len(answer.json()))",
            f"{base}/PipelineRuns/Pipeline/{name}",
            self.token,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("publish")
    try:
        yield Sample(folder)
    finally:
        Command(folder)("down", code=None)


def _bill(output: str) -> Any:
    return ast.literal_eval(next(line for line in output.splitlines() if line.startswith("bill: "))[len("bill: ") :])


def _run_id(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith("pipeline run ")).split()[-1]


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


def test_two_releases_behind_one_endpoint(sample: Sample) -> None:
    first, second = sample.published
    ids = [re.findall(r"published pipeline (\S+) release", output)[0] for output in sample.published]
    assert f"endpoint billing version 0 (default): published pipeline {ids[0]}" in first
    assert f"endpoint billing version 0: published pipeline {ids[0]}" in second
    assert f"endpoint billing version 1 (default): published pipeline {ids[1]}" in second
    assert sample.environment()["PIPELINE_URL"].endswith(f"/PipelineRuns/PipelineSubmit/{ids[1]}")


def test_called_from_python(sample: Sample) -> None:
    assert _bill(sample.run("call.py", "--version", "0")) == _DEFAULT
    # The default version differs by the default of its parameter only.
    assert _bill(sample.run("call.py")) == {"products": ["pears"], "total": 24.0}
    switched = sample.run("call.py", "--minimum-quantity", "2", "--orders", "orders-week-46", "--prices", "2026")
    assert _bill(switched) == _EVERYTHING
    refused = sample.run("call.py", "--version", "7", code=1)
    assert "404" in refused
    assert "0, 1" in refused


@pytest.mark.parametrize("language", ["curl", "java"])
def test_called_from_other_languages(sample: Sample, language: str) -> None:
    program = _program(language)
    if language == "java":
        # Half of the time that it takes: nothing runs long enough to be worth more.
        command = (program, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", str(_SAMPLE / "Call.java"))
    else:
        command = (_program("bash"), str(_SAMPLE / "call.sh"))
    done = sample.started(*command, "5", AML_TOKEN=sample.token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "Finished"
    assert _bill(sample.run("result.py", _run_id(done.stdout))) == _SWITCHED
    # A caller is told what is wrong, and nothing starts.
    before = sample.runs()
    for arguments, variables, message in (
        (("many",), {}, "400: "),
        ((), {"ORDERS_DATASET_ID": "none"}, "400: "),
        ((), {"AML_TOKEN": "nonsense"}, "401: "),
        ((), {"PIPELINE_URL": ""}, "PIPELINE_URL"),
        ((), {"PIPELINE_URL": "http://127.0.0.1:1/PipelineRuns/PipelineSubmit/x"}, "connect"),
    ):
        done = sample.started(*command, *arguments, **{"AML_TOKEN": sample.token, **variables})
        assert done.returncode == 1, (arguments, variables, done.stdout)
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert "pipeline run" not in done.stdout
    assert sample.runs() == before


def test_a_failed_run_is_told(sample: Sample) -> None:
    """The orders as prices: the second step fails."""
    curl = (_program("bash"), str(_SAMPLE / "call.sh"))
    _program("curl")
    done = sample.started(*curl, AML_TOKEN=sample.token, PRICES_PATH="billing/orders")
    assert done.returncode == 1
    assert "Failed: " in done.stderr


def test_curl_gets_its_token_from_the_command(sample: Sample) -> None:
    _program("curl")
    tools = sample.command.folder / "tools"
    tools.mkdir()
    (tools / "amlbridge").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m amlbridge.cli.main "$@"\n')
    (tools / "amlbridge").chmod(0o755)
    done = sample.started(
        _program("bash"), str(_SAMPLE / "call.sh"), PATH=f"{tools}{os.pathsep}{sample.command.environment['PATH']}"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Finished\n")


def test_plain_curl_without_a_token_reads_why(sample: Sample) -> None:
    program, url = _program("curl"), sample.environment()["PIPELINE_URL"]
    before = sample.runs()
    body = ("--data", json.dumps({"ExperimentName": "billing"}))
    for more in ((), ("--header", "Authorization: Bearer nonsense"), ("--user", "someone:secret")):
        done = sample.started(program, "--silent", "--write-out", "\n%{http_code} %{content_type}", *more, *body, url)
        answer, _, head = done.stdout.rpartition("\n")
        assert head.startswith("401 application/json")
        error = json.loads(answer)["error"]
        assert error["details"] == []
        assert "token" in error["message"]
    # curl names a form as the type of its data unless told otherwise: with a token, that is no obstacle.
    authorization = ("--header", f"Authorization: Bearer {sample.token}")
    assert sample.runs() == before
    done = sample.started(program, "--silent", *authorization, *body, url)
    assert _bill(sample.run("result.py", json.loads(done.stdout)["Id"]))["products"] == ["pears"]


def test_a_schedule(sample: Sample) -> None:
    created = sample.run("schedule.py", "create")
    assert "billing-nightly Active, last run: none yet" in created
    assert "billing-nightly Active" in sample.run("schedule.py", "list")
    disabled = sample.run("schedule.py", "disable")
    assert f"disabled {re.findall(r'created (.+)', created)[0]}" in disabled
    assert "billing-nightly Disabled" in disabled


def test_the_source_for_csharp_sends_what_the_others_send(sample: Sample) -> None:
    """Without a compiler we can at least hold its names against those of the script that is run."""
    source, script = (_SAMPLE / "Call.cs").read_text(), (_SAMPLE / "call.sh").read_text()
    names = set(re.findall(r'"(\w+)":', script)) | set(re.findall(r"\b(\w+_(?:URL|ID|PATH|DATASTORE|TOKEN))\b", script))
    assert {name for name in names if name not in source} == set()
