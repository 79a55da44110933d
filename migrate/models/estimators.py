"""Estimators: a script, its environment and its distribution in one object."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.conda import Conda, entries
from amlbridge.migrate.models.environment import Parts, assigned
from amlbridge.migrate.rewriter import Rewriter

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
    given = use.argument("environment_definition")
    if given is not None and not (isinstance(given, ast.Constant) and given.value is None):
        return to.source(given)
    file = use.argument("conda_dependencies_file", "conda_dependencies_file_path")
    image = use.argument("custom_docker_image", "custom_docker_base_image")
    parts = Parts(image=to.source(image) if image is not None else "")
    managed = [use.argument("user_managed"), *set_inside(use, "user_managed_dependencies", to)]
    if image is not None and any(_is_true(node, to) for node in managed):
        return parts.code(to)  # the packages are those of the image
    if file is not None:
        parts.conda_code = to.source(file)
        return parts.code(to)
    conda = Conda()
    conda.conda = entries(use.argument("conda_packages"), to)
    conda.pip = [*_framework(use, to), *entries(use.argument("pip_packages"), to)]
    parts.conda = conda
    return parts.code(to)


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


def _framework(use: Use, to: Rewriter) -> list[str]:
    version = use.argument("framework_version")
    text = to.evaluator.text(version) if version is not None else None
    if text and use.symbol in _VERSIONED:
        return [f'"{_VERSIONED[use.symbol]}=={text}"']
    return _FRAMEWORKS.get(use.symbol, [])
