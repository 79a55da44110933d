"""A package of the user's own called azureml, which is not SDK v1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import ModuleText

_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+azureml\.(\w+)", re.MULTILINE)
_FROM = re.compile(r"^[ \t]*from[ \t]+azureml[ \t]+import[ \t]+(\w+)", re.MULTILINE)


def own_imports(module: ModuleText, packages: Mapping[Path, frozenset[str]]) -> list[Finding]:
    """A finding for each import of the user's own package: what stands there is left as it is."""
    names = {name for folder, found in packages.items() if folder in module.path.parents for name in found}
    if not names:
        return []
    findings = []
    for match in sorted([*_IMPORT.finditer(module.text), *_FROM.finditer(module.text)], key=re.Match.start):
        if match[1] in names:
            line = module.text.count("\n", 0, match.start()) + 1
            message = f"azureml.{match[1]} is a package of your own: this file is left as it is"
            findings.append(Finding("own-package", "", Status.IGNORED, line, 1, message, "docs/rules.md#bad-input"))
    return findings
