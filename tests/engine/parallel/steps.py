"""Runs the driver of parallel runs as a step would start it: its own process, interpreter and folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlbridge.engine import kinds

#: What a file says is what happens to it.
SCRIPT = """
import os, time
def init():
    open(os.environ["OUT"] + "/init", "a").write("i")
def run(mini_batch):
    found = []
    for path in mini_batch:
        word, name = open(path).read(), os.path.basename(path)
        if word == "slow":
            time.sleep(0.3)
        if word == "hang":
            time.sleep(60)
        if word == "die":
            os._exit(9)
        if word == "raise":
            raise ValueError("bad " + name)
        if word != "skip":
            found.append(name)
    return found
"""


@dataclass
class Done:
    """A driver that has ended: its process, the output's folder and the step's logs."""

    process: subprocess.CompletedProcess[str]
    output: Path
    logs: Path

    @property
    def code(self) -> int:
        return self.process.returncode

    @property
    def rows(self) -> list[str]:
        return (self.output / "rows.txt").read_text().splitlines()

    @property
    def sentence(self) -> str:
        """What the user is told: the last line on standard error."""
        return self.process.stderr.rstrip().rpartition("\n")[2]

    def log(self, name: str) -> str:
        return (self.logs / name).read_text()


def document(tmp_path: Path, inputs: list[dict[str, Any]], arguments: list[str], settings: dict[str, Any]) -> Path:
    """The driver's JSON."""
    output = tmp_path / "output"
    content = {
        "settings": {"entry_script": "score.py", "mini_batch_size": 1, "processes": 3, "run_max_try": 1, **settings},
        "arguments": arguments,
        "inputs": inputs,
        "output": str(output / "rows.txt") if settings.get("output_action") != "summary_only" else None,
        "output_folder": str(output),
        "model": None,
        "variables": {"OUT": str(output)},
        "prelude": None,
    }
    path = tmp_path / "driver.json"
    path.write_text(json.dumps(content))
    return path


def drive(
    tmp_path: Path,
    script: str,
    inputs: list[dict[str, Any]],
    *,
    arguments: list[str] | None = None,
    env: dict[str, str] | None = None,
    **settings: Any,
) -> Done:
    """Runs the driver on these inputs."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "score.py").write_text(textwrap.dedent(script))
    path = document(tmp_path, inputs, arguments or [], settings)
    done = subprocess.run(
        [sys.executable, str(kinds.DRIVERS["parallel"].script), str(path)],
        cwd=code,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Done(done, tmp_path / "output", code / "logs")


def files(tmp_path: Path, contents: list[str]) -> list[dict[str, Any]]:
    """An input of files 00, 01…; every other one lies in a folder below."""
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    for number, content in enumerate(contents):
        (data / ("deep" if number % 2 else "") / f"{number:02}").write_text(content)
    return [{"name": "data", "path": str(data)}]


def table(folder: Path, texts: list[str], *more: dict[str, Any], tabular: bool = True) -> dict[str, Any]:
    """An input that is a table of CSV files with these contents."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.csv"
        path.write_text(text)
        found.append({"path": str(path), "size": path.stat().st_size})
    read = {"read_delimited": {"delimiter": ",", "encoding": "utf8", "header": "all_files_same_headers"}}
    steps = [read, *more] if tabular else list(more)
    return {"name": "table", "table": {"files": found, "transformations": steps, "tabular": tabular}}
