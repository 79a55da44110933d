"""docs/mapping.md and docs/rules.md, made from the tables and the rules by ``make docs``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlbridge.migrate import files
from amlbridge.migrate.analysis.known import FACTORIES
from amlbridge.migrate.analysis.symbols import ENUMERATIONS, REPORTED, lineage
from amlbridge.migrate.no_equivalent import way_out_of_path
from amlbridge.migrate.registry import Case, Rule, all_rules
from amlbridge.migrate.signatures.table import Entry, Table, v1_table
from amlbridge.migrate.ways_out.packages import PACKAGES

_MAPPING = """# SDK v1, symbol by symbol

Made by `make docs` from the installed packages and the rules of `amlbridge migrate`; a test fails when it is stale.
{packages}. *keywords*: what a call takes by name. What becomes of a symbol:

- a **rule**: it is converted; [rules.md](rules.md) shows how, and when it is left;
- **no equivalent**: SDK v2 has nothing that could take its place as it stands. The use is left, with a TODO comment
  that says what to do instead.

Symbols of other packages (azureml-interpret, azureml-contrib-..., azureml-opendatasets and others) are left as well;
the table at the end has what to do about each package.

{numbers}"""
_RULES = """# The rules of `amlbridge migrate`

Made by `make docs` from the rules' own documentation and cases, which are their tests as well.

## Bad input
A file that cannot be converted is left as it is, has one finding, and the rest of the run goes on:

| rule | when | status of the file |
|---|---|---|
{bad_input}

Where a file of the first rows does not name SDK v1 at all it counts as unchanged.

## Checks
Whatever the rules did, each changed module is checked before it is given out. A text that is no Python any more is an
`internal-error`, and the file stays as it was. `left-import` (manual) is an import of SDK v1 in a file of which all was
said to be converted. `unknown-name` (manual) is a name, attribute or keyword in the new code that SDK v2 has not,
according to a table made from the installed azure-ai-ml, mlflow and azure-identity; what was converted in the file is
`taken-back` (manual) then, as in a notebook whose workspace is made by a cell that is no Python. It is tried again in
the next run, which takes the comments away if it can be converted.

`no-equivalent` is a use of SDK v1 that no rule converts, with what to do instead: see [mapping.md](mapping.md).
`unknown-symbol` is one that the public packages of SDK v1 have not. `mocks` (manual) is a text of a test that names
what a mock takes the place of, `patch("app.Workspace")`: which calls the test means has to be said anew.
`magic` (manual) is a magic or shell line of a notebook that reads what is an object of SDK v2 now, `lost-name` (manual)
a name that the new code reads and nothing defines any more, `syntax` (manual) a cell of a notebook that names SDK v1
and is no Python 3 (such a file that is no notebook is left as it was). Each, and `left-import`, has a
`# TODO(amlbridge RULE)` comment at its place.
"""
_BAD_INPUT = (
    ("syntax-error", "no Python 3", "failed"),
    ("python-2", "Python 2", "failed"),
    ("binary", "zero bytes in it", "failed"),
    ("too-large", "more than 5 MB", "failed"),
    ("encoding", "not in its encoding, or one that cannot be written back", "failed"),
    ("unreadable", "no permission, a link that leads nowhere or in a circle", "failed"),
    ("notebook", "a notebook that is no JSON or of a format before 4", "failed"),
    ("not-python", "a notebook in another language", "unchanged"),
    ("own-package", "an import of a package of your own called azureml", "unchanged"),
    ("internal-error", "an error of amlbridge: please report it (exit code 2)", "failed"),
)


@dataclass(frozen=True)
class Row:
    """One symbol of SDK v1. ``rule``: the name of the rule that converts it, or None."""

    path: str
    entry: Entry
    rule: str | None
    advice: str | None


def rows() -> list[Row]:
    """Every public symbol of SDK v1, in order."""
    table, by_symbol = v1_table(), _rules_by_symbol()
    found = []
    for path, entry in table.entries.items():
        if entry.kind != "module":
            found.append(Row(path, entry, _rule_of(table, path, entry, by_symbol), way_out_of_path(path, entry.kind)))
    return found


def _rules_by_symbol() -> dict[str, str]:
    """Class, function or class and member -> the rule. Several types of the analysis may be one class of v1."""
    found: dict[str, str] = {}
    for rule in all_rules():
        for symbol in rule.handlers:
            owner, dot, member = symbol.removesuffix("=").partition(".")
            for name in (owner, REPORTED.get(owner, owner)):
                found.setdefault(name + dot + member, rule.name)
    return found


def _rule_of(table: Table, path: str, entry: Entry, by_symbol: Mapping[str, str]) -> str | None:
    if entry.kind in ("class", "function"):
        return by_symbol.get(path.rpartition(".")[2])
    owner, _, member = path.rpartition(".")
    classes = [*table.lineage(owner), *table.descendants(owner)]
    types = [name for cls in classes for name in _types(cls.rpartition(".")[2])]
    names = [f"{name}.{'*' if name in ENUMERATIONS else member}" for name in types]
    return next((by_symbol[name] for name in names if name in by_symbol), None)


def _types(cls: str) -> tuple[str, ...]:
    """What the analysis calls a class and its bases."""
    return (FACTORIES[cls],) if cls in FACTORIES else lineage(cls)


def mapping() -> str:
    """docs/mapping.md."""
    found = rows()
    converted = sum(row.rule is not None for row in found)
    kinds = Counter(row.entry.kind for row in found)
    counted = ", ".join(f"{kinds[kind]} {plural}" for kind, plural in _PLURALS.items())
    numbers = f"{len(found)} symbols ({counted}); {converted} have a rule."
    packages = ", ".join(f"{name} {version}" for name, version in sorted(v1_table().packages.items()))
    lines = [_MAPPING.format(packages=packages, numbers=numbers)]
    group = ""
    for row in found:
        module = _module_of(row)
        if module != group:
            group = module
            lines += ["", f"## {module}", "", "| symbol | keywords | becomes |", "|---|---|---|"]
        lines.append(_line(row, module))
    lines += ["", "## Other packages", "", "| package | what to do |", "|---|---|"]
    lines += [f"| `{name}` | {advice} |" for name, advice in sorted(PACKAGES.items()) if not name.endswith("_")]
    return "\n".join(lines).rstrip() + "\n"


_PLURALS = {
    "class": "classes",
    "function": "functions",
    "method": "methods",
    "property": "properties",
    "attribute": "attributes",
}


def _module_of(row: Row) -> str:
    path = row.path if row.entry.kind in ("class", "function") else row.path.rpartition(".")[0]
    return path.rpartition(".")[0]


def _line(row: Row, module: str) -> str:
    keywords = ", ".join(name for name in sorted(row.entry.keywords) if not name.startswith("_"))
    becomes = f"[{row.rule}](rules.md#{row.rule})" if row.rule is not None else f"no equivalent: {row.advice}"
    return f"| `{row.path[len(module) + 1 :]}` | {keywords} | {becomes} |"


def rules() -> str:
    """docs/rules.md."""
    bad_input = "\n".join(f"| `{name}` | {when} | {status} |" for name, when, status in _BAD_INPUT)
    parts = [_RULES.format(bad_input=bad_input)]
    for rule in all_rules():
        parts.append("\n".join(_rule(rule)))
    for name, text in files.DOCS.items():
        parts.append(f"## {name}\n{text}\n")
    return "\n".join(parts).rstrip() + "\n"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}"
    yield (rule.doc or "").strip()
    yield ""
    reported = []
    for symbol in rule.handlers:
        owner, dot, member = symbol.partition(".")
        reported.append(f"`{REPORTED.get(owner, owner)}{dot}{member}`")
    yield f"Symbols: {', '.join(dict.fromkeys(reported))}."
    yield ""
    for case in rule.cases:
        yield from _case(case)


def _case(case: Case) -> Iterator[str]:
    if case.title:
        yield f"{case.title[0].upper()}{case.title[1:]}:"
        yield ""
    for text, word in ((case.before, "v1"), (case.after, "v2")):
        yield f"```python\n# {word}\n{text.strip()}\n```"
        yield ""


if __name__ == "__main__":
    sys.stdout.write({"mapping": mapping, "rules": rules}[sys.argv[1]]())
