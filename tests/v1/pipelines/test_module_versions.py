"""Versions of a module: what the real client changes on one."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_description_and_status_of_a_version(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
from azureml.pipeline.core import Module, ModuleVersion
module = Module.create(ws, "versioned", "about")
version = module.publish_python_script("ok.py", "first", inputs=[], outputs=[], params={}, version="1",
                                       source_directory="src")
def again():
    found = Module.get(ws, name="versioned").module_version_list()[0]
    return ModuleVersion.get(ws, module_version_id=found.module_version_id)
version.set_description("changed")
print("DESCRIPTION", again().description)
for change in (version.disable, version.enable, version.deprecate):
    change()
    print("STATUS", again().status)
""",
        files=FILES,
    ).stdout
    assert lines(done, "DESCRIPTION") == ["changed"]
    assert lines(done, "STATUS") == ["2", "0", "1"], "disabled, active, deprecated"
