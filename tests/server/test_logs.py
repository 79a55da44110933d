"""The service's log stays small and loses nothing of what libraries print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import logging, os, sys
from pathlib import Path
from amlbridge.server import logs
path = Path(sys.argv[1])
descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.dup2(descriptor, 1); os.dup2(descriptor, 2)
logs.configure(path, largest=2000, keep=2)
for number in range(200):
    logging.info("line %s", number)
    if number % 50 == 0:
        print("printed", number, flush=True)
        os.write(2, b"raw\\n")
"""


def test_rotation_keeps_the_last_files(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    subprocess.run([sys.executable, "-c", _PROGRAM, str(log)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["service.log", "service.log.1", "service.log.2"]
    assert all(path.stat().st_size < 2200 for path in tmp_path.iterdir())
    text = "".join((tmp_path / name).read_text() for name in ("service.log.2", "service.log.1", "service.log"))
    numbers = [int(line.rpartition(" ")[2]) for line in text.splitlines() if "line" in line]
    assert numbers == list(range(numbers[0], 200))
    assert "printed 150" in text
    assert "raw" in text


def test_wrong_level_is_told(tmp_path: Path) -> None:
    program = "from amlbridge.server import logs; logs.configure(None); import logging; logging.info('still')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"AMLBRIDGE_LOG_LEVEL": "LOUD", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "LOUD is no level" in done.stderr
    assert "still" in done.stderr
