"""The documented cases of all rules hold."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.registry import Case, all_rules, handlers
from tests.migrate.rules.support import check_noop, check_transformed

CASES = [(rule.name, number, case) for rule in all_rules() for number, case in enumerate(rule.cases)]


@pytest.mark.parametrize(("name", "number", "case"), CASES, ids=[f"{name}-{number}" for name, number, _ in CASES])
def test_before_becomes_after(name: str, number: int, case: Case) -> None:
    findings = check_transformed(case.before, case.after, status=Status.REVIEW)
    assert name in {finding.rule for finding in findings}
    check_noop(case.after)


def test_every_rule_is_documented_and_has_a_case() -> None:
    for rule in all_rules():
        assert rule.doc and "\n\n" in rule.doc, rule.name
        assert rule.cases, rule.name


def test_no_symbol_has_two_rules() -> None:
    assert handlers()
