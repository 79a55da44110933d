"""What a search makes of its table before the first trial. No model is fitted here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amlbridge.engine.automl import session
from amlbridge.engine.automl.events import GUARDRAILS, Events
from amlbridge.engine.automl.settings import AutoMLSettings


@pytest.mark.parametrize(("rare", "weighed"), [(6, True), (40, False)])
def test_rare_classes_are_told_and_weigh_more_in_some_models(rare: int, weighed: bool, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"x": random.normal(size=120), "y": np.where(np.arange(120) < rare, "sick", "well")})
    settings = AutoMLSettings("classification", "y", n_cross_validations=2)
    task, _ = session.task_of(settings, table, None, None, Events(tmp_path / "events", tmp_path))
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    notes = [event["message"] for event in events if event["event"] == "note"]
    assert any("the class 'sick' is rare (6 of 120 rows)" in note for note in notes) is weighed
    guardrails = json.loads((tmp_path / GUARDRAILS).read_text())
    assert [fault["friendly_result"] for fault in guardrails["faults"]] == [note for note in notes if "rare" in note]
    proposed = []
    for index in range(30):
        proposed.append(task.proposer.propose(index))
        task.proposer.tell(index, 0.5)
    assert any(candidate is not None and candidate.balanced for candidate in proposed) is weighed
    assert any(candidate is not None and not candidate.balanced for candidate in proposed)
