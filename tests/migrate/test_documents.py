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
