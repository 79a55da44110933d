"""What no rule tells of has a comment where it stands, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate import convert
from amlbridge.migrate.findings import Finding
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.modules import Project

LOST = "# TODO(amlbridge lost-name): the new code reads {0}, which nothing defines: define it"


def converted(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[Finding]]:
    """The new text with the findings on names that were lost: those that begin with ``lost``."""
    module = ModuleText(Path("a.py"), text)
    names = {word.split("(")[0].strip(",):") for word in text.split() if word.startswith("lost")}
    monkeypatch.setattr(convert, "lost_names", lambda old, new: names)
    conversion = convert.convert_module(module, Project([module]), Options())
    return conversion.text, [finding for finding in conversion.findings if finding.rule == "lost-name"]


@pytest.mark.parametrize(
    ("code", "line", "above"),
    [
        ("print(ws.name)\nuse( lost )\nuse( lost )", 5, "use( lost )"),
        ("if ws.name:\n    print( lost )", 5, "    print( lost )"),
        ("if ws.name:\n    pass\nelif lost :\n    pass", 6, "if ml_client.workspace_name:"),
        ("print(1); print( lost )", 4, None),
    ],
)
def test_a_name_that_is_lost(code: str, line: int, above: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    text, found = converted(
        f"from azureml.core import Workspace\n\nws = Workspace.from_config()\n{code}\n", monkeypatch
    )
    assert [(finding.symbol, finding.line) for finding in found] == [("lost", line)]
    lines, told = text.splitlines(), LOST.format("lost")
    assert sum(row.strip() == told for row in lines) == (above is not None)
    if above is not None:
        place = next(number for number, row in enumerate(lines) if row.strip() == told)
        assert lines[place + 1] == above and lines[place].index("#") == len(above) - len(above.lstrip())
