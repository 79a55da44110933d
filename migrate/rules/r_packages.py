"""R in environments: ``RSection`` and ``RCranPackage`` -> packages of conda-forge (``r-base``, ``r-name``).

An environment whose image has R itself (``user_managed``) needs none. Steps that run a script of R are commands:
``Rscript script.R``.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "r-packages",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment
from azureml.core.environment import RCranPackage, RSection

env = Environment("r")
env.r = RSection()
env.r.r_version = "4.1"
package = RCranPackage()
package.name = "optparse"
env.r.cran_packages = [package]
""",
            """\
from azure.ai.ml.entities import Environment

env = Environment(
    name="r",
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file={
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.10",
            "r-base=4.1",
            "r-optparse",
            "pip",
            {"pip": ["mlflow", "azureml-mlflow"]},
        ],
    },
)
""",
        ),
    ],
)

_LEFT = "name the packages of R in the conda packages of the environment (r-base, r-name), or make an image with R"


@rule.converts("RSection")
def section(use: Use, to: Rewriter) -> Outcome:
    """The section goes with the environment that it is assigned to."""
    return Statements("") if use.statement in to.removed else Leave(_LEFT, Status.NO_EQUIVALENT)


@rule.converts("RCranPackage")
def package(use: Use, to: Rewriter) -> Outcome:
    """A package goes where an environment has it."""
    scopes = to.evaluator.scopes
    members = {member.statement for member in Objects.of(to).members(use.node)}
    readers = {scopes.statement_of(name) for name in Objects.of(to).names(use.node)} - members
    for other in [other for other in to.uses if other.symbol == "RSection.cran_packages="]:
        taker = other.receiver_value.origin if other.receiver_value is not None else None
        made = to.use_of(taker) if other.statement in readers and taker is not None else None
        if made is not None:
            to.outcome(made)  # which removes the statements that it takes in
    taken = bool(readers) and all(reader in to.removed for reader in readers)
    return Statements("") if taken else Leave(_LEFT, Status.NO_EQUIVALENT)


@rule.converts("RCranPackage.name=", "RCranPackage.version=", "RCranPackage.repository=")
def member(use: Use, to: Rewriter) -> Outcome:
    """What is said of a package goes with it."""
    made = to.maker(use.receiver)
    if made is None:
        return Leave(_LEFT, Status.NO_EQUIVALENT)
    return to.left_with(use, made) if isinstance(to.outcome(made), Leave) else Statements("")
