"""Some files of a folder that go up together: SDK v2 uploads one file or a whole folder."""

from __future__ import annotations

import ast
import posixpath

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.rewriter import Rewriter


def gathered(use: Use, source: ast.expr, to: Rewriter) -> str | None:
    """Copies the files of ``upload_files`` into a folder of their own, before the statement of the use: what else is
    in theirs must not go up. Returns the folder's variable; None where the files are not known to be in one folder, or
    keep a part of their path: those of several folders of the working directory keep theirs."""
    texts = [to.evaluator.text(element) for element in list_elements(source, to)]
    statement = to.evaluator.scopes.statement_of(use.node)
    if len(texts) < 2 or not all(texts) or statement is None:
        return None
    folders = {posixpath.dirname(posixpath.normpath(str(text).replace("\\", "/"))) for text in texts}
    root = use.passed("relative_root", position=1)
    above = to.evaluator.text(root) if root is not None else None
    spread = root is None and _are_spread(folders)
    if not spread and (
        len(folders) != 1 or (root is not None and (above is None or posixpath.normpath(above) not in folders))
    ):
        return None
    folder, file = to.fresh("upload_folder"), to.fresh("file")
    copying = f"{to.need_module('shutil')}.copy"
    copy = f"{copying}({file}, {folder})"
    if spread:
        system = to.need_module("os")
        copied = f"{system}.path.join({folder}, {file})"
        above_it = f"{system}.makedirs({system}.path.dirname({copied}), exist_ok=True)"
        copy = f"{above_it}\n    {copying}({file}, {copied})"
    made = f"{folder} = {to.need_module('tempfile')}.mkdtemp()"
    to.before(statement, f"{made}\nfor {file} in {to.source(source)}:\n    {copy}")
    return folder


def _are_spread(folders: set[str]) -> bool:
    """Whether files are in several folders that have only the working directory in common."""
    inside = not any(folder.startswith(("/", "..", "~")) or ":" in folder for folder in folders)
    return len(folders) > 1 and inside and posixpath.commonpath(folders) == ""
