"""The README of a traced pipeline: what it is, how to run it, what needs attention."""

from __future__ import annotations

from collections.abc import Sequence

from amlbridge.trace.captured import Captured
from amlbridge.trace.model import Pipeline


def text(captured: Captured, pipeline: Pipeline, script: str, more: Sequence[str] = ()) -> str:
    """The content of README.md; ``more`` are further sentences that need attention."""
    lines = [f"# {captured.name}", "", f"Written by `amlbridge trace` from what `{script}` submits in SDK v1.", ""]
    lines += [f"- {use}" for use in captured.uses]
    lines += ["", "## Run it", "", "    az ml job create --file pipeline.yml        # or", "    python pipeline.py", ""]
    lines += [
        "Both need a config.json in this folder or above it. Locally: `amlbridge run pipeline.py`. That it is the same "
        "as the v1 pipeline: `amlbridge compare V1_SCRIPT pipeline.yml`.",
        "",
        "## Steps",
        "",
        "| step | component | code |",
        "|---|---|---|",
    ]
    for step in pipeline.steps:
        component = f"components/{step.key}/component.yml" if step.component is not None else "(AutoML has none)"
        code = pipeline.code.get(step.node.code or "", "")
        lines.append(f"| {step.node.name} | {component} | {code} |")
    lines += ["", "## Needs attention", ""]
    found = list(dict.fromkeys([*pipeline.attention, *more]))
    lines += [f"- {item}" for item in found] or ["Nothing that the trace knows of."]
    lines += ["", "plan.json is the graph of v1 in amlbridge's own form, for `amlbridge compare`.", ""]
    return "\n".join(lines)
