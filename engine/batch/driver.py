"""Scores files in mini batches: the script of the step that a batch deployment of a model runs.

It is put into the step's code beside the user's scoring script and imports nothing of ours: the step may have an
interpreter of its own. Settings come as JSON in the variable ``AMLBRIDGE_BATCH``. Each worker is a process; one that
hangs or dies is replaced, and its mini batch tried again.

The contract is that of Azure's documentation: ``init()`` once in each process, ``run(mini_batch)`` with a list of file
paths returns a DataFrame (written without header, separated by blanks) or a list (an element per line), one row or
element for each file that worked; ``AZUREML_MODEL_DIR`` holds the model, ``AZUREML_BI_OUTPUT_PATH`` is the output. An
MLflow model without a script reads CSV, Parquet and JSON files and writes rows of row number, prediction and file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = "AMLBRIDGE_BATCH"
_WORKER = "--worker"


class BatchError(Exception):
    """Why the job fails, in words for its user."""


# -- a worker ----------------------------------------------------------------------------------------------------------


def work(reads: int, writes: int) -> None:
    """Loads the model, then scores one mini batch for each line that it gets."""
    settings = json.loads(os.environ[SETTINGS])
    with os.fdopen(reads, encoding="utf-8") as requests, os.fdopen(writes, "w", encoding="utf-8") as replies:

        def reply(**content: Any) -> None:
            replies.write(json.dumps(content) + "\n")
            replies.flush()

        try:
            run = _script(settings["script"]) if settings["script"] else _mlflow()
        except Exception:  # noqa: BLE001 - told to the driver, which tells the user
            reply(error=traceback.format_exc())
            return
        reply(ready=True)
        for line in requests:
            try:
                text, count = run(json.loads(line))
            except Exception:  # noqa: BLE001 - told to the driver, which tells the user
                reply(error=traceback.format_exc())
            else:
                reply(text=text, count=count)
            sys.stdout.flush()


def _script(name: str) -> Callable[[list[str]], tuple[str, int]]:
    path = Path(name).absolute()
    sys.path.insert(0, str(path.parent))
    specification = importlib.util.spec_from_file_location("entry_module", path)
    if specification is None or specification.loader is None:
        raise BatchError(f"{name} is not a Python script")
    module = importlib.util.module_from_spec(specification)
    sys.modules["entry_module"] = module
    specification.loader.exec_module(module)
    for function in ("init", "run"):
        if not callable(getattr(module, function, None)):
            raise BatchError(
                f"{name} has no function {function}(): a scoring script defines init() and run(mini_batch)"
            )
    module.init()
    return lambda files: _rows(module.run(files))


def _rows(result: Any) -> tuple[str, int]:
    """The lines of what run() returned, and how many there are."""
    if hasattr(result, "to_csv") and hasattr(result, "columns"):
        return result.to_csv(sep=" ", header=False, index=False), len(result)
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__iter__"):
        raise BatchError(f"run() must return a DataFrame or a list, not {type(result).__name__}")
    items = [str(item) for item in result]
    return "".join(f"{item}\n" for item in items), len(items)


def _mlflow() -> Callable[[list[str]], tuple[str, int]]:
    import mlflow.pyfunc
    import pandas as pd

    model = mlflow.pyfunc.load_model(os.environ["AMLBRIDGE_BATCH_MODEL"])
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".pqt": pd.read_parquet,
        ".json": pd.read_json,
        ".jsonl": lambda path: pd.read_json(path, lines=True),
    }

    def run(files: list[str]) -> tuple[str, int]:
        parts = []
        for path in files:
            kind = Path(path).suffix.lower()
            if kind not in readers:
                known = ", ".join(readers)
                raise BatchError(
                    f"{path} is none of {known}: give the deployment a scoring script that reads such files"
                )
            found = pd.DataFrame(model.predict(readers[kind](path))).reset_index(drop=True)
            found.insert(0, "amlbridge_row", range(len(found)))
            found["amlbridge_file"] = Path(path).name
            parts.append(found.to_csv(header=False, index=False))
        return "".join(parts), len(files)

    return run


# -- the driver --------------------------------------------------------------------------------------------------------


class Worker:
    """A worker process and the pipes to it."""

    def __init__(self) -> None:
        theirs, self._requests = os.pipe()
        self._replies, answers = os.pipe()
        command = [sys.executable, str(Path(__file__).absolute()), _WORKER, str(theirs), str(answers)]
        self._process = subprocess.Popen(command, pass_fds=(theirs, answers), stdin=subprocess.DEVNULL)
        os.close(theirs)
        os.close(answers)
        self._rest = b""

    def ask(self, files: list[str], timeout: float) -> dict[str, Any]:
        """The reply to a mini batch. Raises TimeoutError, and EOFError when the process ended."""
        try:
            os.write(self._requests, json.dumps(files).encode() + b"\n")
        except BrokenPipeError:
            raise EOFError from None
        return self.reply(timeout)

    def reply(self, timeout: float | None) -> dict[str, Any]:
        """The next reply; ``timeout`` in seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._replies], [], [], left)[0]:
                raise TimeoutError
            read = os.read(self._replies, 1 << 16)
            if not read:
                raise EOFError
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> int:
        """Kills the process; returns its exit code."""
        self._process.kill()
        for pipe in (self._requests, self._replies):
            os.close(pipe)
        return self._process.wait()


class Driver:
    """Gives mini batches to workers and writes their results in the order of the files."""

    def __init__(self, settings: dict[str, Any], batches: list[list[str]], output: Path) -> None:
        self._settings = settings
        self._batches = batches
        self._output = output
        self._left: queue.Queue[int] = queue.Queue()
        self._lock = threading.Lock()
        self._results: dict[int, str] = {}
        self._written = 0
        self._errors = 0
        self._failure: str | None = None

    def run(self) -> None:
        """Scores everything. Raises BatchError."""
        for number in range(len(self._batches)):
            self._left.put(number)
        count = min(self._settings["workers"], len(self._batches))
        threads = [threading.Thread(target=self._serve) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise BatchError(self._failure)
        files = sum(map(len, self._batches))
        print(f"scored {files - self._errors} of {files} files, {self._errors} failed", flush=True)

    def _serve(self) -> None:
        worker: Worker | None = None
        try:
            while self._failure is None:
                try:
                    number = self._left.get_nowait()
                except queue.Empty:
                    return
                worker = self._score(worker, number)
        except BatchError as failure:
            self._failure = self._failure or str(failure)
        except Exception:  # noqa: BLE001 - told to the driver, which tells the user
            self._failure = self._failure or traceback.format_exc()
        finally:
            if worker is not None:
                worker.end()

    def _score(self, worker: Worker | None, number: int) -> Worker | None:
        """Scores one mini batch, again if need be; returns the worker for the next one."""
        files, started = self._batches[number], time.monotonic()
        problem = ""
        for attempt in range(1 + self._settings["maxRetries"]):
            if self._failure is not None:
                return worker
            if worker is None:
                worker = self._start()
            try:
                reply = worker.ask(files, self._settings["timeout"])
            except TimeoutError:
                worker.end()
                worker, problem = None, f"run() took more than {self._settings['timeout']:g} s"
            except EOFError:
                code, worker = worker.end(), None
                problem = f"the process of the scoring script ended with exit code {code}"
            else:
                if "error" not in reply:
                    seconds = time.monotonic() - started
                    label = f"mini batch {number + 1}/{len(self._batches)}: {len(files)} files"
                    print(f"{label}, {reply['count']} results, {seconds:.2f} s", flush=True)
                    self._done(
                        number, reply["text"], max(0, len(files) - reply["count"]), "run() returned fewer results"
                    )
                    return worker
                problem = reply["error"]
            print(f"mini batch {number + 1}, attempt {attempt + 1}: {problem}", file=sys.stderr, flush=True)
        self._done(number, "", len(files), problem)
        return worker

    def _start(self) -> Worker:
        worker = Worker()
        try:
            reply = worker.reply(None)
        except EOFError:
            code = worker.end()
            raise BatchError(f"the process of the scoring script ended in init() with exit code {code}") from None
        if "error" in reply:
            worker.end()
            raise BatchError(f"the model cannot be loaded:\n{reply['error']}")
        return worker

    def _done(self, number: int, text: str, failed: int, problem: str) -> None:
        with self._lock:
            self._errors += failed
            if self._settings["outputAction"] == "AppendRow":
                self._results[number] = text
                with self._output.open("a", encoding="utf-8") as target:
                    while self._written in self._results:
                        target.write(self._results.pop(self._written))
                        self._written += 1
            most = self._settings["errorThreshold"]
            if failed and self._failure is None and 0 <= most < self._errors:
                self._failure = f"{self._errors} files failed, more than error_threshold ({most}) allows: {problem}"


def files_of(place: Path) -> list[str]:
    """The files of an input, in the order of their paths."""
    if place.is_file():
        return [str(place)]
    return sorted(str(Path(folder, name)) for folder, _, names in os.walk(place) for name in names)


def main(arguments: list[str]) -> int:
    """``driver.py OUTPUT INPUT [MODEL]``. Returns the exit code."""
    output, place = (Path(item).absolute() for item in arguments[:2])
    settings = json.loads(os.environ[SETTINGS])
    output.mkdir(parents=True, exist_ok=True)
    os.environ["AZUREML_BI_OUTPUT_PATH"] = str(output)
    with tempfile.TemporaryDirectory() as holder:
        if len(arguments) > 2:
            model = Path(arguments[2]).absolute()
            Path(holder, settings["modelName"]).symlink_to(model)
            os.environ["AMLBRIDGE_BATCH_MODEL"] = str(model)
            os.environ["AZUREML_MODEL_DIR"] = holder
        files, size = files_of(place), settings["miniBatchSize"]
        try:
            if not files:
                raise BatchError("there are no files in the input")
            target = output / settings["outputFileName"]
            target.unlink(missing_ok=True)
            batches = [files[start : start + size] for start in range(0, len(files), size)]
            Driver(settings, batches, target).run()
        except BatchError as failure:
            print(failure, file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == [_WORKER]:
        work(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
