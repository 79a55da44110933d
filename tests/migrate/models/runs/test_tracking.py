"""MLflow is told which workspace it tracks to, in every function that asks it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Experiment, Run, Workspace\n\n\n"
SET = "mlflow.set_tracking_uri({0}.workspaces.get({0}.workspace_name).mlflow_tracking_uri)"


def joined(text: str) -> str:
    """The text without the blanks that black breaks lines with."""
    return "".join(text.split())


@pytest.mark.parametrize(
    ("code", "after"),
    [
        # A client that comes as a parameter, from nobody in this module.
        (
            "def f(ws, name):\n    '''Doc.'''\n    return Run.get(ws, name).get_metrics()\n",
            "'''Doc.'''" + SET.format("ws"),
        ),
        # One that the caller in this module makes: it is told once, there.
        (
            "def f(ws):\n    return Run.get(ws, 'a').get_metrics()\n\n\n"
            "def main():\n    ws = Workspace.from_config()\n    f(ws)\n",
            "credential=DefaultAzureCredential())" + SET.format("ml_client") + "f(ml_client)",
        ),
        # One of a class.
        (
            "class A:\n    def __init__(self):\n        self.ws = Workspace.from_config()\n"
            "        self.run = Run.get(self.ws, 'a')\n\n    def f(self):\n        return self.run.get_metrics()\n",
            SET.format("self.ws") + "self.run=self.ws.jobs.get",
        ),
        # One of a helper that is not known.
        ("ws = helper()\nprint(Run.get(ws, 'a').get_metrics())\n", "ws=helper()" + SET.format("ws") + "print("),
        # None at all.
        ("def f(run: Run):\n    return run.get_metrics()\n", "())" + SET.format("ml_client") + "return"),
    ],
)  # fmt: skip
def test_mlflow_knows_the_workspace(code: str, after: str) -> None:
    text = convert(HEAD + code).text
    assert joined(after) in joined(text).replace('"', "'")
    assert text.count("set_tracking_uri") == 1


def test_each_function_that_makes_a_client_tells_mlflow() -> None:
    code = "def {}():\n    ws = Workspace.from_config()\n    return Run.get(ws, 'a').get_metrics()\n\n\n"
    assert convert(HEAD + code.format("f") + code.format("g")).text.count("set_tracking_uri") == 2


def test_a_job_knows_its_workspace() -> None:
    code = "from azureml.core import Run\n\nrun = Run.get_context()\nprint(run.experiment.id)\n"
    assert "set_tracking_uri" not in convert(code).text


def test_the_id_of_an_experiment_is_there_before_its_first_job() -> None:
    text = convert(HEAD + "ws = Workspace.from_config()\nprint(Experiment(ws, 'a').id)\n").text
    assert "mlflow.set_experiment('a').experiment_id" in text.replace('"', "'") and "set_tracking_uri" in text


def test_a_client_of_another_module_is_there_before_mlflow_hears_of_it(tmp_path: Path) -> None:
    helper = "from azureml.core import Workspace\n\n\ndef workspace():\n    return Workspace.from_config()\n"
    code = "from helper import workspace\nfrom azureml.core import Run\n\n\ndef main():\n    print('start')\n"
    code += "    ws = workspace()\n    print(Run.get(ws, 'a').get_metrics())\n"
    text = joined(converted(tmp_path, {"helper.py": helper, "main.py": code})["main.py"])
    assert joined("ml_client = workspace()" + SET.format("ml_client")) in text


def test_code_that_tells_mlflow_only_further_below() -> None:
    """As notebooks do that come to MLflow in a later cell: what is above would be logged to a folder here."""
    text = convert(
        """\
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
run = Experiment(ws, "e").start_logging()
run.complete()
import mlflow
mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
run = Experiment(ws, "f").start_logging()
"""
    ).text
    assert text.index("set_tracking_uri") < text.index('mlflow.set_experiment("e")')
    assert text.count("set_tracking_uri") == 2


def test_mlflow_is_told_once_for_all_that_is_logged_and_read() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
experiment = Experiment(ws, "e")
run = experiment.start_logging()
run.complete()
print(run.get_metrics(), [other.id for other in experiment.get_runs()])
"""
    ).text
    assert text.count("set_tracking_uri") == 1


_TRY = """\
try:
    ws = Workspace.from_config()
except Exception:
    print("none here")
    ws = Workspace.get("a", subscription_id="b", resource_group="c")
print([run.id for run in Experiment(ws, "e").get_runs()])
"""
_IF = """\
if name:
    ws = Workspace.get(name, subscription_id="b", resource_group="c")
elif home:
    ws = Workspace.from_config(home)
else:
    raise ValueError("which workspace?")
print([run.id for run in Experiment(ws, "e").get_runs()])
"""
_INSIDE = f"def main(name, home):\n{textwrap.indent(_TRY, '    ')}\n\nmain(None, None)\n"


@pytest.mark.parametrize(("code", "indent"), [(_TRY, ""), (_IF, ""), (_INSIDE, "    ")])
def test_mlflow_is_told_whichever_branch_makes_the_client(code: str, indent: str) -> None:
    text = convert(HEAD + code).text
    made, told = text.split(f"\n{indent}mlflow.set_tracking_uri(")
    assert made.count("ml_client = MLClient") == 2 and "MLClient" not in told


def test_mlflow_is_told_behind_each_client_where_another_one_may_be_made_later() -> None:
    text = convert(
        HEAD
        + """\
ws = None
try:
    ws = Workspace.from_config()
except Exception as error:
    print(error)
if ws is None:
    ws = Workspace.get("a", subscription_id="b", resource_group="c")
print([run.id for run in Experiment(ws, "e").get_runs()])
"""
    ).text
    assert text.count("\n    mlflow.set_tracking_uri(") == 2 == text.count("set_tracking_uri")


def test_a_workspace_that_stays_has_a_client_that_mlflow_is_told_of() -> None:
    text = convert("from azureml.core import Model\n" + HEAD + _TRY + "Model._get(ws, 'm')\n").text
    assert "azureml" in text and joined(SET.format("ml_client") + "print(") in joined(text)


def test_mlflow_is_told_behind_each_client_beside_a_workspace_that_is_made_again() -> None:
    """As notebooks do: what is logged between them is logged to the first one."""
    again = "run = Experiment(ws, 'e').start_logging()\nrun.log('x', 1.0)\nrun.complete()\n"
    text = convert(
        "from azureml.core import Model\nfrom azureml.core.authentication import AzureCliAuthentication\n"
        + HEAD
        + "auth = AzureCliAuthentication()\nauth._sign_in_again()\n"
        + f"ws = Workspace.from_config(auth=auth)\nModel._get(ws, 'm')\n{again}"
        + f"ws = Workspace.from_config()\n{again}"
    ).text
    assert text.index("mlflow.set_tracking_uri(") < text.index("mlflow.start_run(")
    assert text.count("mlflow.set_tracking_uri(") == 2 == text.count("mlflow.start_run(")


def test_the_client_of_an_object_is_read_where_the_code_stands() -> None:
    """The workspace of an experiment in an attribute is in one as well, of the same object."""
    text = convert(
        HEAD + "class Work:\n    def __init__(self):\n        self.ws = Workspace.from_config()\n"
        "        self.experiment = Experiment(self.ws, 'train')\n\n\n"
        "work = Work()\nwork.experiment.set_tags({'team': 'risk'})\n"
    ).text
    assert joined("work = Work()\n" + SET.format("work.ws") + "mlflow.set_experiment(work.experiment)") in joined(text)


def test_the_client_of_an_object_that_a_function_keeps_to_itself() -> None:
    text = convert(
        HEAD + "def make():\n    own = Workspace.from_config()\n    return Experiment(own, 'train')\n\n\n"
        "make().set_tags({'team': 'risk'})\n"
    ).text
    assert "(own." not in text.partition("make()")[2] and "mlflow.set_experiment(make())" in text


def test_the_run_of_an_explanation_that_a_class_keeps_to_itself_is_told() -> None:
    found = convert(
        "from azureml.interpret import ExplanationClient\n" + HEAD + "class Work:\n    def __init__(self):\n"
        "        self.run = Run.get(Workspace.from_config(), RUN_ID)\n"
        "        self.client = ExplanationClient.from_run(self.run)\n\n\n"
        "print(Work().client.download_model_explanation())\n"
    )
    assert "self." not in found.text.partition("Work()")[2]
    assert "the run of the explanation cannot be told" in [finding.message for finding in found.findings]


@pytest.mark.parametrize("condition", ["", "if (ws := Workspace.from_config()) is not None:\n        "])
def test_mlflow_is_told_behind_a_client_that_an_expression_makes(condition: str) -> None:
    made = condition or "(ws := Workspace.from_config())\n    "
    text = convert(f"{HEAD}\ndef show():\n    {made}print([run.id for run in Experiment(ws, 'e').get_runs()])\n").text
    assert text.index("ml_client := ") < text.index("set_tracking_uri(") < text.index("search_runs(")
    assert text.count("set_tracking_uri(") == 1
