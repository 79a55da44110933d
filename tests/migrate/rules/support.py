"""What tests of rules share: conversion of a text, always twice, and a look at its names."""

from __future__ import annotations

import textwrap
from pathlib import Path

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from tests.support.migrate_names import new_faults

PYTHON = Options(components="python")


def convert(text: str, options: Options = PYTHON, path: str = "pipeline.py") -> Conversion:
    """Converts a text, and what came out again: the second time, nothing may change. No name is read without, or
    above, what makes it that was not so before. Returns the first conversion."""
    text = textwrap.dedent(text)
    module = ModuleText(Path(path), text)
    first = convert_module(module, build_project([module], options), options)
    again = ModuleText(Path(path), first.text)
    second = convert_module(again, build_project([again], options), options)
    assert second.text == first.text, "a second conversion changes the text"
    if not any(finding.rule == "lost-name" for finding in first.findings):
        assert not new_faults(text, first.text), first.text
    return first


def check_transformed(
    before: str, after: str, *, status: Status = Status.CONVERTED, options: Options = PYTHON
) -> tuple[Finding, ...]:
    """``before`` becomes exactly ``after``, and no finding is worse than ``status``."""
    conversion = convert(before, options)
    assert conversion.text == textwrap.dedent(after)
    order = [Status.CONVERTED, Status.REVIEW, Status.MANUAL, Status.NO_EQUIVALENT, Status.IGNORED]
    worst = max((finding.status for finding in conversion.findings), key=order.index, default=Status.CONVERTED)
    assert order.index(worst) <= order.index(status), conversion.findings
    return conversion.findings


def check_noop(text: str, *, options: Options = PYTHON) -> tuple[Finding, ...]:
    """The conversion changes nothing."""
    conversion = convert(text, options)
    assert conversion.text == textwrap.dedent(text)
    return conversion.findings
