"""docs/mapping.md and docs/rules.md are what the rules are."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate import documents
from amlbridge.migrate.registry import all_rules
from amlbridge.migrate.signatures.table import v1_table

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["mapping", "rules"])
def test_the_page_is_fresh(name: str) -> None:
    fresh = getattr(documents, name)() == (DOCS / f"{name}.md").read_text("utf-8")
    assert fresh, f"docs/{name}.md is stale: run `make docs`"


def test_every_public_symbol_of_sdk_v1_has_a_row() -> None:
    wanted = {path for path, entry in v1_table().entries.items() if entry.kind != "module"}
    assert {row.path for row in documents.rows()} == wanted
    assert len(wanted) > 3000


def test_every_rule_has_a_section_and_its_links_lead_there() -> None:
    page = documents.rules()
    for rule in all_rules():
        assert f"\n## {rule.name}\n" in page
        assert rule.link == f"docs/rules.md#{rule.name}"


def test_every_keyword_of_sdk_v1_is_in_the_row_of_its_symbol() -> None:
    named: dict[str, set[str]] = {}
    for line in (DOCS / "mapping.md").read_text("utf-8").splitlines():
        if line.startswith("| `") and line.count(" | ") == 2:
            symbol, words, _becomes = line.strip("| ").split(" | ")
            named.setdefault(symbol.strip("`"), set()).update(words.split(", "))
    keywords = {path: entry.keywords for path, entry in v1_table().entries.items() if entry.keywords}
    assert len(keywords) > 1000
    for path, names in keywords.items():
        parts = path.split(".")
        rows = (named.get(".".join(parts[-count:]), set()) for count in (1, 2))
        assert {name for name in names if not name.startswith("_")} <= set().union(*rows), path
