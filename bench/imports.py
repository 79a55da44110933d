"""A step that imports what v1 steps import, warm, against ``python main.py``; the same with a logged metric."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .live import Client, LiveService
from .machine import say
from .measure import Row, Series, Target, interleave, timed

_IMPORTS = "import azureml.core\nimport pandas\nimport sklearn\n"
_SCRIPTS = {
    "imports": _IMPORTS + "print(azureml.core.VERSION, pandas.__version__, sklearn.__version__)\n",
    "metric": _IMPORTS + 'run = azureml.core.Run.get_context()\nrun.log("accuracy", 0.9)\n',
}
_NAME = "step that imports azureml.core, pandas, sklearn"
_NOTE = (
    "a one-step pipeline that the real v1 client submits to the real service process; from `started` to `ended` of the "
    "step's run record; the floor is `python main.py` of the same script"
)
_METRIC_NOTE = (
    "the same; the real client then reads the metric of every step; outside of a run the floor's `Run.get_context()` "
    "is an offline run that only prints"
)


def rows(quick: bool) -> Iterator[Row]:
    """Both steps."""
    rounds = 3 if quick else 6
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as root, LiveService(Path(root)) as service:
        with Client(service) as client:
            service.wait_until_warm()
            found, seen = {}, []
            for name, script in _SCRIPTS.items():
                say(f"  {name}")
                folder = Path(root) / name
                folder.mkdir()
                (folder / "main.py").write_text(script)
                step = _Step(service, client, folder)
                step.run()
                found[name] = interleave({"ours": step.run, "floor": step.floor}, rounds)
                seen = step.submitted
            _check_metrics(client, seen)
        yield _row(_NAME, found["imports"], 0.05, _NOTE)
        yield _row(f"{_NAME}, with `Run.get_context()` and one metric", found["metric"], 0.2, _METRIC_NOTE)


class _Step:
    def __init__(self, service: LiveService, client: Client, folder: Path) -> None:
        self._service, self._client, self._folder = service, client, folder
        self.submitted: list[str] = []

    def run(self) -> float:
        """The step's seconds according to the records."""
        answer = self._client.ask("submit", folder=str(self._folder), steps=1)
        self.submitted.append(answer["run_id"])
        (step,) = self._service.wait(answer["workspace_id"], answer["run_id"])
        if step.started is None or step.ended is None:
            raise RuntimeError("the step's record has no times")
        return step.ended - step.started

    def floor(self) -> float:
        """The seconds of a fresh interpreter."""
        command = [sys.executable, "main.py"]
        return timed(lambda: subprocess.run(command, cwd=self._folder, stdout=subprocess.DEVNULL, check=True))


def _check_metrics(client: Client, run_ids: list[str]) -> None:
    for run_id in run_ids:
        found = client.ask("metrics", run_id=run_id)
        if found != {"step0": {"accuracy": 0.9}}:
            raise RuntimeError(f"the metric of {run_id} cannot be read afterwards: {found}")


def _row(name: str, found: dict[str, Series], limit: float, note: str) -> Row:
    return Row(name, ours=found["ours"], floor=found["floor"], target=Target(limit), note=note)
