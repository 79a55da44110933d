"""Explainers come from open packages; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_noop, convert


@pytest.mark.parametrize(
    ("v1", "module"),
    [
        ("azureml.explain.model.shap", "interpret_community.shap"),
        ("azureml.contrib.explain.model.shap.kernel_explainer", "interpret_community.shap"),
    ],
)
def test_what_an_explainer_gives_is_asked_as_before(v1: str, module: str) -> None:
    found = convert(
        f"from {v1} import KernelExplainer\n\nexplainer = KernelExplainer(model, data, **more)\n"
        "local = explainer.explain_local(data[:5], evaluation=1)\nprint(local.get_ranked_local_names())\n"
    )
    assert found.text == (
        f"from {module} import KernelExplainer\n\nexplainer = KernelExplainer(model, data, **more)\n"
        "local = explainer.explain_local(data[:5], evaluation=1)\nprint(local.get_ranked_local_names())\n"
    )
    assert any("interpret-community" in finding.message for finding in found.findings)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_open_packages_stay() -> None:
    assert not check_noop(
        "from interpret.ext.blackbox import TabularExplainer\n\nTabularExplainer(m, x).explain_global(x)\n"
    )
