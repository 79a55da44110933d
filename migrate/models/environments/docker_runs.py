"""What a DockerConfiguration says of a run: its shared memory, and arguments of Docker."""

from __future__ import annotations

import ast
import re
import shlex

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.rewriter import Rewriter


def shared_memory(node: ast.expr, to: Rewriter) -> str:
    """Code of the shared memory that a DockerConfiguration asks for, "" when it asks for none."""
    made = _made(node, to)
    asked = made.argument("shm_size", position=3) if made is not None and made.call is not None else None
    return memory_of(asked, to) if asked is not None else ""


def memory_of(node: ast.expr, to: Rewriter) -> str:
    """Code of a size of memory: Docker and SDK v1 take "48gb", SDK v2 "48g"."""
    text = to.evaluator.text(node)
    whole = re.fullmatch(r"\s*(\d+)\s*([bkmg])b?\s*", text.lower()) if text is not None else None
    if is_none(node):
        return ""
    return f'"{whole[1]}{whole[2]}"' if whole is not None else to.source(node)


def docker_arguments(node: ast.expr, to: Rewriter) -> str:
    """Code of the arguments of Docker that a DockerConfiguration gives, "" when it gives none."""
    made = _made(node, to)
    given = made.argument("arguments", position=2) if made is not None and made.call is not None else None
    return joined_arguments(given, to) if given is not None else ""


def joined_arguments(given: ast.expr, to: Rewriter) -> str:
    """Code of one text of a list of arguments, as ``docker_args`` has them; "" for none."""
    if is_none(given):
        return ""
    words = list_elements(given, to)
    texts = [to.evaluator.text(word) for word in words]
    if any(text is None for text in texts):
        return f'" ".join({to.source(given)})'
    return repr(shlex.join(text for text in texts if text is not None))


def _made(node: ast.expr, to: Rewriter) -> Use | None:
    value = to.evaluator.value(node)
    origin = value.origin if isinstance(value, Instance) else None
    return next((use for use in to.uses if use.node is origin), None)
