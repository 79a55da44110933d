"""The changes: each replaces a text in one file of the migrated project.

A fault names the steps at which it has to be told ("" is the pipeline's own); nothing else may be different, but for
what lies downstream of them in the results.
"""

from __future__ import annotations

from dataclasses import dataclass

PIPE = "pipeline.py"


def component(step: str) -> str:
    """The component file of a step."""
    return f"src/{step}.component.yml"


@dataclass(frozen=True)
class Change:
    """``edits``: file, what is replaced, by what. ``told``: where it has to be told, and what (a part of it)."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    told: tuple[tuple[str, str], ...] = ()


def _one(name: str, file: str, old: str, new: str, *told: tuple[str, str]) -> Change:
    return Change(name, ((file, old, new),), told)


_TRAIN = "train = train_component(data=prepare.outputs.train, rate=rate)"
_SCORE = "score = score_component(model=train.outputs.model, data=prepare.outputs.test)"
_SCORED = "${{outputs.scores}} && echo done > ${{outputs.order_token}}/done"
_NO_REUSE = "type: command\n"

FAULTS = (
    # -- the graph
    _one("a swapped edge", PIPE, "data=prepare.outputs.test)", "data=prepare.outputs.train)", ("score", "input")),
    _one("the other output", PIPE, "data=prepare.outputs.train,", "data=prepare.outputs.test,", ("train", "input")),
    _one("a missing run_after", PIPE, "notify_component(after_score=score.outputs.order_token)",
         "notify_component(after_score=train.outputs.model)", ("notify", "")),
    _one("other data", PIPE, 'data.get("raw", label', 'data.get("old", label', ("prepare", "input")),
    _one("a wrong mode", PIPE, 'mode="ro_mount"', 'mode="download"', ("prepare", "mode of input raw")),
    _one("an output uploaded", PIPE, _TRAIN, f'{_TRAIN}\n    train.outputs.model.mode = "upload"',
         ("train", "mode of output model")),
    _one("reuse where there was none", component("notify"), "is_deterministic: false\n", "",
         ("notify", "reuse allowed")),
    _one("no reuse where there was", component("train"), _NO_REUSE, "type: command\nis_deterministic: false\n",
         ("train", "reuse allowed")),
    _one("another compute", PIPE, _SCORE, f'{_SCORE}\n    score.compute = "gpu-cluster"', ("score", "compute")),
    _one("more nodes", PIPE, _SCORE, f"{_SCORE}\n    score.resources = {{'instance_count': 2}}", ("score", "nodes")),
    Change("goes on after a failure",
           ((PIPE, "run = ml_client",
             "job = pipeline_function()\njob.settings.continue_on_step_failure = True\nrun = ml_client"),
            (PIPE, "create_or_update(pipeline_function()", "create_or_update(job")), (("", "continue on failure"),)),
    # -- arguments and parameters
    _one("a lost flag", component("score"), " --verbose", "", ("score", "--verbose")),
    _one("a lost argument", component("train"), " --epochs 5", "", ("train", "--epochs")),
    _one("another value", component("train"), "--epochs 5", "--epochs 6", ("train", "--epochs")),
    _one("another text", component("notify"), "--channel ops", "--channel dev", ("notify", "--channel")),
    _one("an argument more", component("notify"), "--channel ops", "--channel ops --channel ops", ("notify", "")),
    _one("a changed default", PIPE, "rate=0.5", "rate=0.6", ("", "default of parameter rate")),
    _one("a default changed by 1e-3", PIPE, "rate=0.5", "rate=0.5005", ("", "default of parameter rate")),
    _one("a default of a number of rows", PIPE, "rows=20", "rows=18", ("", "default of parameter rows")),
    Change("a dropped parameter", ((PIPE, "(rate=0.5, rows=20)", "(rows=20)"), (PIPE, "rate=rate", "rate=0.5")),
           (("", "parameter rate"), ("train", "--rate"))),
    _one("the wrong parameter", PIPE, "rate=rate", "rate=rows", ("train", "--rate")),
    _one("two options in each other's place", component("score"),
         "--model ${{inputs.model}} --data ${{inputs.data}}", "--model ${{inputs.data}} --data ${{inputs.model}}",
         ("score", "input")),
    _one("a lost variable", PIPE, '{"SEED": "7"}', "{}", ("train", "variable SEED")),
    _one("another variable", PIPE, '{"SEED": "7"}', '{"SEED": "8"}', ("train", "variable SEED")),
    _one("another script", component("notify"), "notify.py", "tell.py", ("notify", "script")),
    _one("a package more", component("notify"), "conda_file: environment.conda.yml", "conda_file: more.conda.yml",
         ("notify", "package pandas")),
    # -- what the steps do
    _one("a row lost", "src/prepare.py", "table[1::2]", "table[3::2]", ("prepare", "part.csv")),
    _one("a column renamed", "src/score.py", "id,score", "id,result", ("score", "scores.csv")),
    _one("a float changed by 1e-3", "src/score.py", "* weight}", "* weight + 1e-3}", ("score", "scores.csv")),
    _one("a model trained on fewer rows", "src/train.py", "csv.DictReader(file)]", "csv.DictReader(file)][1:]",
         ("train", "model.json")),
    _one("another rounding", "src/prepare.py", '/ 3}', '// 3}', ("prepare", "part.csv")),
    _one("rows in another order", "src/prepare.py", "for row in part:", "for row in reversed(part):",
         ("prepare", "part.csv")),
    _one("a file that is not written", "src/score.py", '"scores.csv"), "w"', '"other.csv"), "w"',
         ("score", "scores.csv")),
    _one("a key of the model lost", "src/train.py", ', "rate": args.rate}', "}", ("train", "model.json")),
)  # fmt: skip

HARMLESS = (
    _one("nothing", PIPE, "run = ml_client", "run = ml_client"),
    _one("the name of a step", PIPE, _TRAIN, f'{_TRAIN}\n    train.name = "fit_model"'),
    _one("the display name of a step", PIPE, _TRAIN, f'{_TRAIN}\n    train.display_name = "Fits the model"'),
    _one("a description of a step", PIPE, _TRAIN, f'{_TRAIN}\n    train.description = "Fits the model"'),
    _one("tags of a step", PIPE, _TRAIN, f'{_TRAIN}\n    train.tags = {{"team": "a"}}'),
    _one("the name of the pipeline's function", PIPE, "pipeline_function", "whole_pipeline"),
    _one("another experiment", PIPE, 'experiment_name="mutation"', 'experiment_name="other"'),
    _one("the pipeline's display name", PIPE, "@dsl.pipeline(", '@dsl.pipeline(display_name="All of it", '),
    _one("a description of the pipeline", PIPE, "@dsl.pipeline(", '@dsl.pipeline(description="Four steps", '),
    _one("tags of the pipeline", PIPE, "@dsl.pipeline(", '@dsl.pipeline(tags={"team": "a"}, '),
    _one("the compute in capitals", PIPE, 'default_compute="cpu-cluster"', 'default_compute="CPU-Cluster"'),
    _one("the compute at a step", PIPE, _TRAIN, f'{_TRAIN}\n    train.compute = "cpu-cluster"'),
    _one("the order of parameters", PIPE, "(rate=0.5, rows=20)", "(rows=20, rate=0.5)"),
    _one("a default as it may be written, too", PIPE, "rate=0.5", "rate=0.50"),
    _one("a default as a text", PIPE, "rows=20", 'rows="20"'),
    _one("the order of a call's arguments", PIPE, "(data=prepare.outputs.train, rate=rate)",
         "(rate=rate, data=prepare.outputs.train)"),
    _one("local names of Python", PIPE, "    train = train_component", "    train = fitted = train_component"),
    Change("the order of declarations",
           ((PIPE, 'train_component = load_component(source="src/train.component.yml")\n', ""),
            (PIPE, "\n\n@dsl.pipeline",
             '\ntrain_component = load_component(source="src/train.component.yml")\n\n\n@dsl.pipeline'))),
    _one("the order of a component's outputs", component("prepare"),
         "  train:\n    type: uri_folder\n  test:\n", "  test:\n    type: uri_folder\n  train:\n"),
    Change("the name of an input", ((component("train"), "  data:\n", "  table:\n"),
                                    (component("train"), "inputs.data", "inputs.table"),
                                    (PIPE, "data=prepare.outputs.train", "table=prepare.outputs.train"))),
    Change("the name of an output", ((component("train"), "  model:\n", "  fitted:\n"),
                                     (component("train"), "outputs.model", "outputs.fitted"),
                                     (PIPE, "train.outputs.model", "train.outputs.fitted"))),
    Change("the name of an input of the pipeline's data", ((component("prepare"), "  raw:\n", "  source:\n"),
                                                           (component("prepare"), "inputs.raw", "inputs.source"),
                                                           (PIPE, "raw=Input", "source=Input"))),
    _one("the name of a component", component("train"), "name: train", "name: fit_model"),
    _one("the version of a component", component("train"), "name: train", "name: train\nversion: 7"),
    _one("the display name of a component", component("train"), "name: train", "name: train\ndisplay_name: Fit"),
    _one("the order of options", component("score"), "--model ${{inputs.model}} --data ${{inputs.data}} --verbose",
         "--verbose --data ${{inputs.data}} --model ${{inputs.model}}"),
    _one("an option with an equals sign", component("train"), "--epochs 5", "--epochs=5"),
    _one("spaces of the command", component("train"), "--epochs 5", "--epochs    5"),
    Change("a literal as an input",
           ((component("train"), "  rate:\n", "  epochs:\n    type: integer\n    default: 5\n  rate:\n"),
            (component("train"), "--epochs 5", "--epochs ${{inputs.epochs}}"))),
    _one("a comment in the component", component("train"), "name: train", "# fits\nname: train"),
    _one("Azure's packages", component("train"), "conda_file: environment.conda.yml", "conda_file: azure.conda.yml"),
    _one("another image", component("train"), "openmpi4.1.0-ubuntu22.04:latest", "openmpi5.0-ubuntu24.04:latest"),
    _one("formatting of the code", "src/train.py", "for _ in range(args.epochs):", "for _ in  range( args.epochs ):"),
    _one("a line that prints", "src/train.py", "args = parser.parse_args()", "args = parser.parse_args()\nprint(args)"),
    _one("numbers written in another way", "src/train.py", "/ 100", "/ 100.0"),
    _one("a float changed by 1e-13", "src/score.py", "* weight}", "* weight + 1e-13}"),
)  # fmt: skip

#: Files beside the migrated ones that some changes name.
MORE = {
    "src/tell.py": "print('told')\n",
    "src/more.conda.yml": "channels: [conda-forge]\ndependencies: [python=3.10, pip, {pip: [pandas, mlflow]}]\n",
    "src/azure.conda.yml": "channels: [conda-forge]\ndependencies: [python=3.10, {pip: [azure-ai-ml, mlflow>=2]}]\n",
}
