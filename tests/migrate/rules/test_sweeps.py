"""HyperDrive becomes a sweep; a slow test runs a converted pipeline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ruamel.yaml import YAML

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import Conversion, ModuleText
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import PYTHON, check_transformed, convert
from tests.support.live import LiveService

HEAD = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    BanditPolicy, BayesianParameterSampling, GridParameterSampling, HyperDriveConfig, HyperDriveRun,
    NoTerminationPolicy, PrimaryMetricGoal, RandomParameterSampling, TruncationSelectionPolicy,
    choice, lognormal, loguniform, normal, qlognormal, qloguniform, qnormal, quniform, randint, uniform,
)
ws = Workspace.from_config()
config = ScriptRunConfig("src", "train.py", compute_target="cpu", environment=env)
"""


SAMPLE = "RandomParameterSampling"


def swept(space: str, more: str = "", sampling: str = "RandomParameterSampling") -> str:
    """What a sweep with a search space becomes."""
    given = f"hyperparameter_sampling={sampling}({space}), primary_metric_name='r2'"
    text = f"{HEAD}h = HyperDriveConfig(run_config=config, {given}, primary_metric_goal=GOAL, max_total_runs=4{more})\n"
    found = convert(text).text
    assert not check_generated(found)
    return found


@pytest.mark.parametrize(
    ("distribution", "after", "kind"),
    [
        ("choice(1, 2)", "Choice([1, 2])", "integer"),
        ("choice([0.1, 1])", "Choice([0.1, 1])", "number"),
        ("choice(range(1, 5))", "Choice(list(range(1, 5)))", "integer"),
        ("choice([x / 9 for x in ROWS])", "Choice([x / 9 for x in ROWS])", "string"),
        ("choice('a')", 'Choice(["a"])', "string"),
        ("choice(OPTIONS)", "Choice(list(OPTIONS))", "string"),
        ("choice(*OPTIONS)", "Choice(list(OPTIONS))", "string"),
        ("randint(9)", "Randint(9)", "integer"),
        ("quniform(1, 9, q=2)", "QUniform(1, 9, q=2)", "number"),
        ("qnormal(0, 1, 2)", "QNormal(0, 1, 2)", "number"),
        ("loguniform(-7, 0)", "LogUniform(-7, 0)", "number"),
        ("lognormal(mu=0, sigma=1)", "LogNormal(mu=0, sigma=1)", "number"),
    ],
)
def test_distributions(distribution: str, after: str, kind: str) -> None:
    found = swept(f"{{'--n-leaves': {distribution}}}")
    assert f"config(n_leaves={after}).sweep(".replace("'", '"') in found.replace("'", '"')
    assert f'"n_leaves": Input(type="{kind}")' in found
    assert '"python train.py --n-leaves ${{inputs.n_leaves}}"' in found


def test_a_sweep_that_continued_others_starts_anew() -> None:
    assert ".sweep(" in swept("{'--a': uniform(0, 1)}", ", resume_from=[run], resume_child_runs=[child]")


def test_a_name_without_dashes_is_an_option() -> None:
    assert "train.py --alpha ${{inputs.alpha}}" in swept("{'alpha': uniform(0, 1)}")


def test_the_values_of_a_search_take_the_place_of_fixed_ones() -> None:
    fixed = '["--kernel", "linear", "--rate", 0.9, "--data", "d", "--flag", "--rates", "1"]'
    text = (
        f'{HEAD}config = ScriptRunConfig("src", "train.py", arguments={fixed}, compute_target="cpu", environment=env)\n'
    )
    space = "{'--kernel': choice('linear', 'rbf'), '--rate': uniform(0, 1), '--flag': choice(1, 2)}"
    more = "primary_metric_name='r2', primary_metric_goal=GOAL, max_total_runs=4"
    found = convert(
        f"{text}h = HyperDriveConfig(run_config=config, hyperparameter_sampling={SAMPLE}({space}), {more})\n"
    )
    words = "--kernel ${{inputs.kernel}} --rate ${{inputs.rate}} --flag ${{inputs.flag}}"
    assert f"python train.py --data d --flag --rates 1 {words}" in "".join(re.split(r'"\s+"', found.text))


@pytest.mark.parametrize(
    ("policy", "after"),
    [
        ("BanditPolicy(2, 0.1)", "BanditPolicy(evaluation_interval=2, slack_factor=0.1)"),
        ("BanditPolicy(slack_amount=0.1)", "BanditPolicy(slack_amount=0.1, evaluation_interval=1)"),
        (
            "TruncationSelectionPolicy(20, delay_evaluation=3)",
            "TruncationSelectionPolicy(truncation_percentage=20, evaluation_interval=1, delay_evaluation=3)",
        ),
        ("NoTerminationPolicy()", None),
        ("None", None),
    ],
)
def test_policies(policy: str, after: str | None) -> None:
    found = "".join(swept("{'--a': uniform(0, 1)}", f", policy={policy}").split())
    assert ("early_termination_policy=" in found) is (after is not None)
    assert after is None or after.replace(" ", "") in found.replace(",)", ")")


@pytest.mark.parametrize(
    ("sampling", "after"),
    [
        ("GridParameterSampling", "grid"),
        ("BayesianParameterSampling", "bayesian"),
        ("RandomParameterSampling", "random"),
    ],
)
def test_samplings(sampling: str, after: str) -> None:
    assert f'sampling_algorithm="{after}"' in swept("{'--a': choice(1, 2)}", sampling=sampling)


def test_a_seed_and_a_duration_in_minutes() -> None:
    found = swept("{'--a': uniform(0, 1)}, properties={'seed': 3}", ", max_duration_minutes=MINUTES")
    assert "sampling_algorithm=RandomSamplingAlgorithm(seed=3)" in found and "timeout=60 * MINUTES" in found


def test_a_sampling_of_another_function_is_a_dict() -> None:
    text = f"""{HEAD}
def space():
    return RandomParameterSampling({{"--a": uniform(0, 1)}})

h = HyperDriveConfig(space(), "r2", PrimaryMetricGoal.MINIMIZE, 4, run_config=config)
"""
    found = convert(text).text
    assert '    return {"a": Uniform(0, 1)}' in found
    assert "h = config(**space()).sweep(" in found and 'goal="minimize"' in found


@pytest.mark.parametrize("space", ["SPACE", "{NAME: uniform(0, 1)}"])
def test_a_search_space_that_is_made_at_run_time_stays(space: str) -> None:
    text = f"{HEAD}h = HyperDriveConfig(RandomParameterSampling({space}), 'r2', GOAL, 4, run_config=config)\n"
    found = convert(text)
    assert "h = HyperDriveConfig(RandomParameterSampling" in found.text and "ScriptRunConfig(" in found.text
    assert any("put together at run time" in finding.message for finding in found.findings)
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_reads_of_a_finished_sweep() -> None:
    text = f"""{HEAD}run = HyperDriveRun(Experiment(ws, "e"), "HD_1")
all_of_them = run.get_hyperparameters()
best = run.get_best_run_by_primary_metric()
values = best.get_details()["runDefinition"]["arguments"]
worst = run.get_children_sorted_by_primary_metric(top=3, reverse=True)
"""
    found = convert(text).text
    assert 'run = ml_client.jobs.get("HD_1")' in found
    assert 'child.tags["hyperparameters"]' in found
    assert 'ml_client.jobs.get(run.name).properties["best_child_run_id"]' in found
    assert 'sorted(json.loads(best.tags["hyperparameters"]).items())' in found
    assert found.rstrip().endswith("[:3]") and 'run.objective.goal.lower() != "maximize"' in found


def test_the_best_trial_is_a_run_and_no_sweep() -> None:
    text = f"{HEAD}run = Experiment(ws, 'e').submit(HyperDriveConfig(run_config=config, "
    text += "hyperparameter_sampling=RandomParameterSampling({'a': uniform(0, 1)}), primary_metric_name='r2', "
    text += "primary_metric_goal=PrimaryMetricGoal.MAXIMIZE, max_total_runs=4))\n"
    text += "best = run.get_best_run_by_primary_metric()\nprint(best.get_metrics()['r2'])\n"
    assert 'print(mlflow.get_run(best.name).data.metrics["r2"])' in convert(text).text.replace("'", '"')


def test_names_that_a_star_brings() -> None:
    text = f"{HEAD}h = HyperDriveConfig(run_config=config, hyperparameter_sampling=RandomParameterSampling("
    text += "{'a': uniform(0, 1)}), primary_metric_name='r2', primary_metric_goal=PrimaryMetricGoal.MAXIMIZE, "
    text += "max_total_runs=4)\n"
    start, end = text.index("from azureml.train"), text.index("ws =")
    starred = f"{text[:start]}from azureml.train.hyperdrive import *\n{text[end:]}"
    assert convert(starred).text == convert(text).text
    assert "config(a=Uniform(0, 1)).sweep(" in convert(starred).text


def test_metrics_among_the_outputs_of_a_step_are_read_with_mlflow() -> None:
    """As notebooks of SDK v1 list them."""
    text = PIPELINE.replace("outputs=[model],\n    metrics_output=metrics,", "outputs=[metrics, model],")
    found = convert(text)
    assert "azureml" not in found.text.replace("mcr.microsoft.com/azureml", "").replace("azureml-mlflow", "")
    assert any("MLflow" in finding.message for finding in found.findings if finding.symbol == "HyperDriveStep")
    assert 'outputs={"model": Output(type="uri_file")}' in found.text


PIPELINE = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
from azureml.pipeline.steps import HyperDriveStep, PythonScriptStep
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice, uniform

ws = Workspace.from_config()
ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
metrics = PipelineData("metrics", training_output=TrainingOutput("Metrics"))
model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/model.txt"))
data = PipelineData("data")
prepare = PythonScriptStep(
    "prepare.py", name="prepare", arguments=["--out", data], outputs=[data], source_directory="steps",
    compute_target="cpu-cluster",
)
config = HyperDriveConfig(
    run_config=ScriptRunConfig("steps", "train.py", arguments=["--fixed", 1], compute_target="cpu-cluster"),
    hyperparameter_sampling=RandomParameterSampling({"--a": uniform(0, 1), "--b": choice("x", "y")}),
    primary_metric_name="score",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=2,
    max_concurrent_runs=2,
)
tune = HyperDriveStep(
    "tune", config, estimator_entry_script_arguments=["--data", data], inputs=[data], outputs=[model],
    metrics_output=metrics,
)
use = PythonScriptStep(
    "use.py", name="use", arguments=["--model", model{read}], inputs=[model{also}], source_directory="steps",
    compute_target="cpu-cluster",
)
run = Experiment(ws, "tune").submit(Pipeline(ws, [use]))
run.wait_for_completion(show_output=True)
print("PIPELINE", run.get_status() == "Completed")
"""
#: The same where the last step reads the metrics of all trials as well.
MEASURED = PIPELINE.replace("{read}", ', "--metrics", metrics').replace("{also}", ", metrics")
PIPELINE = PIPELINE.replace("{read}", "").replace("{also}", "")
STEPS = {
    "prepare.py": """\
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--out")
args = parser.parse_args()
os.makedirs(args.out, exist_ok=True)
with open(os.path.join(args.out, "number"), "w") as file:
    file.write("3")
""",
    "train.py": """\
import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--fixed", type=int)
parser.add_argument("--data")
parser.add_argument("--a", type=float)
parser.add_argument("--b")
args = parser.parse_args()
with open(os.path.join(args.data, "number")) as file:
    number = int(file.read())
Run.get_context().log("score", number + args.a)
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as file:
    file.write(f"{args.b}{args.fixed}")
""",
    "use.py": """\
import argparse
import json

parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--metrics")
args = parser.parse_args()
with open(args.model) as file:
    assert file.read() in ("x1", "y1")
with open(args.metrics) as file:
    measured = json.load(file)
assert len(measured) == 2 and all(3 <= trial["score"][0] <= 4 for trial in measured.values()), measured
""",
}


def test_a_step_is_a_sweep_of_its_component() -> None:
    found = convert(PIPELINE)
    assert not check_generated(found.text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}
    words = " ".join(found.text.split())
    assert "--fixed 1 --data ${{inputs.data}} --a ${{inputs.a}}" in words
    assert (
        "&& cp outputs/model.txt ${{outputs.model}}" in words and 'outputs={"model": Output(type="uri_file")}' in words
    )
    assert 'tune = tune_component( data=prepare.outputs.out, a=Uniform(0, 1), b=Choice(["x", "y"]) ).sweep(' in words
    assert "use = use_component(model=tune.outputs.model)" in words and "ScriptRunConfig" not in words


def test_a_step_whose_model_file_is_not_known_stays() -> None:
    found = convert(PIPELINE.replace('model_file="outputs/model.txt"', "model_file=FILE"))
    assert "HyperDriveStep(" in found.text and "cannot be told" in found.text


def in_folder(folder: Path, text: str) -> Conversion:
    """The conversion of a module in a folder, where files may be created; a second one changes nothing."""
    found = Conversion(text)
    for _ in range(2):
        module = ModuleText(folder / "main.py", found.text)
        made = convert_module(module, build_project([module], PYTHON, [folder]), PYTHON)
        assert found.text in (text, made.text)
        found = Conversion(made.text, found.findings or made.findings, {**found.created, **made.created})
    return found


def test_the_metrics_of_all_trials_come_from_a_node_behind_the_sweep(tmp_path: Path) -> None:
    found = in_folder(tmp_path, MEASURED)
    component = YAML(typ="safe", pure=True).load(found.created["sweep_outputs/tune_outputs.component.yml"])
    assert component["inputs"] == {"trial_id": {"type": "uri_file"}}
    assert component["outputs"] == {"metrics": {"type": "uri_file"}}
    words = " ".join(found.text.split())
    assert '"trial_id": Output(type="uri_file")' in words and "> ${{outputs.trial_id}}" in words.replace('" "', "")
    assert "tune_outputs = tune_outputs_component(trial_id=tune.outputs.trial_id)" in words
    assert "use_component(model=tune.outputs.model, metrics=tune_outputs.outputs.metrics)" in words
    assert not check_generated(found.text)


@pytest.mark.slow
def test_a_pipeline_with_a_sweep_runs(tmp_path: Path, empty_live: LiveService) -> None:
    files = {f"steps/{name}": convert(text, path=name).text for name, text in STEPS.items()}
    found = in_folder(tmp_path / "code", MEASURED)
    files |= found.created
    done = empty_live.run(found.text, folder=tmp_path / "code", files=files, timeout=300)
    assert "PIPELINE True" in done.stdout.splitlines()


@pytest.mark.parametrize("name", ["HyperDriveConfig", "HyperDriveRunConfig"])
def test_import_star_brings_a_sweep(name: str) -> None:
    text = f"""\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import *

ws = Workspace.from_config()
config = ScriptRunConfig("src", "train.py", compute_target="cpu", environment=env)
space = RandomParameterSampling({{"--rate": uniform(0, 1)}})
tuned = {name}(space, "r2", PrimaryMetricGoal.MAXIMIZE, 4, run_config=config)
run = Experiment(ws, "e").submit(tuned)
print(run.get_best_run_by_primary_metric().id)
"""
    found = convert(text).text
    assert "tuned = config(rate=Uniform(0, 1)).sweep(" in found and "azureml" not in found.replace("azureml-mlflow", "")
    assert "best_child_run_id" in found
    assert not check_generated(found)


def test_the_text_of_a_goal_is_what_it_was() -> None:
    text = convert(
        "from azureml.train.hyperdrive import PrimaryMetricGoal\n\ngoal = PrimaryMetricGoal.MAXIMIZE\n"
        "print(str(goal)[18:], str(3))\n"
    ).text
    assert 'print("PrimaryMetricGoal.MAXIMIZE"[18:], str(3))' in text


_TUNED = """\
from azureml.core import ScriptRunConfig
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice, uniform


def tuned(config):
    space = RandomParameterSampling({"learning-rate": uniform(0.1, 0.5), "--layers": choice(1, 2)})
    return HyperDriveConfig(
        run_config=config,
        hyperparameter_sampling=space,
        primary_metric_name="loss",
        primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=4,
    )
"""


def test_a_command_that_a_function_gets_learns_of_its_hyperparameters() -> None:
    check_transformed(
        _TUNED + '\n\nsweep = tuned(ScriptRunConfig("src", "train.py", compute_target="cpu", environment=env))\n',
        """\
from azure.ai.ml import Input, command
from azure.ai.ml.sweep import Choice, Uniform


def tuned(config):
    config.command += (
        " --learning-rate ${{inputs.learning_rate}} --layers ${{inputs.layers}}"
    )
    config.component.inputs.update(
        learning_rate=Input(type="number"), layers=Input(type="integer")
    )
    return config(learning_rate=Uniform(0.1, 0.5), layers=Choice([1, 2])).sweep(
        primary_metric="loss",
        goal="minimize",
        sampling_algorithm="random",
        max_total_trials=4,
    )


sweep = tuned(
    command(code="src", command="python train.py", environment=env, compute="cpu")
)
""",
        status=Status.REVIEW,
    )


def test_a_configuration_that_nothing_makes_has_to_be_a_command() -> None:
    found = convert(_TUNED)
    assert any("config has to be a command of SDK v2" in finding.message for finding in found.findings)


def test_a_configuration_without_a_name_stays() -> None:
    found = convert(_TUNED.replace("run_config=config,", "run_config=config[0],"))
    assert "HyperDriveConfig(" in found.text


def test_the_client_takes_what_a_given_command_learns() -> None:
    text = convert(_TUNED).text + '\nprint(tuned(command(code=".", command="run", environment="e:1")).search_space)\n'
    script = "from azure.ai.ml import command\n" + text
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Uniform" in done.stdout and "Choice" in done.stdout


def test_a_search_space_that_the_lines_below_add_to() -> None:
    text = convert(
        _TUNED.replace("    space = R", "    found = {}\n    found['--rate'] = uniform(1, 2)\n    space = R").replace(
            '{"learning-rate": uniform(0.1, 0.5), "--layers": choice(1, 2)}', "found"
        )
    ).text
    assert "return config(rate=Uniform(1, 2)).sweep(" in text


_SEARCHES = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    GridParameterSampling, HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice, uniform
)
ws = Workspace.from_config()
config = ScriptRunConfig("src", "train.py", compute_target="cpu")
metric = dict(primary_metric_name="loss", primary_metric_goal=PrimaryMetricGoal.MINIMIZE, max_total_runs=4)
first = HyperDriveConfig(
    run_config=config, hyperparameter_sampling=GridParameterSampling({"alpha": choice(1, 2)}), **metric
)
second = HyperDriveConfig(
    run_config=config, hyperparameter_sampling=RandomParameterSampling({SPACE}), **metric
)
for search in (first, second):
    Experiment(ws, "e").submit(search)
"""


def test_searches_of_one_configuration_have_inputs_of_a_common_type() -> None:
    text = convert(_SEARCHES.replace("{SPACE}", '{"alpha": uniform(0, 1)}')).text
    assert 'inputs={"alpha": Input(type="number")}' in text
    assert "azureml" not in text.replace("azureml-mlflow", "").replace("/azureml/", "")


def test_searches_of_other_parameters_have_commands_of_their_own() -> None:
    text = convert(_SEARCHES.replace("{SPACE}", '{"beta": uniform(0, 1)}')).text
    first, second = text.index('command="python train.py --alpha ${{inputs.alpha}}"'), text.index("config_2 = command(")
    assert first < text.index("first = config(alpha=Choice([1, 2])).sweep(") < second
    assert 'command="python train.py --beta ${{inputs.beta}}"' in text[second:]
    assert "second = config_2(beta=Uniform(0, 1)).sweep(" in text and "azureml.core" not in text


def test_a_command_of_its_own_has_what_is_assigned_to_the_configuration() -> None:
    later = "config.run_config.target = 'gpu'\nmetric = "
    found = convert(_SEARCHES.replace("{SPACE}", '{"beta": uniform(0, 1)}').replace("metric = ", later))
    assert found.text.count('compute="gpu"') == 2 and "second = config_2(beta=Uniform(0, 1)).sweep(" in found.text


def test_two_searches_of_the_same_other_parameters_share_a_command() -> None:
    more = """\
third = HyperDriveConfig(
    run_config=config, hyperparameter_sampling=RandomParameterSampling({"beta": choice(1, 2)}), **metric
)
for search in"""
    text = convert(_SEARCHES.replace("{SPACE}", '{"beta": uniform(0, 1)}').replace("for search in", more)).text
    assert text.count("= command(") == 2 and "third = config_2(beta=Choice([1, 2])).sweep(" in text


_ALONE = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice, uniform

ws = Workspace.from_config()
rate = read_rate()
config = ScriptRunConfig("src", "train.py", arguments=[ARGUMENTS], compute_target="cpu", environment=env)
run = Experiment(ws, "e").submit(config)
search = HyperDriveConfig(
    run_config=config, hyperparameter_sampling=RandomParameterSampling({"alpha": choice(1, 2), "rate": uniform(0, 1)}),
    primary_metric_name="loss", primary_metric_goal=PrimaryMetricGoal.MINIMIZE, max_total_runs=4,
)
run = Experiment(ws, "e").submit(search)
"""


@pytest.mark.parametrize("rate", ["0.5", "rate"])
def test_a_script_that_runs_alone_has_the_values_that_it_had(rate: str) -> None:
    found = convert(_ALONE.replace("ARGUMENTS", f'"--alpha", 1, "--rate", {rate}'))
    words = sorted(re.findall(r'"(alpha|rate)": ([^,}]+)[,}]', found.text))
    assert words == [("alpha", "1"), ("rate", rate)] and found.text.count("= command(") == 1
    assert "config(alpha=Choice([1, 2]), rate=Uniform(0, 1)).sweep(" in found.text


def test_a_script_that_runs_alone_without_what_is_tuned_keeps_its_arguments() -> None:
    found = convert(_ALONE.replace("ARGUMENTS", '"--alpha", 1'))
    alone, tuned = found.text.split("config_2 = command(")
    assert 'command="python train.py --alpha 1"' in alone and "jobs.create_or_update(config," in alone
    assert "--alpha ${{inputs.alpha}} --rate ${{inputs.rate}}" in tuned
    assert "config_2(alpha=Choice([1, 2]), rate=Uniform(0, 1)).sweep(" in tuned


@pytest.mark.parametrize("later", ["", "if large:\n    config.run_config.target = 'gpu'\n"])
def test_searches_of_one_configuration_that_differ_are_left(later: str) -> None:
    """In types, or where the configuration changes in a way that cannot be followed."""
    space = '{"beta": uniform(0, 1)}' if later else '{"alpha": choice("a", "b")}'
    found = convert(_SEARCHES.replace("{SPACE}", space).replace("metric = ", later + "metric = "))
    assert "give each of them a configuration of its own" in " ".join(finding.message for finding in found.findings)
    assert "ScriptRunConfig(" in found.text and ".sweep(" not in found.text


def test_the_arguments_of_a_trial_have_those_of_all_trials_first() -> None:
    head = HEAD.replace("config = ", 'rate = "0.1"\nconfig = ')
    code = """
config = ScriptRunConfig(".", "a.py", ["--rate", rate, "--rounds", 3], compute_target="c", environment=env)
sampling = RandomParameterSampling({"b": uniform(0, 1)})
sweep = HyperDriveConfig(sampling, "r2", GOAL, 4, run_config=config)
best = Experiment(ws, "e").submit(sweep).get_best_run_by_primary_metric()
print(best.get_details()["runDefinition"]["arguments"][5])
"""
    text = "".join(convert(head + code).text.split())
    assert 'print(["--rate",rate,"--rounds","3",*(wordforname,valueinsorted(json.loads(' in text


def test_the_arguments_of_a_trial_have_the_options_that_its_script_takes() -> None:
    """The names of hyperparameters are those of inputs in SDK v2: identifiers in small letters."""
    code = """
space = {"--max-lag": choice(1, 2), "--C": uniform(0, 1), "--rate": uniform(0, 1)}
sweep = HyperDriveConfig(RandomParameterSampling(space), "r2", GOAL, 4, run_config=config)
best = Experiment(ws, "e").submit(sweep).get_best_run_by_primary_metric()
words = best.get_details()["runDefinition"]["arguments"]
lag = int(words[words.index("--max-lag") + 1])
"""
    found = convert(HEAD + code).text
    read = found[found.index("words = ") + len("words = ") : found.index("lag = ")]
    trial = SimpleNamespace(tags={"hyperparameters": '{"max_lag": 2, "c": 0.5, "rate": 0.1}'})
    words = eval(read, {"best": trial, "json": json})
    assert words[words.index("--max-lag") + 1] == "2" and words[words.index("--C") + 1] == "0.5"
    assert words[words.index("--rate") + 1] == "0.1"
