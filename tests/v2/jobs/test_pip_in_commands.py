"""`pip install` and `conda activate` in the command of a v2 job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live import LiveService
from tests.support.wheels import wheel
from tests.v1.pipelines.scripts import lines
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

CLIENT = """
import sys
line = (f"conda activate any && pip install --no-index -f {sys.argv[1]} amlbridge_alpha && "
        "python -c 'import amlbridge_alpha as a; print(\\"ALPHA\\", a.__version__)'")
job = follow(command(command=line, environment=ENV))
print("JOB", job.status[:])
lost = follow(command(command="pip install --no-index amlbridge_gamma==3", environment=ENV))
print("LOST", lost.status[:])
"""


def test_packages_of_a_command(live: LiveService, tmp_path: Path) -> None:
    wheel(tmp_path, "amlbridge_alpha", "1.0")
    done = live.run(HEAD + CLIENT, str(tmp_path)).stdout
    assert lines(done, "JOB") == ["Completed"] and lines(done, "ALPHA") == ["1.0"]
    assert "conda activate any: skipped, amlbridge chose the interpreter" in done
    assert lines(done, "LOST") == ["Failed"] and "cannot install amlbridge_gamma==3" in done
