"""Partitions of datasets: ``partition_format`` -> columns that MLTable takes from the paths of the files.

The columns are in the MLTable that becomes the data asset, also where the dataset was one of files: it lists them.
``partition_keys`` are the names in the format; the values of the keys are read from the table with pandas.
"""

from __future__ import annotations

import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import follow, registered_here
from amlbridge.migrate.models.datasets.frames import path_code
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "partitions",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.datastores["raw"]
sounds = Dataset.File.from_files(
    (store, "sounds/*/*.wav"), partition_format="sounds/{user}/{season:yyyy}.wav"
)
print(sounds.partition_keys)
users = sounds.get_partition_key_values(["user"])
""",
            """\
import mltable
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Data
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
store = ml_client.datastores.get("raw")
mltable.from_paths(
    paths=[
        {
            "pattern": f"azureml://subscriptions/{ml_client.subscription_id}/resourcegroups/{ml_client.resource_group_name}/workspaces/{ml_client.workspace_name}/datastores/{store.name}/paths/sounds/*/*.wav"
        }
    ]
).extract_columns_from_partition_format("sounds/{user}/{season:yyyy}.wav").save(
    "sounds_mltable"
)
sounds = Data(path="sounds_mltable", type="mltable")
print(["user", "season"])
users = (
    mltable.load(str(sounds.path))
    .to_pandas_dataframe()[["user"]]
    .drop_duplicates()
    .to_dict("records")
)
""",
        ),
    ],
)

_KEY = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_UNKNOWN = "the partition format of the dataset cannot be told: name its keys"


@rule.converts("Dataset.partition_keys")
def keys(use: Use, to: Rewriter) -> Outcome:
    """The names in the format."""
    found = _keys(use, to)
    return Replace(f"[{', '.join(map(repr, found))}]") if found else Leave(_UNKNOWN)


@rule.converts("Dataset.get_partition_key_values")
def values(use: Use, to: Rewriter) -> Outcome:
    """The different values of the keys, as a list of dicts."""
    assert use.receiver is not None
    wanted, found = use.argument("partition_keys", position=0), _keys(use, to)
    if wanted is None and not found:
        return Leave(_UNKNOWN)
    columns = to.source(wanted) if wanted is not None else f"[{', '.join(map(repr, found))}]"
    table = f"{to.need_module('mltable')}.load({path_code(use.receiver, to)}).to_pandas_dataframe()"
    return Replace(f'{table}[{columns}].drop_duplicates().to_dict("records")', _READ)


_READ = "the table is read here: only the values of its keys are needed"


def _keys(use: Use, to: Rewriter) -> list[str]:
    """The keys of the dataset that a use is a member of; [] where they cannot be told."""
    data = follow(use.receiver, to) if use.receiver is not None else None
    made = to.use_of(data.root) if data is not None else None
    if made is not None and made.symbol.endswith(("get_by_name", "datasets[]")):
        data = registered_here(made, to)
        made = to.use_of(data.root) if data is not None else None
    if made is not None and made.symbol.endswith(".register") and made.receiver is not None:
        data = follow(made.receiver, to)
        made = to.use_of(data.root) if data is not None else None
    given = made.argument("partition_format") if made is not None and made.call is not None else None
    text = to.evaluator.text(given) if given is not None else None
    return _KEY.findall(text) if text is not None else []
