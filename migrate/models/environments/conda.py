"""CondaDependencies become a dict, as in a conda YAML file."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.models.environments.package_lists import is_added_to, rename_listed
from amlbridge.migrate.models.environments.script_packages import ScriptPackages
from amlbridge.migrate.requirements import converted
from amlbridge.migrate.rewriter import Rewriter

#: The version that v2 images run best with; v1's own default (3.8) has no support any more.
PYTHON = '"python=3.10"'
#: Where the environments of a module may be those of services.
_SERVING = ("InferenceConfig", "Model.deploy", "ContainerImage.image_configuration")
TENSORFLOW = ("add_tensorflow_conda_package", "add_tensorflow_pip_package")


@dataclass
class Conda:
    """The parts of conda dependencies, as code. ``pip`` entries are literal requirement lines or code."""

    conda: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    python: str = ""
    #: Whether the packages of a variable have a version of Python among them.
    brings_python: bool = False
    base: str = ""
    #: Code of the lines of a requirements file.
    file: str = ""
    #: Packages of SDK v1 that the code still needs.
    kept: frozenset[str] = frozenset()
    #: What the scripts that run with it import in SDK v2.
    scripts: tuple[str, ...] = ()

    def add(self, use: Use, to: Rewriter) -> None:
        """Adds what a method of CondaDependencies adds. Raises ValueError for one that cannot be written as a part."""
        self.kept |= needed(to)
        member = use.symbol.rsplit(".", 1)[1]
        if member in TENSORFLOW:
            (self.pip if "pip" in member else self.conda).append(tensorflow(use, to))
            return
        value = next(iter(use.arguments().values()), None)
        if value is None:
            raise ValueError(f"{member} needs an argument")
        if member == "add_pip_package":
            self.pip.append(_entry(value, to))
        elif member == "add_conda_package":
            self.conda.append(to.source(value))
        elif member == "add_channel":
            self.channels.append(to.source(value))
        elif member == "set_pip_requirements":  # in place of all that were there
            self.pip, self.file = entries(value, to), ""
        elif member == "set_python_version":
            self.python = python(value, to)
        elif member in ("set_pip_option", "set_pip_index_url"):  # "--index-url https://...": both take an option
            self.pip.append(to.source(value))
        else:
            raise ValueError(f"{member} of conda dependencies cannot be converted")

    def pip_lines(self) -> list[str]:
        """Code of the packages of pip, with those of SDK v2 for those of SDK v1."""
        literal = [ast.literal_eval(line) for line in self.pip if _is_literal(line)]
        new = [repr(line) for line in converted([*literal, *self.scripts], kept=self.kept)]
        return [*new, *(line for line in self.pip if not _is_literal(line))]

    def pip_added(self) -> list[str]:
        """The same where packages are there already: without those that any environment gets."""
        given = {repr(line) for line in converted([], kept=self.kept)}
        return [line for line in self.pip_lines() if line not in given]

    def code(self) -> str:
        """The dict."""
        if self.base:
            return self.base
        named = self.brings_python or any(name.strip("\"'").startswith("python=") for name in self.conda)
        python = [] if named else [self.python or PYTHON]
        lines = self.pip_lines()
        if self.file:
            literal = [line for line in self.pip if _is_literal(line)]
            mine = literal + [line for line in lines if not _is_literal(line)]
            pip = f"[*{self.file}, {', '.join(mine)}]" if mine else self.file
        else:
            pip = f"[{', '.join(lines)}]"
        own = any(re.match(r"['\"]pip\b", package) for package in self.conda)
        packages = [*python, *self.conda, *([] if own else ['"pip"']), f'{{"pip": {pip}}}']
        channels = dict.fromkeys(['"conda-forge"', *self.channels])  # SDK v1 adds to it
        return f'{{"channels": [{", ".join(channels)}], "dependencies": [{", ".join(packages)}]}}'


def of_creation(use: Use, to: Rewriter) -> Conda:
    """``CondaDependencies.create(...)``, ``CondaDependencies()`` or ``CondaDependencies(path)``."""
    conda = Conda(kept=needed(to), scripts=ScriptPackages.of(to))
    if use.symbol != "CondaDependencies.create":
        path = use.passed("conda_dependencies_file_path", position=0)
        if path is not None:
            conda.base = to.source(path)
        else:
            conda.pip = _served(to)
        return conda
    packages = use.argument("pip_packages", position=1)
    conda.pip = entries(packages, to) if packages is not None else _served(to)
    from_conda = use.argument("conda_packages", position=2)
    conda.conda = entries(from_conda, to)
    conda.brings_python = _has_python(from_conda, to)
    conda.pip += entries(use.argument("pip_indexurl", "pip_index_url"), to)
    version = use.argument("python_version")
    if version is not None:
        conda.python = python(version, to)
    return conda


def needed(to: Rewriter) -> frozenset[str]:
    """The packages of SDK v1 that a service needs for what the code gives it: pickled explainers for scoring."""
    pickled = any(use.module.startswith("azureml.interpret.scoring") for use in to.uses)
    return frozenset({"azureml-interpret"}) if pickled else frozenset()


def default(to: Rewriter) -> Conda:
    """What an environment has of which nothing is said."""
    return Conda(pip=_served(to), scripts=ScriptPackages.of(to))


def _served(to: Rewriter) -> list[str]:
    """What azureml-defaults, which SDK v1 adds where no package of pip is named, has for a service."""
    serving = any(use.symbol.startswith(_SERVING) for use in to.uses)
    return [repr("azureml-inference-server-http")] if serving else []


def tensorflow(use: Use, to: Rewriter) -> str:
    """The package that ``add_tensorflow_...`` adds: one for CPU and GPU, as TensorFlow has been since 2.1."""
    version = use.passed("version", position=1)
    if version is None:
        return '"tensorflow"'
    return _joined("tensorflow==" if "pip" in use.symbol else "tensorflow=", version, to)


def entries(node: ast.expr | None, to: Rewriter) -> list[str]:
    """A list of packages as code of its elements; what is not literal is spread."""
    if node is None or is_none(node):
        return []
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_entry(element, to) for element in node.elts]
    value = to.evaluator.value(node)
    inner = value.node if isinstance(value, Code) and value.evaluator is to.evaluator else None
    if isinstance(node, ast.Name) and isinstance(inner, (ast.List, ast.Tuple)) and not is_added_to(node, to):
        texts = [element.value for element in inner.elts if isinstance(element, ast.Constant)]
        if len(texts) == len(inner.elts) and any("azureml" in str(text) for text in texts):
            # The list itself stays as it is; what is taken from it is for v2.
            return [to.lines.source(element) for element in inner.elts]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*entries(node.left, to), *entries(node.right, to)]
    if isinstance(node, ast.Name):
        rename_listed(node, to, needed(to))
    return [f"*{to.source(node)}"]


def _has_python(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether a list in a variable names a version of Python."""
    value = to.evaluator.value(node) if isinstance(node, ast.Name) else None
    listed = value.node if isinstance(value, Code) else None
    texts = [to.evaluator.text(one) or "" for one in listed.elts] if isinstance(listed, (ast.List, ast.Tuple)) else []
    return any(text.startswith("python=") for text in texts)


def _entry(node: ast.expr, to: Rewriter) -> str:
    return to.source(node)


def python(node: ast.expr, to: Rewriter) -> str:
    """The requirement of a version of Python."""
    return _joined("python=", node, to)


def _joined(prefix: str, node: ast.expr, to: Rewriter) -> str:
    text = to.evaluator.text(node)
    return repr(prefix + text) if text is not None else f'f"{prefix}{{{to.source(node)}}}"'


def _is_literal(code: str) -> bool:
    try:
        return isinstance(ast.literal_eval(code), str)
    except (ValueError, SyntaxError):
        return False
