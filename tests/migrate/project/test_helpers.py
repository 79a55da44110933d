"""Helpers that do not name SDK v1 follow the modules that hand them its objects."""

from __future__ import annotations

import json
from pathlib import Path

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.project.test_exchange import converted, write

HELPER = """\
\"\"\"Ours.\"\"\"


def store_of(ws):
    return ws.get_default_datastore().account_name


def register(frame):
    return frame.register()


class Logbook:
    def __init__(self, run):
        self.run = run

    def note(self, losses):
        for loss in losses:
            self.run.log("loss", float(loss))
"""
CONTROL = """\
from azureml.core import Workspace
from helper import store_of

ws = Workspace.from_config()
print(store_of(ws))
"""
SCRIPT = """\
from azureml.core import Run
import helper

helper.Logbook(Run.get_context()).note([0.5])
"""


def test_a_helper_gets_what_its_callers_have(tmp_path: Path) -> None:
    after = converted(tmp_path, {"helper.py": HELPER, "control.py": CONTROL, "train.py": SCRIPT})
    assert after["helper.py"].startswith('"""Ours."""\n\nimport mlflow\n\n\ndef store_of(ws):\n')
    assert "return ws.datastores.get_default().account_name" in after["helper.py"]
    assert 'mlflow.log_metric("loss", float(loss))' in after["helper.py"]
    assert "return frame.register()" in after["helper.py"]
    assert "print(store_of(ml_client))" in after["control.py"]


def test_a_helper_of_a_helper(tmp_path: Path) -> None:
    files = {
        "control.py": CONTROL,
        "helper.py": "import inner\n\n\ndef store_of(ws):\n    return inner.named(ws, 'default')\n",
        "inner.py": "def named(ws, name):\n    return ws.datasets[name].version\n",
    }
    files["helper.py"] += "\n\ndef first(ws):\n    return ws.get_default_datastore()\n"
    after = converted(tmp_path, files)
    assert "ws.data.get(name, label=" in after["inner.py"]
    assert "azureml" not in after["control.py"]


def test_who_calls_a_helper_that_has_to_stay_v1_hands_it_a_workspace_of_v1(tmp_path: Path) -> None:
    helper = "def store_of(ws):\n    return ws.get_default_datastore().blob_service.create()\n"
    write(tmp_path, {"helper.py": helper, "control.py": CONTROL})
    reports = {report.path.name: report for report in run([tmp_path], Settings(jobs=1))}
    texts = {name: report.after.decode() for name, report in reports.items()}
    stays = "ws.get_default_datastore()" in texts["helper.py"]
    assert ("store_of(ws)" in texts["control.py"]) is stays
    assert any(finding.status.value == "manual" for report in reports.values() for finding in report.findings)


def test_what_no_caller_hands_an_object_stays_as_it_is(tmp_path: Path) -> None:
    helper = "def store_of(ws):\n    return ws.get_default_datastore().account_name\n"
    files = {"helper.py": helper, "control.py": "import azureml.core\nimport helper\n\nprint(helper.store_of(boat))\n"}
    assert converted(tmp_path, files)["helper.py"] == helper


def test_the_environment_of_a_script_has_what_its_helper_imports(tmp_path: Path) -> None:
    control = (
        "from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace\n"
        "from azureml.core.conda_dependencies import CondaDependencies\n\nws = Workspace.from_config()\n"
        "env = Environment('train')\n"
        "env.python.conda_dependencies = CondaDependencies.create(pip_packages=['azureml-defaults'])\n"
        "config = ScriptRunConfig('.', 'train.py', compute_target='cpu', environment=env)\n"
        "Experiment(ws, 'night').submit(config)\n"
    )
    script = "from azureml.core import Run\nimport helper\n\nhelper.table(Run.get_context())\n"
    helper = "def table(run):\n    return run.input_datasets['rows'].to_pandas_dataframe()\n"
    after = converted(tmp_path, {"control.py": control, "train.py": script, "helper.py": helper})
    assert "mltable" in after["control.py"]


_VAULT = "class Secrets:\n    def __init__(self, ws):\n        self.key = ws.get_default_keyvault().get_secret('key')\n"


def test_a_class_that_is_made_as_the_one_of_another_module_it_is_derived_from(tmp_path: Path) -> None:
    """What its objects are made with goes to the constructor there."""
    files = {
        "control.py": CONTROL.replace("helper import store_of", "derived import Own").replace("print(store_of", "(Own"),
        "derived.py": "from secrets_of import Secrets\n\n\nclass Own(Secrets):\n    pass\n",
        "secrets_of.py": _VAULT,
    }
    after = converted(tmp_path, files)
    assert "Own(ml_client)" in after["control.py"]
    assert "SecretClient(" in after["secrets_of.py"] and "get_default_keyvault" not in after["secrets_of.py"]


def test_a_helper_that_its_package_has_a_name_for(tmp_path: Path) -> None:
    """``from tools import Secrets``, where neither the package nor the module in it names SDK v1."""
    files = {
        "control.py": CONTROL.replace("helper import store_of", "tools import Secrets").replace("store_of", "Secrets"),
        "tools/__init__.py": "from .secrets_of import Secrets\n",
        "tools/secrets_of.py": _VAULT,
    }
    after = converted(tmp_path, files)
    assert "Secrets(ml_client)" in after["control.py"]
    assert "SecretClient(" in after["tools/secrets_of.py"]


def test_a_helper_that_only_a_notebook_imports(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": CONTROL}]
    (tmp_path / "helper.py").write_text(HELPER)
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "control.ipynb").write_text(json.dumps(notebook))
    for report in run([tmp_path], Settings(jobs=1)):
        report.path.write_bytes(report.after)
    assert "return ws.datastores.get_default().account_name" in (tmp_path / "helper.py").read_text()
    assert "print(store_of(ml_client))" in (tmp_path / "control.ipynb").read_text()
    assert not any(report.changed for report in run([tmp_path], Settings(jobs=1)))


def test_a_module_that_is_imported_below_the_use_of_what_a_helper_gives_is_imported_above(tmp_path: Path) -> None:
    after = converted(
        tmp_path,
        {
            "current.py": "from azureml.core import Run\n\n\ndef current():\n    return Run.get_context()\n",
            "train.py": "from current import current\n\nrun = current()\nrows = run.input_datasets['wine'].to_path()\n"
            "import os\n\nprint(os.sep, rows)\n",
        },
    )["train.py"]
    assert "os.environ" in after and after.index("import os\n") < after.index("os.environ")
