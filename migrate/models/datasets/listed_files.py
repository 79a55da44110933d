"""The files that an MLTable lists: what is at its own path is the list, so that they are copied one by one."""

from __future__ import annotations

import ast

from amlbridge.migrate.models.datasets.data import follow, lists_files
from amlbridge.migrate.models.datasets.frames import path_code
from amlbridge.migrate.rewriter import Rewriter

FLAT = "the files that the MLTable lists are copied into the folder, without folders of their own"


def copies(node: ast.expr, folder: str, to: Rewriter, *, is_new: bool = True) -> str | None:
    """Statements that copy the files of a dataset into a folder (its code), which they make if it ``is_new``; None
    where it is no such list."""
    data = follow(node, to)
    if data is None or not lists_files(data, to):
        return None
    os, shutil, mltable = to.need_module("os"), to.need_module("shutil"), to.need_module("mltable")
    file, source, copy = to.fresh("file"), to.fresh("source"), to.fresh("copy")
    listed = f'{mltable}.load({path_code(node, to)}).to_pandas_dataframe()["Path"]'
    place = f"{os}.path.join({folder}, {os}.path.basename({file}.resource_id))"
    making = f"{os}.makedirs({folder}, exist_ok=True)\n" if is_new else ""
    return (
        f"{making}for {file} in {listed}:\n"
        f'    with {file}.open() as {source}, open({place}, "wb") as {copy}:\n'
        f"        {shutil}.copyfileobj({source}, {copy})"
    )
