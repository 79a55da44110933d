"""What only SDK v1 has and is asked of something that nobody knows is told, and gets what it got."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import tools
from azureml.core import ScriptRunConfig, Workspace

ws = Workspace.from_config()
job = ScriptRunConfig(source_directory=".", script="train.py", compute_target="cpu")
"""
LINE = HEAD.count("\n")


@pytest.mark.parametrize(
    "given", ["tools.trial", "tools.trial(1)", "tools.held[0]", "made = tools.trial()\nmade", "args.trial"]
)
def test_an_experiment_that_nobody_knows_gets_what_it_ran(given: str) -> None:
    found = convert(f"{HEAD}{given}.submit(job)\n")
    assert ".submit(job)" in found.text and "\njob = ScriptRunConfig(" in found.text
    told = [finding for finding in found.findings if finding.line > LINE]
    assert [finding.status for finding in told] == [Status.MANUAL]
    assert "submit is of SDK v1" in told[0].message and f"# TODO(amlbridge runs): {told[0].message}\n" in found.text


@pytest.mark.parametrize(
    "code",
    [
        "made = tools.go()\nmade.wait_for_completion(show_output=True)\n",
        "for made in tools.all():\n    print(made.get_portal_url())\n",
        "made = tools.packages()\nmade.add_pip_package('a')\n",
        "made = tools.experiment()\nmade.start_logging()\n",
        "held['data'].as_named_input('a')\n",
    ],
)
def test_what_sdk_v1_alone_has_is_told_where_nobody_knows_of_what(code: str) -> None:
    found = convert(HEAD + code)
    told = [finding for finding in found.findings if "is of SDK v1" in finding.message]
    assert len(told) == 1 and told[0].status is Status.MANUAL
    last = code.splitlines()[-1]
    assert f": {told[0].message}\n{last}\n" in found.text


@pytest.mark.parametrize(
    "code",
    [
        "tools.wait_for_completion()\n",
        "class Own:\n    def wait_for_completion(self):\n        pass\n\ntools.go(Own()).wait_for_completion()\n",
        "class Own(tools.Base):\n    def go(self):\n        self.wait_for_completion()\n",
        "pool = tools.Pool()\npool.submit(print, 1)\n",
    ],
)
def test_methods_of_the_same_name_are_not(code: str) -> None:
    assert not any("is of SDK v1" in finding.message for finding in convert(HEAD + code).findings)


def test_a_module_without_sdk_v1_is_not_read_for_that() -> None:
    assert convert("import tools\n\nmade = tools.go()\nmade.wait_for_completion()\n").findings == ()
