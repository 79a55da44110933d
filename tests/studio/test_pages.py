"""The pages of runs: what a user named is shown as text, links lead to where the route is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.records.runs import Run
from amlbridge.studio.pages import RunView, run_page, runs_page

_RUN = Run(
    workspace_id="w",
    id="run-1",
    number=1,
    experiment_id="e-1",
    parent_id=None,
    root_id="run-1",
    kind="pipeline",
    name=None,
    display_name=None,
    description=None,
    status="Failed",
    created=0.0,
    started=10.0,
    ended=12.5,
    modified=12.5,
    target="cpu",
    script=None,
    hidden=False,
    tags={},
    properties={},
    error={"code": "UserError", "message": "boom <here>"},
    plan_id=None,
    node_id=None,
)


def test_a_failed_pipeline() -> None:
    step = replace(_RUN, id="s/1", name="train & test", parent_id="run-1", kind="step")
    view = RunView(
        "/studio/w/sig",
        _RUN,
        "my exp",
        [step],
        {"a": list(range(25))},
        ["user_logs/a b.txt"],
        ["user_logs/a b.txt", "o"],
    )
    page = run_page(view)
    assert "boom &lt;here&gt;" in page
    assert '<a href="/studio/w/sig/runs/s/1">train &amp; test</a>' in page
    assert '<a href="/studio/w/sig/runs/run-1/files/user_logs/a%20b.txt">' in page
    assert "(5 earlier values) 5, 6" in page
    assert page.count("user_logs/a b.txt</a>") == 1, "a log is no output"
    assert "2.5 s" in page
    assert "http-equiv" not in page, "a finished run does not change"
    assert "http-equiv" in run_page(replace(view, run=replace(_RUN, status="Running", ended=None), now=11.0))


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    hostile = f"<script>{text}</script>\"'><img>"
    run = replace(_RUN, display_name=hostile, target=hostile, tags={hostile: hostile}, error={"message": hostile})
    view = RunView("/b", run, hostile, [run], {hostile: [hostile]}, [hostile], [hostile, hostile])
    for page in (run_page(view), runs_page(hostile, "/b", [run], 0.0)):
        assert "<script" not in page
        assert "<img" not in page
