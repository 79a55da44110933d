"""Workspaces that objects hold: the client is that of the code around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted, flat
from tests.migrate.rules.support import convert

INTERFACE = """\
from azureml.core import Experiment, Workspace
from azureml.core.authentication import ServicePrincipalAuthentication


class Interface:
    def __init__(self, credentials, subscription, name, group):
        auth = ServicePrincipalAuthentication(**credentials)
        self.workspace = Workspace(subscription, group, name, auth=auth)

    def submit(self, config, name):
        run = Experiment(self.workspace, name).submit(config)
        run.wait_for_completion(show_output=True)
        return run
"""
SUBMIT = """\
from azureml.core import Environment, Experiment, ScriptRunConfig
from interface import Interface


def environment_of(interface):
    return Environment.get(interface.workspace, "train")


def main():
    interface = Interface(CREDENTIALS, "s", "w", "g")
    config = ScriptRunConfig("src", "train.py", compute_target="cpu", environment=environment_of(interface))
    run = Experiment(interface.workspace, "night").submit(config)
    run.wait_for_completion()
    print(run.get_metrics())
"""
WHEEL = """\
from azureml.core import Environment


def wheel(interface):
    return Environment.add_private_pip_wheel(workspace=interface.workspace, file_path="dist/a.whl")
"""


def test_the_client_is_that_of_the_object(tmp_path: Path) -> None:
    after = converted(tmp_path, {"interface.py": INTERFACE, "submit.py": SUBMIT})
    made, used = flat(after["interface.py"]), flat(after["submit.py"])
    assert 'client_secret=credentials["service_principal_password"]' in made
    assert "run = self.workspace.jobs.create_or_update(config, experiment_name=name)" in made
    assert "self.workspace.jobs.stream(run.name)" in made
    assert 'return interface.workspace.environments.get("train", label="latest")' in used
    assert 'interface.workspace.jobs.create_or_update(config, experiment_name="night")' in used
    assert "from_config" not in made + used and "azureml.core" not in made + used


def test_mlflow_is_told_it_once_the_object_is_there(tmp_path: Path) -> None:
    used = flat(converted(tmp_path, {"interface.py": INTERFACE, "submit.py": SUBMIT})["submit.py"])
    told = used.index("mlflow.set_tracking_uri(interface.workspace.workspaces.get(interface.workspace.workspace_name)")
    assert used.index('interface = Interface(CREDENTIALS, "s", "w", "g")') < told < used.index("mlflow.get_run(")


def test_code_that_stays_looks_it_up(tmp_path: Path) -> None:
    """One use that SDK v2 has nothing for keeps no other module v1."""
    call = "\nfrom wheel import wheel\n\nwheel(Interface(CREDENTIALS, 's', 'w', 'g'))\n"
    after = converted(tmp_path, {"interface.py": INTERFACE, "submit.py": SUBMIT + call, "wheel.py": WHEEL})
    assert "self.workspace = MLClient(" in after["interface.py"]
    assert "Workspace.get(interface.workspace.workspace_name, subscription_id=" in flat(after["wheel.py"])


@pytest.mark.parametrize(
    ("chosen", "after"),
    [
        ("max(runs, key=lambda r: r.get_metrics()['a'])", "max(runs, key=lambda r: mlflow.get_run(r.name)"),
        ("sorted(runs, key=lambda r: r.id)[0]", "sorted(runs, key=lambda r: r.name)[0]"),
        ("next(filter(lambda r: r.id == ID, runs))", "next(filter(lambda r: r.name == ID, runs))"),
    ],
)
def test_functions_that_look_at_each_element(chosen: str, after: str) -> None:
    text = convert(
        "from azureml.core import Experiment, Workspace\n\nws = Workspace.from_config()\n"
        f'runs = list(Experiment(ws, "e").get_runs())\nbest = {chosen}\nprint(best.get_portal_url())\n'
    ).text
    assert after in flat(text) and "azureml" not in text
    assert "print(best.studio_url)" in text


def test_mlflow_is_told_of_a_client_beside_a_workspace_below_it() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Run
from company.ml import connect


def main():
    print("start")
    ws = connect()
    for run in Experiment(ws, "e").get_runs():
        print(run.get_metrics())
"""
    ).text
    lines = flat(text)
    assert lines.index("ml_client = MLClient(") < lines.index("mlflow.set_tracking_uri(ml_client.workspaces.get(")
    assert text.count("set_tracking_uri") == 1


def test_what_stays_finds_its_objects_in_the_workspace_that_the_object_holds() -> None:
    """The class that makes the attribute is not there to be seen: another workspace would be a guess."""
    text = convert(
        """
        from azureml.core import Experiment
        from azureml.pipeline.core import Pipeline
        from platform_of_ours import Base


        class Nightly(Base):
            def submit(self, steps):
                experiment = Experiment(self.ws, "night")
                return experiment.submit(Pipeline(workspace=self.ws, steps=steps))
        """
    ).text
    assert "from_config" not in text
    assert "Experiment(self.ws, experiment).submit(" in text
