"""What to do about a symbol of SDK v1 that no rule converts: looks it up in the tables of ``ways_out``."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.symbols import BASES, REPORTED, lineage
from amlbridge.migrate.findings import Status
from amlbridge.migrate.registry import Leave, Outcome, Rule
from amlbridge.migrate.signatures.table import v1_table
from amlbridge.migrate.ways_out import automl, compute, data, environments, models, pipelines, runs, workspace
from amlbridge.migrate.ways_out.packages import PACKAGES

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.uses import Use

_TOPICS = (automl, compute, data, environments, models, pipelines, runs, workspace)
_INNER = "an inner part of SDK v1"


@cache
def ways_out() -> dict[str, str]:
    """The tables of all topics. Raises ValueError when two have the same symbol."""
    found: dict[str, str] = {}
    for topic in _TOPICS:
        twice = found.keys() & topic.WAYS_OUT.keys()
        if twice:
            raise ValueError(f"{topic.__name__} has {', '.join(sorted(twice))}, which another topic has as well")
        found |= topic.WAYS_OUT
    return found


def without_rule(symbol: str, module: str = "") -> Leave:
    """What becomes of a use of a symbol that no rule converts. ``module``: see ``way_out``."""
    owner, dot, member = symbol.removesuffix("=").removesuffix("[]").partition(".")
    name = f"{REPORTED.get(owner, owner)}{dot}{member}"
    advice = way_out(symbol, module)
    if advice is None:
        if member and "." not in member and not is_member(owner, member):
            frame = owner.endswith("Dataset")
            meant = "a data frame may be meant: to_pandas_dataframe()" if frame else "is it a slip of the pen?"
            return Leave(f"SDK v1 has no {name}: {meant}")
        return Leave(f"no rule converts {name}")
    return Leave(f"SDK v2 has no {name}: {advice}", Status.NO_EQUIVALENT)


def refused(use: Use, error: Exception) -> Leave:
    """What becomes of a use that a handler raised an error for. Handlers of members take it that there is an object:
    ``map(Run.cancel, runs)`` has none. Raises the error again when that is not what it tells."""
    if not isinstance(error, AssertionError):
        return Leave(str(error) or "cannot be converted")
    if use.receiver is None and "." in use.symbol:
        return Leave("it is taken from its class, without an object that is known: call it on the object")
    raise error


def rule_name(rule: Rule | None, outcome: Outcome | None) -> str:
    """What findings and comments call the rule: "unknown-symbol" or "no-equivalent" where there is none."""
    if rule is not None:
        return rule.name
    none = isinstance(outcome, Leave) and outcome.status is Status.NO_EQUIVALENT
    return "no-equivalent" if none else "unknown-symbol"


def way_out(symbol: str, module: str = "") -> str | None:
    """What to do about a symbol ("DatabricksStep", "DatabricksStep.create_node"); None when that is not known.
    ``module``: the module of SDK v1 that it was imported from, if that is known."""
    owner, _, member = symbol.removesuffix("=").removesuffix("[]").partition(".")
    # What is known as a dataset may be a table or files: the members of both are asked for.
    classes = [*lineage(owner), *(sub for sub in BASES if owner in lineage(sub)[1:])]
    owners = [name for cls in classes for name in dict.fromkeys((cls, REPORTED.get(cls, cls)))]
    if member and not any(part.startswith("_") for part in member.split(".")) and not _is_member(owners, member):
        return _of_package(module)
    return _of_symbol(owners, member) or _of_package(module)


def way_out_of_path(path: str, kind: str) -> str | None:
    """The same for a canonical path of the table of SDK v1; ``kind`` is what the table says that it is."""
    table = v1_table()
    cls, _, member = (path, "", "") if kind in ("class", "function") else path.rpartition(".")
    classes = [name.rpartition(".")[2] for name in table.lineage(cls)] or [cls.rpartition(".")[2]]
    owners = [name for found in classes for name in lineage(found)]
    return _of_symbol(list(dict.fromkeys(owners)), member) or _of_package(path)


def _of_symbol(owners: list[str], member: str) -> str | None:
    table = ways_out()
    if member:
        name = member.split(".")[0]
        keys = [*(f"{owner}.{part}" for owner in owners for part in dict.fromkeys((member, name))), f"*.{name}"]
        found = next((table[key] for key in keys if key in table), None)
        if found is not None:
            return found
        if name.startswith("_") or name in ("serialize", "deserialize"):
            return _INNER
    return next((table[owner] for owner in owners if owner in table), None)


def _of_package(module: str) -> str | None:
    """What the package has as a whole."""
    parts = module.split(".")
    inner = next((count for count, part in enumerate(parts) if part.startswith("_")), 0)
    for count in range(len(parts), max(inner, 1), -1):
        found = PACKAGES.get(".".join(parts[:count]))
        if found is not None:
            return found
    return PACKAGES["azureml._"] if inner else None


def is_member(owner: str, member: str) -> bool:
    """Whether a class of SDK v1, or one of its base classes or of those that derive from it, has a member."""
    return _is_member([*lineage(owner), *(sub for sub in BASES if owner in lineage(sub)[1:])], member)


def is_slip(use: Use) -> bool:
    """Whether a use reads what no object of SDK v1 has, of one that the code surely makes: it fails with both SDKs. A
    workspace is kept beside its client."""
    made = use.receiver_value
    if made is None or made.type == "Workspace":
        return False
    looked_up = isinstance(made.origin, ast.Attribute) and made.path == ("[]",)  # ws.datasets["x"]
    if not looked_up and (made.path or not isinstance(made.origin, ast.Call)):
        return False
    given = use.symbol.endswith("=") or (use.call is not None and (use.call.args or use.call.keywords))
    owner, _, member = use.symbol.removesuffix("[]").partition(".")
    return not given and way_out(use.symbol, use.module) is None and not is_member(owner, member)


def _is_member(owners: list[str], member: str) -> bool:
    """Whether a class that the table of SDK v1 has does have the member: else it is a slip of the pen."""
    known = [owner for owner in owners if owner in _members()]
    return not known or any(member.split(".")[0] in _members()[owner] for owner in known)


@cache
def _members() -> dict[str, frozenset[str]]:
    """The members of the classes of SDK v1, by the class's name; those of its base classes are with them."""
    table = v1_table()
    found: dict[str, set[str]] = {}
    for path, entry in table.entries.items():
        if entry.kind == "class":
            names = found.setdefault(path.rpartition(".")[2], set())
            for cls in table.lineage(path):
                names.update(table.names_below(cls))
    return {name: frozenset(names) for name, names in found.items()}
