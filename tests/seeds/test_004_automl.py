"""The article on AutoML in v1 pipelines: every cell unchanged, under ``amlbridge run``, with local tables behind web
paths.

What the article leaves to its reader is supplied before a cell, never in it:

* ``dataprep.py`` uses ``os`` and does not import it, so that it fails in Azure as well: the import stands before it. It
  draws random ages and names a seed that it does not use: with one, two runs of it can be compared.
* "Another option is to use Dataset objects registered in the workspace" names a dataset that nobody has registered: the
  test registers one, for a second run. The first one takes the cell before it, which the text calls the faster way.
* "Examine pipeline results" reads ``metrics_output`` and ``model_output``, which are no names of the article: they are
  what ``get_pipeline_output`` has returned, whose path is the same below the current folder once it is downloaded.
* "Download the results" looks for the run in ``ex``, which is the experiment of the line before, and takes the default
  outputs, which the article's own step switches off (Azure would say KeyError): the second run has them, by the two
  arguments that its "Important" note names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.seeds import notebook_cells, passengers
from tests.support.command import Command

pytestmark = pytest.mark.slow

_WEB = "https://dprepdata.blob.core.windows.net/demo"
_CELLS = notebook_cells.read("automl_pipeline")
_DATASET, _COMPUTE, _CONFIG, _DATAPREP, _PREPARE, _PREPARED, _REGISTERED, _OUTPUTS, _AUTOML = _CELLS[:9]
_REGISTER_PY, _REGISTER, _PIPELINE, _DOWNLOAD, _METRICS, _MODEL, _FIND, _DEFAULTS = _CELLS[9:]
_OUT = 'print("{name}", json.dumps({value}))\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder with the two tables behind the web paths."""
    command = Command(tmp_path_factory.mktemp("desk"))
    command.environment["AMLBRIDGE_PREWARM"] = "1"
    for number, name in enumerate(("Titanic.csv", "Titanic2.csv")):
        table = command.folder / "tables" / name
        passengers.write(table, rows=150 + number, seed=number, fractions=False)
        command("map", "add", f"{_WEB}/{name}", str(table))
    yield command
    command("down", code=None)


def _told(out: str, name: str) -> Any:
    line = next(line for line in out.splitlines() if line.startswith(f"{name} "))
    return json.loads(line.removeprefix(f"{name} "))


@pytest.fixture(scope="module")
def cells() -> list[str]:
    """Those that make and submit the pipeline."""
    before = "%%writefile dataprep.py\nimport os\nimport numpy\nnumpy.random.seed(42)\n"
    dataprep = _DATAPREP.replace("%%writefile dataprep.py\n", before)
    made = (_DATASET, _COMPUTE, _CONFIG, dataprep, _PREPARE, _PREPARED, _OUTPUTS, _AUTOML, _REGISTER_PY, _REGISTER)
    return ["import json\n", *made, _PIPELINE]


@pytest.fixture(scope="module")
def printed(desk: Command, cells: list[str]) -> str:
    """What the whole article prints."""
    prepared = "titanic_ds.take(100).register(ws, 'Data_prepared')\n"
    # The names that the text uses for what the cell before has returned.
    names = "metrics_output, model_output = metrics_output_port, model_output_port\n"
    scores = "df.loc['AUC_weighted'].map(lambda value: value[0]).tolist()"
    look = [
        "from azureml.core import Model\n",
        _OUT.format(name="RUN", value="run.id"),
        _OUT.format(name="STEPS", value="{step.name: step.get_status() for step in run.get_steps()}"),
        _OUT.format(name="TABLE", value=f"[list(df.columns), {scores}]"),
        _OUT.format(name="MODEL", value="[type(best_model).__name__, Model(ws, 'TitanicSurvivalInitial').version]"),
    ]
    # The registered dataset, and the default outputs.
    switched_on = _AUTOML.replace("output=False", "output=True")
    assert switched_on.count("output=True") == 2
    second = "run = experiment.submit(Pipeline(ws, [train_step]))\nrun.wait_for_completion(show_output=False)\n"
    find = _FIND.replace("'aaaaaaaa-bbbb-cccc-dddd-0123456789AB'", "run.id")
    back = [
        *(_REGISTERED, _OUTPUTS, switched_on, second, "ex = experiment\n", find, _DEFAULTS),
        "import glob\n",
        _OUT.format(name="FILES", value="sorted(path.split('/')[-1] for path in glob.glob('azureml/*/default_*'))"),
    ]
    first = [*cells[:6], prepared, *cells[6:], _DOWNLOAD, names, _METRICS, _MODEL, *look]
    desk.write("article.py", notebook_cells.script([*first, *back]))
    return desk("run", "article.py").stdout


def test_from_the_web_paths_to_the_registered_model_and_back_from_the_run(printed: str) -> None:
    out = printed
    assert _told(out, "STEPS") == dict.fromkeys(("dataprep", "AutoML_Classification", "register_model"), "Finished")
    children, measured = _told(out, "TABLE")
    assert len(children) == len(measured) == 2
    assert all(0 <= score <= 1 for score in measured)
    assert _told(out, "MODEL") == ["Pipeline", 1]
    assert _told(out, "FILES") == ["default_metrics_AutoML_Classification", "default_model_AutoML_Classification"]


def test_what_is_traced_runs_in_sdk_v2_and_is_the_same(desk: Command, printed: str, cells: list[str]) -> None:
    desk.write("pipeline.py", notebook_cells.script(cells))
    target = desk.folder.with_name("traced")
    desk("trace", "pipeline.py", "-o", str(target))
    folder = target / "titanic_automl"
    report = _compared(desk, _told(printed, "RUN"), str(folder / "pipeline.py"))
    assert [step["verdict"] for step in report["steps"]] == ["same"] * 3
    assert report["verdict"] == "same"
    # The YAML is the same graph.
    desk.write("submit.py", _SUBMIT.format(path=folder / "pipeline.yml"))
    desk("trace", "submit.py", "-o", str(target.with_name("again")))
    (again,) = target.with_name("again").glob("*/plan.json")
    report = _compared(desk, str(folder / "plan.json"), str(again))
    checks = [*report["pipeline"], *(check for step in report["steps"] for check in step["checks"])]
    assert [check for check in checks if check["verdict"] == "different"] == []
    assert len(report["steps"]) == 3


_SUBMIT = """
    from azure.ai.ml import MLClient, load_job
    from azure.identity import DefaultAzureCredential

    MLClient.from_config(DefaultAzureCredential()).jobs.create_or_update(load_job("{path}"))
"""


def _compared(desk: Command, left: str, right: str) -> Any:
    return json.loads(desk("compare", left, right, "--json", code=None).stdout)
