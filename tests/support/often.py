"""Makes the clients of one process ask often whether something has ended, when it is imported. They sleep for 1 to 10 s
between two looks, which is most of the time that a test with a real client takes; what they ask and read is the same.

The warm interpreter of the shared clients imports it (`warm_clients.py`), after both SDKs. The variables that
azure-ai-ml has for this are of no use there: it has read them when it was imported, and azureml-core breaks on them.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

#: The longest sleep between two looks, in seconds.
LONGEST = 0.2


class _Time:
    """The module ``time``, as these modules see it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, LONGEST))


for _name in (
    "azureml.core.run",
    "azureml.pipeline.core.run",
    "azureml.train.automl.run",
    "azureml.train.automl._remote_console_interface",
    "azure.ai.ml.operations._job_ops_helper",
):
    _module: Any = import_module(_name)
    assert _module.time is time, f"{_name} is another one than this was written for"
    _module.time = _Time()
