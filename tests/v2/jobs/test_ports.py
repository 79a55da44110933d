"""Modes of inputs: those that mount what an MLTable lists."""

from __future__ import annotations

import pytest

from amlbridge.v2.jobs import ports
from tests.support.live import LiveService
from tests.v1.pipelines.scripts import lines
from tests.v2.jobs.scripts import HEAD

CLIENT = """
import mltable
os.makedirs("images/inner", exist_ok=True)
for name in ("a.png", "b.png", "inner/c.png", "notes.txt"):
    open("images/" + name, "w").write(name)
data = ml.data.create_or_update(Data(name="images", path="images", type="uri_folder"))
mltable.from_paths([{"pattern": data.path.rstrip("/") + "/*.png"}]).save("listed")

def names(mode):
    given = Input(type="mltable", path="listed", mode=mode)
    made = command(command="ls ${{inputs.files}} > outputs/names.txt", environment=ENV, inputs={"files": given})
    job = follow(made)
    ml.jobs.download(job.name, download_path=mode)
    text = next(text for name, text in tree(mode).items() if name.endswith("names.txt"))
    print(mode.upper(), text.split())

for mode in ("eval_mount", "eval_download", "ro_mount"):
    names(mode)
"""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((None, "eval_mount"), True),
        (("EvalDownload", None), True),
        (("ro_mount", "eval_mount"), False),
        ((None, None), False),
    ],
)
def test_the_first_mode_says_whether_an_input_is_evaluated(names: tuple[str | None, ...], expected: bool) -> None:
    assert ports.is_evaluated(*names) is expected


@pytest.mark.slow
def test_a_job_finds_the_files_that_an_mltable_lists(live: LiveService) -> None:
    done = live.run(HEAD + CLIENT).stdout
    assert lines(done, "EVAL_MOUNT") == ["['a.png', 'b.png']"]
    assert lines(done, "EVAL_DOWNLOAD") == ["['a.png', 'b.png']"]
    assert lines(done, "RO_MOUNT") == ["['MLTable']"]
