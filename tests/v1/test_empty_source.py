"""A step whose source directory has no files."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_an_empty_source_directory_before_and_after_others(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
os.makedirs("empty")
def command(text, name, folder):
    return CommandStep(command=text, name=name, source_directory=folder, compute_target=cpu, allow_reuse=False)
for number in range(2):
    made = run([command("echo hello; ls -A | grep -vc -e outputs -e logs; true", "bare", "empty"), step("ok.py", "ok")])
    print("RUN", statuses(made), made.find_step_run("bare")[0].get_stdout_log().split())
""",
        files=FILES,
    ).stdout
    assert lines(done, "RUN") == ["[('bare', 'Finished'), ('ok', 'Finished')] ['hello', '0']"] * 2
