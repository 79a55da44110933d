"""A Plan, written as files of SDK v2 and read by the real client, is the same Plan."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from amlbridge.compare.plans import compare_plans
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules
from amlbridge.engine.plan import Environment, Plan
from amlbridge.migrate.signatures.check import check_generated
from amlbridge.trace import pipeline_python
from amlbridge.trace.build import build
from amlbridge.trace.captured import Captured
from amlbridge.trace.write import Writer
from amlbridge.v2 import job
from tests.trace.plans import SOURCES, plans
from tests.v2.jobs.fake_assets import FakeAssets


class Files(FakeAssets):
    """Assets that are files: environments by their content, code by what is in it."""

    def __init__(self, components: dict[str, Any], environments: dict[str, Any]) -> None:
        super().__init__(**components)
        self.environments = environments

    def environment(self, reference: str, spot: str) -> Environment:
        found = self.environments[reference]
        return Environment(conda=found.get("conda_file"), image=found.get("image"))

    def code(self, reference: str, spot: str) -> str:
        return (Path(reference) / "train.py").read_text()[7:71]

    def files(self, digest: str) -> Collection[str]:
        return ("train.py",)


def read_back(path: Path) -> Plan:
    """The Plan of a pipeline.yml, as the client sends it."""
    from azure.ai.ml import load_job

    loaded: Any = load_job(path)
    components, environments = {}, {}
    for name, node in loaded.jobs.items():
        spec = node.component._to_rest_object().properties.component_spec
        environments[name] = spec["environment"]
        components[name] = {**spec, "environment": name}
        node._component = name
    properties = loaded._to_rest_object().properties
    return job.lower(properties.as_dict(), Files(components, environments)).plan


def differences(left: Plan, right: Plan) -> list[str]:
    report = compare_plans(left, right, Rules())
    return [
        f"{step} {check.subject}: {check.reason} {check.differences}"
        for step, check in report.checks()
        if check.verdict is not Verdict.SAME
    ]


@pytest.mark.slow
@given(plans())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_yaml_is_the_same_plan(plan: Plan) -> None:
    with tempfile.TemporaryDirectory() as place:
        written = Writer(Path(place), "script.py").write(Captured("my pipeline", "pipeline", plan), SOURCES)
        found = read_back(written.folder / "pipeline.yml")
    assert differences(plan, found) == []


@given(plans())
@settings(max_examples=50, deadline=None)
def test_the_python_uses_only_what_sdk_v2_has(plan: Plan) -> None:
    text = pipeline_python.text(build(Captured("my pipeline", "pipeline", plan, "night"), SOURCES))
    assert check_generated(text) == []


@given(plans())
@settings(max_examples=40, deadline=None)
def test_the_python_is_in_the_form_of_black(plan: Plan) -> None:
    black = pytest.importorskip("black")
    text = pipeline_python.text(build(Captured("my pipeline", "pipeline", plan, "night"), SOURCES))
    assert black.format_str(text, mode=black.Mode()) == text
