"""Estimators: a script, its environment and its distribution in one object."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.paths import path_inside
from amlbridge.migrate.models.environments.conda import Conda, entries
from amlbridge.migrate.models.environments.environment import GPU_IMAGE, IMAGE, REGISTRY, Parts, assigned
from amlbridge.migrate.models.environments.script_packages import ScriptPackages
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.jobs.settings import Settings

#: Class of an estimator -> the packages that its image had.
_FRAMEWORKS = {
    "SKLearn": ['"scikit-learn"'],
    "PyTorch": ['"torch"', '"torchvision"'],
    "TensorFlow": ['"tensorflow"'],
    "Chainer": ['"chainer"'],
}
_VERSIONED = {"SKLearn": "scikit-learn", "PyTorch": "torch", "TensorFlow": "tensorflow", "Chainer": "chainer"}


def environment_of(use: Use, to: Rewriter) -> str:
    """The code of an estimator's environment."""
    given = use.passed("environment_definition")
    if given is not None:
        return to.source(given)
    file = use.argument("conda_dependencies_file", "conda_dependencies_file_path")
    image = use.passed("custom_docker_image", "custom_docker_base_image")
    parts = Parts(image=to.source(image) if image is not None else _image(use, to))
    managed = [use.argument("user_managed"), *set_inside(use, "user_managed_dependencies", to)]
    if image is not None and any(_is_true(node, to) for node in managed):
        return parts.code(to)  # the packages are those of the image
    if file is not None:
        parts.conda_code = path_inside(file, use.argument("source_directory", position=0), to)
        return parts.code(to)
    conda = Conda(scripts=ScriptPackages.of(to))
    requirements = use.passed("pip_requirements_file", "pip_requirements_file_path")
    if requirements is not None:
        inside = path_inside(requirements, use.argument("source_directory", position=0), to)
        conda.file = f"open({inside}).read().splitlines()"
    conda.conda = entries(use.argument("conda_packages"), to)
    conda.pip = [*_framework(use, to), *entries(use.argument("pip_packages"), to)]
    parts.conda = conda
    return parts.code(to)


def _image(use: Use, to: Rewriter) -> str:
    """The base image that an estimator had: one with CUDA for ``use_gpu=True``; "" for the default."""
    gpu = use.passed("use_gpu")
    if gpu is None or is_false(gpu):
        return ""
    return GPU_IMAGE if isinstance(gpu, ast.Constant) else f"({GPU_IMAGE} if {to.source(gpu)} else {IMAGE})"


#: Arguments that say which packages an estimator has, so that it adds none of its own versions.
_SAYS = (
    *("environment_definition", "conda_dependencies_file", "conda_dependencies_file_path", "framework_version"),
    *("custom_docker_image", "custom_docker_base_image", "user_managed"),
)


def reviews_of(use: Use) -> list[str]:
    """What is to be checked of an estimator."""
    found = []
    framework = _VERSIONED.get(use.symbol)
    if framework is not None and all(use.passed(name) is None for name in _SAYS):
        found.append(f"SDK v1 chose the version of {framework}, an old one: say which one the script wants")
    target = use.passed("compute_target")  # "amlcompute" is no cluster of that name: it is one for the run alone
    own = target is None or (isinstance(target, ast.Constant) and target.value == "amlcompute")
    if use.passed("vm_size") is not None and own:
        found.append("SDK v1 made a cluster of this size for the run: make it, and name it as the compute")
    if use.passed("image_registry_details") is not None:
        found.append(REGISTRY)
    if use.passed("resume_from") is not None:
        found.append("the outputs that the script went on with (--resume-from) have to be an input of the job")
    return found


def distribute(settings: Settings, use: Use, to: Rewriter) -> None:
    """How many nodes an estimator runs on, how they are connected, and the variables that it sets."""
    nodes = use.argument("node_count")
    if nodes is not None and not (isinstance(nodes, ast.Constant) and nodes.value == 1):
        settings.instance_count = to.source(nodes)
    training = use.passed("distributed_training", "distributed_backend")
    if training is not None:
        text = to.evaluator.text(training)
        settings.distribution = to.source(training) if text is None else _backend(text.lower(), use, to)
    variables = use.argument("environment_variables")
    if variables is not None:
        settings.variables = to.source(variables)


def _backend(name: str, use: Use, to: Rewriter) -> str:
    """The distribution of a backend that is named. Raises ValueError for one that SDK v2 has not."""
    if name == "ps":
        counts = ("worker_count", "parameter_server_count")
        given = [f"{key}={to.source(node)}" for key in counts if (node := use.argument(key)) is not None]
        return f"{to.need('azure.ai.ml', 'TensorFlowDistribution')}({', '.join(given)})"
    kinds = {"mpi": "MpiDistribution", "nccl": "PyTorchDistribution", "gloo": "PyTorchDistribution"}
    if name not in kinds:
        raise ValueError(f"the backend {name} is not known: give the command a distribution")
    processes = use.argument("process_count_per_node")
    count = to.source(processes) if processes is not None else "1"
    return f"{to.need('azure.ai.ml', kinds[name])}(process_count_per_instance={count})"


def is_of_steps(use: Use, to: Rewriter) -> bool:
    """Whether only steps take an estimator: their components have all that it says."""
    scopes = to.evaluator.scopes
    takers = ([to.use_of(node) for node in scopes.ancestors(name)] for name in Objects.of(to).names(use.node))
    return all(any(taker is not None and taker.symbol == "EstimatorStep" for taker in found) for found in takers)


def _is_true(node: ast.expr | None, to: Rewriter) -> bool:
    try:
        return to.evaluator.constant(node) is True
    except ValueError:
        return False


_INNER = ("_estimator_config", "run_config")


def set_inside(use: Use, member: str, to: Rewriter) -> list[ast.expr]:
    """What is assigned to a member of the Python section of an estimator's inner run configuration, as in
    ``estimator._estimator_config.environment.python.interpreter_path = ...``."""
    found = []
    for other in to.uses:
        if other.symbol == f"PythonSection.{member}=":
            inner = [node for node in ast.walk(other.node) if getattr(node, "attr", "") in _INNER]
            owner = to.evaluator.value(inner[0].value) if inner and isinstance(inner[0], ast.Attribute) else None
            if isinstance(owner, Instance) and owner.origin is use.node:
                found.append(assigned(other))
    return found


#: The release that SDK v1 installs for a version that has none of that number (docstring of ``TensorFlow``).
_RELEASES = {("TensorFlow", "1.13"): "1.13.1"}


def _framework(use: Use, to: Rewriter) -> list[str]:
    version = use.argument("framework_version")
    text = to.evaluator.text(version) if version is not None else None
    if text and use.symbol in _VERSIONED:
        return [f'"{_VERSIONED[use.symbol]}=={_RELEASES.get((use.symbol, text), text)}"']
    return _FRAMEWORKS.get(use.symbol, [])
