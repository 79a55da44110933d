"""Settings of environments that code reads or changes where the environment is made elsewhere.

Handlers of the rule ``environments``, beside those of what makes an environment.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.environments.environment import Parts, assigned
from amlbridge.migrate.registry import Leave, Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.environments import code_of_environment, rule

_INSTALLS = "the Dockerfile has to install the packages of a conda file: SDK v2 adds these to an image only"
#: Settings that environments of SDK v2 have not, and that nothing needs.
_GONE = frozenset(
    {f"DockerSection.{name}" for name in ("shared_volumes", "base_image_registry", "gpu_support", "shm_size")}
    | {f"DockerSection.{name}" for name in ("arguments", "enabled")}
    | {f"PythonSection.{name}" for name in ("user_managed_dependencies", "interpreter_path", "base_conda_environment")}
    | {"SparkSection.packages", "SparkSection.repositories", "SparkSection.precache_packages"}
)
_NO_SETTING = "an environment of SDK v2 has no such setting: it always is an image, with the packages of a conda file"


@rule.converts("DockerSection.base_dockerfile=")
def set_dockerfile(use: Use, to: Rewriter) -> Outcome:
    """An assignment to an environment that was made elsewhere, or in a branch."""
    value, environment = assigned(use), code_of_environment(use, to)
    if isinstance(value, ast.Constant) and value.value is None:
        return Statements(f"{environment}.build = None")
    parts = Parts()
    parts.dockerfile(value, to, at_run_time=True)
    made = f"{environment}.image = None\n{environment}.build = {parts.build}"
    return Statements("\n".join(filter(None, [parts.before, made])), together([*parts.reviews, _INSTALLS]))


@rule.converts("DockerSection.shm_size=")
def set_memory(use: Use, to: Rewriter) -> Outcome:
    """What runs in the environment says how much memory its processes share."""
    memory = to.source(assigned(use))
    return Statements("", f"give what runs in this environment its shared memory: command(shm_size={memory})")


@rule.converts(*sorted(_GONE))
def read_setting(use: Use, to: Rewriter) -> Outcome:
    """A setting that is only shown, as notebooks do, is shown no more; Docker is always enabled."""
    if use.is_statement:
        return Statements("", _NO_SETTING)
    if use.symbol == "DockerSection.enabled":
        return Replace("True")
    if use.symbol == "DockerSection.arguments" and _is_extended(use, to):
        return Statements("", "give what runs in this environment its arguments of Docker: command(docker_args=...)")
    if use.symbol == "PythonSection.user_managed_dependencies":
        return Replace(f"({code_of_environment(use, to)}.conda_file is None)")
    return Leave(_NO_SETTING)


def _is_extended(use: Use, to: Rewriter) -> bool:
    """Whether a statement only adds to a list: ``environment.docker.arguments.extend([...])``."""
    method = to.evaluator.scopes.parents.get(use.node)
    call = use.statement.value if isinstance(use.statement, ast.Expr) else None
    is_method = isinstance(method, ast.Attribute) and method.attr in ("append", "extend")
    return is_method and isinstance(call, ast.Call) and call.func is method


@rule.converts("CondaDependencies.conda_channels", "CondaDependencies.pip_options")
def read_list(use: Use, to: Rewriter) -> Outcome:
    """The parts of the dict."""
    assert use.receiver is not None
    conda = to.source(use.receiver)
    if use.symbol.endswith("conda_channels"):
        return Replace(f'{conda}["channels"]')
    lines = f'for part in {conda}["dependencies"] if isinstance(part, dict) for line in part["pip"]'
    return Replace(f'[line {lines} if line.startswith("-")]')


@rule.converts("CondaDependencies.get_python_version")
def read_python(use: Use, to: Rewriter) -> Outcome:
    """The version that the dict asks for, None where it names none."""
    assert use.receiver is not None
    parts = f'part in {to.source(use.receiver)}["dependencies"] if str(part).startswith("python=")'
    return Replace(f'next((part.removeprefix("python=") for {parts}), None)')
