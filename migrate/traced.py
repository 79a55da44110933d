"""What a traced run knows of a pipeline that the text of its module does not tell.

The command traces the script (``amlbridge migrate --trace``), which this package cannot, and hands on what the pipeline
is in SDK v2. In the text that is converted then, the pipeline has a mark in place of its list of steps.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.uses import Use
    from amlbridge.migrate.registry import Outcome
    from amlbridge.migrate.rewriter import Rewriter


def placeholder(what: str) -> str:
    """The name that stands in the code of a pipeline for one that is settled when the module is converted."""
    return f"AMLBRIDGE_{what}_"


@dataclass(frozen=True)
class TracedData:
    """Data that the pipeline reads. ``name``: a parameter of its function if ``parameter``, else what stands for the
    variable that the code reads it from. ``asset``: the registered asset whose latest version it is; "" where ``path``
    tells it."""

    name: str
    type: str
    path: str
    asset: str = ""
    parameter: bool = False


@dataclass(frozen=True)
class TracedPipeline:
    """A pipeline as code. ``code``: the statements that load its components and define its function, with placeholders
    for ``decorator`` and ``function``; ``imports``: what they need, as (module, name); ``names``: the placeholders of
    the variables that they set beside the function -> what these should be called; ``files``: path relative to the
    folder of the module -> text; ``steps``: how many; ``compute``: that of the whole pipeline, or ""; ``line``: the
    traced script with its arguments; ``attention``: what a person should check."""

    code: str
    imports: tuple[tuple[str, str], ...]
    names: Mapping[str, str]
    data: tuple[TracedData, ...]
    files: Mapping[str, str]
    steps: int
    compute: str
    line: str
    attention: tuple[str, ...] = field(default=())

    @property
    def review(self) -> str:
        """What the finding of the pipeline says."""
        made = f"the steps ({self.steps}) and their values are those that `{self.line}` has submitted"
        return "; ".join([f"traced: {made}", *(text.rstrip(".") for text in self.attention)])


def mark(number: int) -> str:
    """What stands in place of the steps of a pipeline that is taken from a trace."""
    return f"amlbridge traced {number}"


def of_call(steps: ast.expr, to: Rewriter) -> TracedPipeline | None:
    """The traced pipeline whose mark stands where the steps of a pipeline were, or None."""
    return to.options.traced.get(str(steps.value)) if isinstance(steps, ast.Constant) else None


def convert(use: Use, traced: TracedPipeline, to: Rewriter) -> Outcome:
    """The function of a pipeline that is taken from a trace."""
    from amlbridge.migrate.models.code.objects import Objects
    from amlbridge.migrate.registry import Replace, Statements

    variable = Objects.of(to).variable(use.node)
    name = variable.id if variable is not None else to.fresh("pipeline_function")
    new = {placeholder("function"): name, placeholder("decorator"): _decorator(use, traced, to)}
    new |= {held: to.fresh(wanted) for held, wanted in traced.names.items()}
    new |= {wanted: to.need(module, wanted) for module, wanted in traced.imports}
    read = [item for item in traced.data if item.asset and not item.parameter]
    lines = [f"{new[item.name]} = {_asset(item, use.node, to)}" for item in read]
    code = "\n".join([*lines, _renamed(traced.code, new)])
    for path, text in traced.files.items():
        to.create(path, text)
    to.memory["pipeline", use.node] = []
    to.memory["traced", use.node] = traced
    if variable is not None:
        return Statements(code, traced.review)
    to.before(use.statement, code)
    return Replace(name, traced.review)


def _decorator(use: Use, traced: TracedPipeline, to: Rewriter) -> str:
    description = use.argument("description")
    keywords = [f"description={to.source(description)}"] if description is not None else []
    keywords += [f'default_compute="{traced.compute}"'] if traced.compute else []
    return f"@{to.need('azure.ai.ml', 'dsl')}.pipeline({', '.join(keywords)})"


def _renamed(code: str, new: Mapping[str, str]) -> str:
    changed = {old: name for old, name in new.items() if old != name}
    if not changed:
        return code
    words = re.compile(rf"(?<![\w.\"'])({'|'.join(map(re.escape, changed))})(?![\w\"'])")
    return words.sub(lambda found: changed[found[1]], code)


def _asset(item: TracedData, at: ast.AST, to: Rewriter) -> str:
    return f'{to.client(at)}.data.get("{item.asset}", label="latest")'


def given(origin: object, at: ast.AST, to: Rewriter) -> dict[str, str]:
    """What a submission gives the data parameters of a traced pipeline, by their names; ``origin``: what made it."""
    traced = to.memory.get(("traced", origin))
    if not isinstance(traced, TracedPipeline):
        return {}
    make = to.need("azure.ai.ml", "Input") if any(item.parameter for item in traced.data) else ""
    found = {}
    for item in traced.data:
        if item.parameter:
            path = f"{_asset(item, at, to)}.id" if item.asset else f'"{item.path}"'
            found[item.name] = f'{make}(type="{item.type}", path={path})'
    return found
