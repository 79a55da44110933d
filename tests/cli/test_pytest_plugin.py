"""The pytest plugin, in runs of pytest of their own."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from amlbridge.engine import plan_json
from amlbridge.engine.plan import Parameter
from tests.compare.test_plans import PLAN, changed, node
from tests.support.command import Command

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Command:
    """A project with the Plans of a pipeline, of one that is the same and of two that are not."""
    command = Command(tmp_path)
    command.write("old.json", plan_json.dumps(PLAN))
    command.write("new.json", plan_json.dumps(dataclasses.replace(PLAN, nodes=PLAN.nodes[::-1])))
    parameters = (Parameter("rate", "string", "0.2"),)
    command.write("changed.json", plan_json.dumps(dataclasses.replace(PLAN, parameters=parameters)))
    command.write("variable.json", plan_json.dumps(changed("2", variables={**node("2").variables, "SEED": "1"})))
    return command


def _pytest(folder: Command, tests: str, *arguments: str) -> str:
    folder.write("test_parity.py", tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", *arguments]
    done = subprocess.run(
        command, cwd=folder.folder, env=folder.environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_plans_of_both_sides(folder: Command) -> None:
    out = _pytest(
        folder,
        """
        import pytest

        @pytest.mark.amlbridge_parity(v1="old.json", v2="new.json")
        def test_same():
            pass

        @pytest.mark.amlbridge_parity(v1="old.json", v2="new.json", report="parity.html")
        def test_asks_for_more(parity):
            assert [step.name for step in parity.steps if step.name == "train"] == ["train"]

        @pytest.mark.amlbridge_parity(v1="old.json", v2="changed.json")
        def test_default():
            raise AssertionError("the body does not run")

        @pytest.mark.amlbridge_parity(v1="old.json", v2="variable.json")
        class TestOfAClass:
            def test_variable(self):
                pass

        @pytest.mark.amlbridge_parity(v1="old.json", v2="changed.json", ignore="pipeline/*/*rate: it is meant so")
        def test_ignored():
            pass
        """,
    )
    assert "3 passed, 2 failed" in out or "2 failed, 3 passed" in out, out
    assert "(pipeline): different" in out and "graph · default of parameter rate: different: not the same" in out
    assert "train: different" in out and "environment variable SEED" in out and "    : 0 | 1" in out
    assert "the body does not run" not in out.partition("FAILURES")[2].replace('raise AssertionError("', "")
    assert "Traceback" not in out
    assert (folder.folder / "parity.html").read_text().count("<svg") == 2


def test_wrong_use_fails_with_the_reason(folder: Command) -> None:
    out = _pytest(
        folder,
        """
        import pytest

        @pytest.mark.amlbridge_parity(v1="old.json")
        def test_one():
            pass

        @pytest.mark.amlbridge_parity(v1="old.json", v2="new.json", row_order="any", speed=3)
        def test_two():
            pass

        @pytest.mark.amlbridge_parity(v1="old.json", v2="missing.py")
        def test_three():
            pass

        @pytest.mark.amlbridge_parity(v1="old.json", v2="new.json", baseline=2)
        def test_four():
            pass

        def test_five(parity):
            pass
        """,
    )
    assert "5 errors" in out, out
    for told in (
        "v2 is missing",
        "there is no argument speed; row_order='any'",
        "there is no missing.py",
        "Plans have no noise",
        "the fixture parity needs @pytest.mark.amlbridge_parity",
    ):
        assert told in out
    assert "Traceback" not in out


def test_the_marker_is_listed_and_costs_others_nothing(folder: Command) -> None:
    assert "@pytest.mark.amlbridge_parity(v1, v2" in _pytest(folder, "", "--markers")
    out = _pytest(
        folder,
        """
        import sys

        def test_nothing_is_imported():
            assert not [name for name in sys.modules if name.startswith(("amlbridge.engine", "amlbridge.compare"))]
        """,
    )
    assert "1 passed" in out, out
