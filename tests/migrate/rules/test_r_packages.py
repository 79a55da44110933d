"""R in environments and steps: what becomes conda packages and commands, and what stays."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment, RunConfiguration, Workspace
from azureml.core.environment import RCranPackage, RSection
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import RScriptStep

ws = Workspace.from_config()
"""
STEPS = """\
out = PipelineData("out")
one = RScriptStep(
    "one.R", name="one", arguments=["--out", out], outputs=[out], compute_target="cpu", runconfig=rc,
    custom_docker_image=None,
)
two = RScriptStep("two.R", name="two", arguments=["--in", out], inputs=[out], compute_target="cpu", runconfig=rc)
pipeline = Pipeline(ws, [one, two])
"""


def test_steps_of_an_image_that_has_r() -> None:
    found = convert(
        f"""{HEAD}rc = RunConfiguration()
rc.framework = "R"
rc.environment.r = RSection()
rc.environment.r.user_managed = True
rc.environment.docker.base_image = "mine/r:1"
{STEPS}"""
    )
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    assert 'rc = Environment(image="mine/r:1")' in found.text and "r-base" not in found.text
    assert 'command="Rscript one.R --out ${{outputs.out}}"' in found.text
    assert 'command="Rscript two.R --in ${{inputs.in_}}"' in found.text
    assert "two = two_component(in_=one.outputs.out)" in found.text


def test_packages_of_cran_with_their_versions() -> None:
    found = convert(
        f"""{HEAD}package = RCranPackage()
package.name = "Rcpp"
package.version = "1.0"
env = Environment("r")
env.r = RSection()
env.r.r_version = VERSION
env.r.cran_packages = [package]
"""
    )
    assert 'f"r-base={VERSION}"' in found.text
    assert '"r-rcpp=1.0"' in found.text and "RCranPackage" not in found.text


@pytest.mark.parametrize(
    "change",
    [
        'env.r.github_packages = ["a/b"]',
        "env.r.cran_packages = packages()",
        'env.python.conda_dependencies = CondaDependencies("conda.yml")',
    ],
)
def test_what_no_conda_package_is_known_for_stays(change: str) -> None:
    found = convert(
        f"""{HEAD}from azureml.core.conda_dependencies import CondaDependencies
env = Environment("r")
env.r = RSection()
{change}
"""
    )
    assert 'env = Environment("r")' in found.text and "env.r = RSection()" in found.text
    assert any(finding.status is Status.MANUAL and "R" in finding.message for finding in found.findings)


@pytest.mark.parametrize("given", ['cran_packages=["optparse"]', 'runconfig=rc, custom_docker_image="i"', ""])
def test_a_step_that_has_its_r_from_elsewhere_stays(given: str) -> None:
    found = convert(
        f"""{HEAD}rc = RunConfiguration()
step = RScriptStep("a.R", compute_target="cpu", {given})
pipeline = Pipeline(ws, [step])
"""
    )
    assert "RScriptStep(" in found.text and "Pipeline(ws" in found.text
