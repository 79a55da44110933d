"""Which modules that do not name SDK v1 are looked at: those that get something of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.modules import build_project

SCRIPT = "from azureml.core import Dataset, Run, Workspace\nfrom lib import helper\n\nws = Workspace.from_config()\n"
HELPER = """\
from lib import far

def take(thing, *more):
    return far.run(thing)

def call(thing):
    return thing.experiment

class Holder:
    def __init__(self, thing=None):
        self.thing = thing

    def submit(self):
        return self.thing.experiment
"""
FAR = "def run(job):\n    return job.experiment\n"
PLAIN = "from lib import helper, far\n\ndef job(x):\n    return helper.call(x).experiment\n"


def looked_at(script: str, **others: str) -> set[str]:
    """The modules that may be changed, of a script and a library beside it."""
    texts = {"lib/helper": HELPER, "lib/far": FAR, "lib/__init__": "", "plain": PLAIN, **others}
    modules = [ModuleText(Path("/code/submit.py"), SCRIPT + script)]
    modules += [ModuleText(Path(f"/code/{name}.py"), text) for name, text in texts.items()]
    project = build_project(modules, Options())
    return {module.path.stem for module in modules if project.wants(module)} - {"submit"}


@pytest.mark.parametrize("script", ["", "helper.take(1, 'data')\n", "helper.call(len)\n", "helper.Holder().submit()\n"])
def test_a_library_that_gets_nothing_is_not_looked_at(script: str) -> None:
    assert looked_at(script) == set()


@pytest.mark.parametrize(
    "script",
    [
        "helper.call(ws)\n",
        "helper.call(thing=ws)\n",
        "helper.call([ws])\n",
        "given = {'a': [ws]}\nhelper.call(given)\n",
        "helper.call(Workspace)\n",
        "helper.Holder(ws).submit()\n",
        "holder = helper.Holder()\nholder.thing = ws\n",
        "class Mine(helper.Holder):\n    pass\n",
        "def made():\n    return ws\n\nhelper.call(made)\n",
        "class Box:\n    def __init__(self):\n        self.run = Run.get_context()\n\nhelper.call(Box())\n",
    ],
)
def test_what_is_handed_an_object_is_looked_at(script: str) -> None:
    assert looked_at(script) >= {"helper"}


def test_what_a_helper_hands_on_is_followed() -> None:
    assert looked_at("helper.take(ws)\n") >= {"helper", "far"}
    assert "far" not in looked_at("helper.call(ws)\n")


def test_a_module_that_imports_what_gives_an_object_is_looked_at() -> None:
    assert "plain" in looked_at("helper.call(ws)\n")
    taking = "def take(thing):\n    print(thing.experiment)\n"
    user = "from lib import taking\n\ndef job(x):\n    taking.take(x)\n"
    assert looked_at("from lib import taking\ntaking.take(ws)\n", **{"lib/taking": taking, "user": user}) == {"taking"}
    assert "user" in looked_at("", user="import submit\n\nprint(submit.ws.experiments)\n")


def test_an_error_on_the_way_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One module that cannot be evaluated must not end the run, nor keep the others from being looked at."""

    def reached(*_given: object) -> set[Path]:
        raise RecursionError

    monkeypatch.setattr("amlbridge.migrate.project.neighbours.reached", reached)
    assert looked_at("") >= {"helper"}
