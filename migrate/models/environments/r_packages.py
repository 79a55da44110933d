"""R in an environment: packages of conda-forge, which has R itself (``r-base``) and most of CRAN (``r-name``).

SDK v1 installed R with conda and the packages from CRAN (azureml-core: azureml.core.environment.RSection); SDK v2 has
no section for R in an environment.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: The changes of an environment that say something of R.
SYMBOLS = ("Environment.r=", "RSection.")
_REVIEW = "R comes from conda-forge: its packages are named r-name there, and may have other versions than on CRAN"
_ELSEWHERE = "install {} of R in the image: build it from a Dockerfile (BuildContext)"


@dataclass
class RPackages:
    """What an environment has of R, as conda packages, which are code. ``managed``: whether the image has it all."""

    managed: bool = False
    base: str = '"r-base"'
    packages: list[str] = field(default_factory=list)

    def apply(self, use: Use, value: ast.expr, to: Rewriter) -> None:
        """Takes in a change. Raises ValueError for one that cannot be written as conda packages."""
        member = use.symbol.rsplit(".", 1)[1].removesuffix("=")
        if member == "r":
            made = to.use_of(value)
            if made is None or made.symbol != "RSection":
                raise ValueError("the section of R is made elsewhere: set its members on the environment itself")
        elif member == "user_managed":
            self.managed = bool(to.evaluator.constant(value))
        elif member == "r_version":
            self.base = _joined("r-base=", value, to)
        elif member == "cran_packages":
            self.packages = [_package(element, to) for element in _elements(value, to)]
        elif member not in ("snapshot_date", "rscript_path"):
            raise ValueError(_ELSEWHERE.format(member))

    def conda(self) -> list[str]:
        """The packages."""
        return [] if self.managed else [self.base, *self.packages]

    @property
    def review(self) -> str:
        """What a person should check."""
        return "" if self.managed else _REVIEW


def _elements(node: ast.expr, to: Rewriter) -> list[ast.expr]:
    inner = to.evaluator.behind(node)
    if not isinstance(inner, (ast.List, ast.Tuple)):
        raise ValueError("the packages of R are listed at run time: name them in the conda packages (r-name)")
    return inner.elts


def _package(node: ast.expr, to: Rewriter) -> str:
    """The conda package of an RCranPackage, whose name and version are assigned."""
    made = to.maker(node)
    if made is None or made.symbol != "RCranPackage":
        raise ValueError("a package of R is made elsewhere: name it in the conda packages (r-name)")
    given = {
        member.symbol.rsplit(".", 1)[1].removesuffix("="): member.statement.value
        for member in Objects.of(to).members(made.node)
        if isinstance(member.statement, ast.Assign)
    }
    name = to.evaluator.text(given.get("name"))
    version = to.evaluator.text(given.get("version"))
    if name is None or ("version" in given and version is None):
        raise ValueError("a package of R is named at run time: name it in the conda packages (r-name)")
    return f'"r-{name.lower()}{f"={version}" if version else ""}"'


def _joined(prefix: str, node: ast.expr, to: Rewriter) -> str:
    text = to.evaluator.text(node)
    return f'"{prefix}{text}"' if text is not None else f'f"{prefix}{{{to.source(node)}}}"'
