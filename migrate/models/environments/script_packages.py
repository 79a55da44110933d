"""The packages that run scripts import once they are converted: the environments of their jobs have to bring them.

azureml-defaults, which SDK v1 puts into environments by itself, brings all of azureml-core to the scripts: workspaces,
models, datasets. Nothing that takes its place in SDK v2 brings the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from amlbridge.migrate.rewriter import Rewriter

_V1 = re.compile(r"\b(?:from|import)\s+azureml\b")
#: What only the script of a job has: its run, or the mini batches of a parallel run.
_IN_JOB = re.compile(r"\bget_context\(|\bdef run\(\s*\w*(?:batch|files|paths|tasks)", re.IGNORECASE)
_CLIENT = (
    r"\.workspace\b|\bWorkspace\b|\.register_model\(|\bModel(?:\.(?:register|list|get_model_path))?\("
    r"|\bDatastore\b|\bDataset\.(?:get|File)\b|\.get_secrets?\(|\.get_input_datasets?\("
)
#: A table that the code makes of files, and does more with than read it: its entity is one of the client's.
_TABLE = r"\.from_(?:delimited|parquet|json_lines)_files\((?:[^()]|\([^()]*\))*\)(?!\s*\.to_pandas)"
#: What scripts say in SDK v1 -> what they import in SDK v2.
_IMPORTED: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(_CLIENT), ("azure-ai-ml", "azure-identity")),
    (re.compile(_TABLE), ("azure-ai-ml", "mltable")),
    (re.compile(r"\.to_pandas_dataframe\(|\.random_split\(|\bDataset\.Tabular\b"), ("mltable",)),
    (re.compile(r"\.upload(?:_files|_directory)?\((?:[^()]*\btarget)"), ("azureml-fsspec",)),
    (re.compile(r"\.get_secrets?\(|\bget_default_keyvault\("), ("azure-keyvault-secrets",)),
)


def runs_in_jobs(text: str) -> bool:
    """Whether a module of SDK v1 is the script of a job."""
    return _V1.search(text) is not None and _IN_JOB.search(text) is not None


def packages_of(texts: Iterable[str]) -> tuple[str, ...]:
    """What the scripts of jobs, and the modules that they import, need to import in SDK v2. Texts of SDK v1, and of
    helpers that only get its objects."""
    whole = [text for text in texts if _V1.search(text) or "azureml" not in text]
    found = (packages for pattern, packages in _IMPORTED if any(pattern.search(text) for text in whole))
    return tuple(dict.fromkeys(package for packages in found for package in packages))


@dataclass(frozen=True)
class ScriptPackages:
    """What the scripts that a module submits need; asked for when an environment is written."""

    ask: Callable[[], tuple[str, ...]]

    @staticmethod
    def of(to: Rewriter) -> tuple[str, ...]:
        """Those of the module that is converted; none where nothing is known of other modules."""
        known = to.memory.get(ScriptPackages)
        return known.ask() if isinstance(known, ScriptPackages) else ()

    def tell(self, to: Rewriter) -> None:
        """Lets the rewriter of the module know."""
        to.memory[ScriptPackages] = self
