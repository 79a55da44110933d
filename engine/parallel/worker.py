"""A worker process: prepares the entry script, then scores one mini batch after the other.

It tells the driver ``("ready",)``, ``("items", count)`` when the rows of a mini batch are read and ``run()`` begins,
then ``("done", text, count)`` or ``("error", traceback)``; and ``("unusable", traceback, sentence)`` when there is
nothing to score with.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from . import entry, user_module
from .batches import Batch
from .logs import Logs, process_name
from .settings import ParallelSettings
from .tables import TableReader


class Job:
    """What all workers know: the settings and the rest of what the driver was given."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.settings = ParallelSettings.from_json(document["settings"])
        self.arguments: list[str] = document["arguments"]
        self.inputs: list[dict[str, Any]] = document["inputs"]
        self.output: str | None = document["output"]
        self.output_folder: str | None = document["output_folder"]
        self.model: str | None = document["model"]
        self.prelude: str | None = document.get("prelude")
        self.logs = Logs(Path("logs").absolute())


def work(number: int, job: Job, connection: Connection, others: Sequence[Connection]) -> None:
    """The life of worker ``number``. ``others`` are ends of pipes that are not its own."""
    for other in others:
        other.close()
    # What the script starts ends with it, when it has to be killed.
    os.setpgid(0, 0)
    _redirect(number, job.logs)
    if job.prelude is not None:
        _run_prelude(job.prelude)
    try:
        scored_by = _prepare(number, job)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the script may raise anything; the driver tells its user
        sentence = str(error) if isinstance(error, entry.EntryError) else ""
        connection.send(("unusable", traceback.format_exc(), sentence))
        return
    connection.send(("ready",))
    _serve(job, connection, scored_by)
    if scored_by.shutdown is not None:
        try:
            scored_by.shutdown()
        except (Exception, SystemExit):  # noqa: BLE001 - too late to matter for the results
            job.logs.error(number, "shutdown()", traceback.format_exc())


def _serve(job: Job, connection: Connection, scored_by: entry.Entry) -> None:
    reader = TableReader({item["name"]: item["table"] for item in job.inputs if "table" in item})
    while True:
        try:
            batch: Batch | None = connection.recv()
        except EOFError:
            return
        if batch is None:
            return
        try:
            content: Any = list(batch.files)
            if batch.rows:
                content = reader.rows(batch.source, batch.files, batch.part, batch.parts, batch.partition)
                connection.send(("items", len(content)))
            # A part of a file whose rows are larger than a mini batch may have none; without input all are empty.
            empty = bool(batch.rows) and not len(content)
            text, count = ("", 0) if empty else scored_by.run(content, MiniBatchContext(batch))
        except (Exception, SystemExit):  # noqa: BLE001 - the script may raise anything; the driver tells its user
            connection.send(("error", traceback.format_exc()))
        else:
            connection.send(("done", text, count))
        sys.stdout.flush()
        sys.stderr.flush()


class MiniBatchContext:
    """The second argument of ``run(mini_batch, context)``: Azure's ``minibatch_index``, ``partition_key_value`` (column
    -> value, None without partition keys) and ``dataset``."""

    def __init__(self, batch: Batch) -> None:
        self.minibatch_index = batch.index
        self.partition_key_value = dict(batch.partition) if batch.partition is not None else None
        self._source = batch.source

    @property
    def dataset(self) -> Any:
        """The part of the input dataset that the mini batch is: of a run of SDK v1 with partition keys."""
        from azureml.core import Run

        found = Run.get_context().input_datasets[self._source]
        for column, value in (self.partition_key_value or {}).items():
            found = found.filter(found[column] == value)
        return found

    def __repr__(self) -> str:
        return f"MiniBatchContext({self.minibatch_index}, partition_key_value={self.partition_key_value})"


def _prepare(number: int, job: Job) -> entry.Entry:
    settings, logs = job.settings, job.logs
    if settings.entry_script is None:
        assert job.model is not None, "a run without an entry script has a model"
        return entry.mlflow_model(job.model)
    own = logs.user("entry_script_log", number, ".log.txt")
    user_module.offer(
        {
            "logger": user_module.logger(own, settings.logging_level),
            "log_dir": str(own.parent),
            "agent_name": process_name(number),
            "output_dir": job.output_folder,
            "working_dir": str(Path.cwd()),
        }
    )
    return entry.script(settings.entry_script, job.arguments)


def _redirect(number: int, logs: Logs) -> None:
    """Standard output and error to the process' own logs; messages of ``logging`` with the output, as on Azure."""
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor, kind in ((1, "stdout"), (2, "stderr")):
        with logs.user(kind, number, f".{kind}.txt").open("ab") as file:
            os.dup2(file.fileno(), descriptor)
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))


def _run_prelude(path: str) -> None:
    """What runs before a step's script, in this process once more: exit hooks of its parent are not its own."""
    with open(path, "rb") as file:  # noqa: PTH123
        exec(compile(file.read(), path, "exec"), {"__name__": "amlbridge_prelude", "__file__": path})
