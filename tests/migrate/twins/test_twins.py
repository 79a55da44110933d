"""What a rule makes of its documented cases does what they did: both run with the real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.migrate.registry import all_rules
from tests.migrate.twins.running import differences, run_both, unused
from tests.migrate.twins.stages import all_twins
from tests.migrate.twins.twin import PROGRAM, Twin
from tests.support.live import LiveService, SharedService


@pytest.fixture(scope="module")
def intercepting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that answers hosts of Azure."""
    service = LiveService(tmp_path_factory.mktemp("intercepting"), intercept=True)
    yield SharedService(service, "twins")
    service.stop()


@pytest.mark.slow
@pytest.mark.parametrize("twin", all_twins(), ids=lambda twin: twin.name)
def test_after_does_what_before_did(twin: Twin, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if twin.needs and not twin.only_after:
        pytest.importorskip(twin.needs)
    service = request.getfixturevalue("intercepting" if twin.intercepted or twin.urls else "live")
    old, new = run_both(twin, service, tmp_path)
    assert new.told == old.told
    found = list(differences(old.left, new.left, twin.differs))
    assert not found, "\n".join(found)
    if old.left is not new.left:  # both have run
        assert not unused(old.left, new.left, twin.differs), "nothing differs there"


def test_every_case_has_a_twin() -> None:
    cases = {(rule.name, number) for rule in all_rules() for number in range(len(rule.cases))}
    twins = [(twin.rule, twin.number) for twin in all_twins()]
    assert len(set(twins)) == len(twins)
    assert {twin for twin in twins if twin[1] != PROGRAM} == cases


def test_differences_are_found_and_allowed() -> None:
    old, new = {"jobs": {"a": [{"tags": {"x": "1"}}]}}, {"jobs": {"a": [{"tags": {}}]}}
    assert list(differences(old, new, {})) == ["jobs/a/0/tags/x: '1', None"]
    assert not list(differences(old, new, {"jobs/*/tags": "why"}))
    assert unused(old, old, {"jobs/*/tags": "why"}) == ["jobs/*/tags"]
    assert list(differences([1], [1, 2], {})) == [": [1], [1, 2]"]
