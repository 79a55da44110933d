"""What stands in, and is said of, a module whose conversion is taken back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from amlbridge.migrate.cleanup.taken_back import taken_back, without_comments
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import ModuleText

WHY = "left as it is: its conversion was taken back, for a reason"
TOLD = f"# TODO(amlbridge taken-back): {WHY}"


def at(line: int, status: Status = Status.CONVERTED, rule: str = "runs") -> Finding:
    return Finding(rule, "Run.log", status, line, 1, "why")


def told(text: str, *findings: Finding) -> str:
    """The text after it: a second time changes nothing, nor does any comment change what the code means."""
    found = taken_back(ModuleText(Path("a.py"), text), findings, "for a reason").text
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(text))
    moved = {line: number for number, line in enumerate(found.split("\n"), 1)}
    later = [Finding(f.rule, f.symbol, f.status, moved[text.split("\n")[f.line - 1]], 1, f.message) for f in findings]
    assert taken_back(ModuleText(Path("a.py"), found), later, "for a reason").text == found
    return found


@pytest.mark.parametrize(
    ("text", "line", "above"),
    [
        ("x = 1\nrun.log('a', 1)\n", 2, "run.log('a', 1)"),
        ("def f():\n    run.log(\n        'a',\n        1)\n", 4, "    run.log("),
        ("if x:\n    y = 1\nelse: run.log('a', 1)\n", 3, "else: run.log('a', 1)"),
        ("text = '''\n  run\n'''; run.log('a', 1)\n", 3, "text = '''"),
        ("@given(\n    run.id\n)\ndef f(): pass\n", 2, "@given("),
        ("if x:\n\trun.log('ä', 1)\n", 2, "\trun.log('ä', 1)"),
    ],
)
def test_the_comment_stands_above_the_line_that_the_code_starts_on(text: str, line: int, above: str) -> None:
    indent = above[: len(above) - len(above.lstrip())]
    assert told(text, at(line)) == text.replace(above, f"{indent}{TOLD}\n{above}", 1)


def test_a_line_has_one_comment_of_a_kind_and_one_for_what_was_left_anyhow() -> None:
    text = "run.log('a', other(run.parent))\n"
    left = Finding("unknown-symbol", "Run.foo", Status.MANUAL, 1, 20, "SDK v1 has no Run.foo")
    ignored = Finding("runs", "Run.tag", Status.IGNORED, 1, 3, "as the comment says")
    comments = told(text, at(1), at(1), left, ignored).splitlines()[:-1]
    assert comments == [TOLD, "# TODO(amlbridge unknown-symbol): SDK v1 has no Run.foo"]


def test_what_was_to_be_converted_is_manual_and_the_rest_stays_what_it_was() -> None:
    ignored = Finding("runs", "Run.tag", Status.IGNORED, 1, 3, "as the comment says")
    unknown = Finding("unknown-name", "", Status.MANUAL, 1, 1, "the new line 3: azure.ai.ml has no MLClients")
    module = ModuleText(Path("a.py"), "run.log('a', 1)\n")
    found = taken_back(module, (at(1), ignored), "for a reason", unknown)
    assert [(f.rule, f.status) for f in found.findings] == [
        ("taken-back", Status.MANUAL),
        ("runs", Status.IGNORED),
        ("unknown-name", Status.MANUAL),
    ]
    assert found.text.count("TODO") == 1 and not found.created


def test_only_its_own_comments_go_when_the_code_is_converted() -> None:
    kept = "# TODO: mine\n# TODO(amlbridge runs): why\n"
    assert without_comments(f"{kept}    {TOLD}\n    x = 1  {TOLD}\n") == f"{kept}    x = 1  {TOLD}\n"
