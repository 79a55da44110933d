"""Pipelines in the shapes of real code."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""


def step(name: str, rest: str = "") -> str:
    return f'PythonScriptStep("{name}.py", name="{name}", compute_target="cpu", runconfig=env{rest})'


def done(text: str) -> str:
    """Converts; nothing may be left."""
    conversion = convert(HEAD + text)
    assert {finding.status for finding in conversion.findings} <= {Status.CONVERTED, Status.REVIEW}, conversion.findings
    ast.parse(conversion.text)
    return conversion.text


def test_a_sequence_orders_its_steps() -> None:
    text = done(f"a = {step('a')}\nb = {step('b')}\nc = {step('c')}\np = Pipeline(ws, StepSequence(steps=[a, b, c]))\n")
    assert "b = b_component(after_a=a.outputs.order_token)" in text
    assert "c = c_component(after_b=b.outputs.order_token)" in text
    assert text.count("echo done > ${{outputs.order_token}}/done") == 2


def test_no_order_token_where_data_orders_already() -> None:
    text = done(
        f"d = PipelineData('d')\na = {step('a', ', arguments=[d], outputs=[d]')}\n"
        f"b = {step('b', ', arguments=[d], inputs=[d]')}\nb.run_after(a)\np = Pipeline(ws, steps=[b])\n"
    )
    assert "order_token" not in text
    assert "b = b_component(d=a.outputs.d)" in text


def test_steps_in_a_list_that_grows() -> None:
    text = done(f"a = {step('a')}\nb = {step('b')}\nsteps = [a]\nsteps += [b]\np = Pipeline(ws, steps=steps)\n")
    assert "a = a_component()" in text and "b = b_component()" in text and "steps" not in text
    text = done(f"steps = list()\na = {step('a')}\nsteps.append(a)\np = Pipeline(workspace=ws, steps=steps)\n")
    assert "steps" not in text.split("ml_client")[1]
    assert "a = a_component()" in text


def function(text: str) -> str:
    """The function of the pipeline in a converted text."""
    return text[text.index("@dsl.pipeline") :]


def review(text: str) -> str:
    """What has to be checked about the pipeline."""
    return {finding.symbol: finding.message for finding in convert(HEAD + text).findings}["Pipeline"]


def test_a_step_that_is_appended_under_a_condition_runs_under_it() -> None:
    text = (
        f"a = {step('a')}\ns = [a]\nif args.check:\n    b = {step('b')}\n    s.append(b)\np = Pipeline(ws, steps=s)\n"
    )
    assert "    a = a_component()\n    if args.check:\n        b = b_component()\n" in function(done(text))
    assert "asks for the condition" in review(text)


def test_lists_of_two_branches_differ_by_what_runs_under_the_condition() -> None:
    text = (
        f"a = {step('a')}\nb = {step('b')}\nc = {step('c')}\n"
        "if x:\n    s = [a, b]\nelse:\n    s = [a, c]\np = Pipeline(ws, steps=s)\n"
    )
    wanted = "    a = a_component()\n    if x:\n        b = b_component()\n    if not (x):\n        c = c_component()\n"
    assert wanted in function(done(text))


def test_what_a_step_without_the_condition_reads_runs_in_any_case() -> None:
    text = (
        f"d = PipelineData('d')\na = {step('a', ', arguments=[d], outputs=[d]')}\n"
        f"b = {step('b', ', arguments=[d], inputs=[d]')}\n"
        "s = [b]\nif x:\n    s.append(a)\np = Pipeline(ws, steps=s)\n"
    )
    assert "    a = a_component()\n    b = b_component(d=a.outputs.d)\n" in function(done(text))


def test_what_only_a_conditional_step_reads_runs_under_its_condition() -> None:
    text = (
        f"d = PipelineData('d')\na = {step('a', ', arguments=[d], outputs=[d]')}\n"
        f"b = {step('b', ', arguments=[d], inputs=[d]')}\nc = {step('c')}\n"
        "s = [c]\nif x:\n    s.append(b)\np = Pipeline(ws, steps=s)\n"
    )
    assert "    if x:\n        a = a_component()\n        b = b_component(d=a.outputs.d)\n" in function(done(text))


def test_an_order_under_the_condition_of_a_step_holds_where_the_step_runs() -> None:
    text = (
        f"a = {step('a')}\nb = {step('b')}\n"
        "if x:\n    b.run_after(a)\n    s = [a, b]\nelse:\n    s = [b]\np = Pipeline(ws, steps=s)\n"
    )
    wanted = "    if x:\n        a = a_component()\n    b = b_component(after_a=a.outputs.order_token if x else None)\n"
    made = done(text)
    assert wanted in function(made) and '"after_a": Input(type="uri_folder", optional=True)' in made
    assert "asks for the condition" in review(text) and "s = [" not in made
    assert "conditional" not in " ".join(finding.message for finding in convert(HEAD + text).findings)


def test_an_order_of_each_branch_is_kept() -> None:
    text = (
        f"a = {step('a')}\nb = {step('b')}\nc = {step('c')}\n"
        "if x:\n    b.run_after(a)\n    c.run_after(b)\n    s = [a, b, c]\n"
        "else:\n    c.run_after(a)\n    s = [a, c]\np = Pipeline(ws, steps=s)\n"
    )
    body = "".join(function(done(text)).split())
    assert "ifx:b=b_component(after_a=a.outputs.order_token)" in body
    assert "c=c_component(after_b=b.outputs.order_tokenifxelseNone,after_a=a.outputs.order_token" in body


def test_steps_that_wait_in_any_case_for_a_conditional_one_make_it_run() -> None:
    text = (
        f"a = {step('a')}\nb = {step('b')}\nb.run_after(a)\n"
        "if x:\n    s = [a, b]\nelse:\n    s = [b]\np = Pipeline(ws, steps=s)\n"
    )
    assert "if x:" not in function(done(text))
    assert "now all of them do" in review(text)


def test_conditions_in_conditions_are_for_review() -> None:
    text = (
        f"a = {step('a')}\nb = {step('b')}\ns = [a]\nif x:\n    if y:\n        s.append(b)\np = Pipeline(ws, steps=s)\n"
    )
    assert "    b = b_component()" in function(done(text))
    assert "now all of them do" in review(text)


def test_a_step_that_two_branches_make_is_made_in_the_function() -> None:
    text = f"if x:\n    a = {step('a')}\nelse:\n    a = {step('b')}\np = Pipeline(ws, steps=[a])\n"
    body = convert(HEAD + text).text.split("def p():\n")[1]
    assert body.startswith("    if x:\n") and "    else:\n" in body
    assert body.count("        a = a_component") == 2


def test_data_as_a_dataset_is_written_and_read() -> None:
    text = done(
        f"d = PipelineData('d').as_dataset()\na = {step('a', ', arguments=[d], outputs=[d]')}\n"
        f"b = {step('b', ', arguments=[d], inputs=[d]')}\np = Pipeline(ws, steps=[b])\n"
    )
    assert "b = b_component(d=a.outputs.d)" in text


def test_parameters_are_those_of_the_function() -> None:
    text = done(
        'n = PipelineParameter("rows", 5)\nr = PipelineParameter(name="rate", default_value=0.5)\n'
        f"a = {step('a', ', arguments=[1, n, r]')}\np = Pipeline(ws, [a])\n"
        "p.submit('x', pipeline_parameters={'rows': 3})\n"
    )
    assert "def p(rows=5, rate=0.5):" in text
    assert "a = a_component(n=rows, r=rate)" in text
    assert 'create_or_update(p(rows=3), experiment_name="x")' in text


def test_a_submission_gives_parameters_also_by_their_old_keyword() -> None:
    text = done(
        f'n = PipelineParameter("rows", 5)\na = {step("a", ", arguments=[n]")}\np = Pipeline(ws, [a])\n'
        "from azureml.core import Experiment\nExperiment(ws, 'x').submit(p, pipeline_params={'rows': 3})\n"
    )
    assert 'create_or_update(p(rows=3), experiment_name="x")' in text


def test_variables_of_an_environment_go_to_the_steps() -> None:
    text = done(
        "e = Environment('e')\nrc = RunConfiguration()\nrc.environment = e\n"
        'rc.environment.environment_variables["A"] = "b"\n'
        'a = PythonScriptStep("a.py", name="a", compute_target="cpu", runconfig=rc)\np = Pipeline(ws, [a])\n'
    )
    assert 'environment_variables={"A": "b"}' in text


def test_a_pipeline_that_is_returned_is_a_function() -> None:
    text = done(f"def build(ws):\n    a = {step('a')}\n    return Pipeline(workspace=ws, steps=[a])\n")
    assert "    return pipeline_function" in text
    assert "    @dsl.pipeline()\n    def pipeline_function():" in text


def test_each_call_of_a_function_that_makes_a_step_is_a_node() -> None:
    found = convert(
        """\
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep


        def make(region):
            step = PythonScriptStep("train.py", arguments=["--region", region], compute_target="cpu")
            return step


        north = make("north")
        pipeline = Pipeline(workspace=None, steps=[north, make("south")])
        """
    )
    assert "return step_component" in found.text
    assert 'north = make("north")' in found.text
    body = found.text.split("def pipeline():")[1]
    assert "north_node = north()" in body and 'make("south")()' in body


def test_data_that_goes_through_the_parameters_of_a_function_is_left() -> None:
    found = convert(
        """\
        from azureml.pipeline.core import Pipeline, PipelineData
        from azureml.pipeline.steps import PythonScriptStep


        def make(data):
            return PythonScriptStep("train.py", arguments=["--data", data], inputs=[data], compute_target="cpu")


        pipeline = Pipeline(workspace=None, steps=[make(PipelineData("data"))])
        """
    )
    assert "def pipeline(" not in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_a_dataset_that_is_registered_under_its_own_name_ends() -> None:
    convert(
        "from azureml.core import Dataset\n\nif x:\n    data = data.register(ws, 'd')\nfor i in y:\n"
        "    print(data.as_named_input('d'))\n    data = Dataset.get_by_name(ws, name='d')\n"
    )


def test_a_long_command_keeps_its_blanks_and_its_indentation() -> None:
    found = convert(
        f"""{HEAD}
def main(e, version, caller):
    train = PythonScriptStep(
        script_name=e.script,
        arguments=["--model_name", e.model, "--dataset_version", version, "--caller_run_id", caller],
        compute_target="cpu",
    )
    pipeline = Pipeline(workspace=ws, steps=[train])
"""
    )
    call = next(n for n in ast.walk(ast.parse(found.text)) if isinstance(n, ast.keyword) and n.arg == "command")
    literals = [n.value for n in ast.walk(call.value) if isinstance(n, ast.Constant)]
    assert any(str(text).startswith(" --model_name ") for text in literals)
    at = found.text.splitlines()
    parts = [line for line in at if "${{inputs." in line]
    assert len({len(line) - len(line.lstrip()) for line in parts}) == 1


def test_placeholders_of_a_path_that_is_made_at_run_time() -> None:
    found = convert(
        f"""{HEAD}
from azureml.core import Datastore
from azureml.data import OutputFileDatasetConfig

store = Datastore.get(ws, NAME)
out = OutputFileDatasetConfig(name="out", destination=(store, "runs/{{run-id}}/{{output-name}}"))
write = PythonScriptStep(script_name="write.py", arguments=["--out", out], compute_target="cpu")
pipeline = Pipeline(workspace=ws, steps=[write])
"""
    )
    path = next(n for n in ast.walk(ast.parse(found.text)) if isinstance(n, ast.keyword) and n.arg == "path")
    text = eval(compile(ast.Expression(path.value), "path", "eval"), {"store": type("S", (), {"name": "raw"})})
    assert text == "azureml://datastores/raw/paths/runs/${{name}}/${{output_name}}"


SCRIPT_RUN = """\
from azureml.core import ScriptRunConfig
source = ScriptRunConfig("src", script="train.py", compute_target="gpu", environment=env)
"""


def test_a_step_takes_the_settings_of_a_script_run_config() -> None:
    text = done(
        f"{SCRIPT_RUN}train = PythonScriptStep(name='train', source_directory=source.source_directory, "
        "script_name=source.script, runconfig=source.run_config)\np = Pipeline(ws, steps=[train])\n"
    )
    component = text[text.index("train_component") : text.index("@dsl")]
    assert "ScriptRunConfig" not in text
    assert 'code="src"' in component
    assert 'command="python train.py"' in component
    assert "environment=env" in component
    assert 'compute="gpu"' in component
    assert "source" not in text  # nothing else read it


def test_a_script_run_config_that_is_changed_gives_no_settings() -> None:
    before = (
        f"{HEAD}{SCRIPT_RUN}source.run_config.node_count = 2\n"
        "train = PythonScriptStep('train.py', runconfig=source.run_config)\np = Pipeline(ws, steps=[train])\n"
    )
    messages = {finding.symbol: finding.message for finding in convert(before).findings}
    assert "ScriptRunConfig" in messages["PythonScriptStep"]
    assert messages["Pipeline"] == messages["PythonScriptStep"]


def test_a_pipeline_says_which_of_its_steps_cannot_be_converted() -> None:
    before = (
        "from azureml.pipeline.steps import AdlaStep\n"
        f"{HEAD}score = AdlaStep(name='score', script_name='score.usql')\n"
        "steps = [score]\nfirst = Pipeline(ws, steps=steps)\n"
    )
    conversion = convert(before)
    finding = next(finding for finding in conversion.findings if finding.symbol == "Pipeline")
    assert "AdlaStep (AdlaStep(name='score'" in finding.message
    assert "first = Pipeline(ws, steps=steps)" in conversion.text


def test_a_pipeline_says_which_function_gives_steps_that_cannot_be_converted() -> None:
    before = (
        "from azureml.contrib.automl.pipeline.steps import make_steps\n"
        f"{HEAD}many = make_steps(experiment=e, train_data=d)\n"
        "p = Pipeline(ws, steps=many)\nwho(p)\n"
    )
    finding = next(finding for finding in convert(before).findings if finding.symbol == "Pipeline")
    assert "make_steps (" in finding.message


def test_code_that_stays_reads_the_name_of_a_converted_step() -> None:
    conversion = convert(
        f"from azureml.core import Experiment\n{HEAD}train = {step('train')}\np = Pipeline(ws, steps=[train])\n"
        "run = Experiment(ws, 'e').submit(p)\n"
        "made = run.find_step_run(train.name)[0]\ndata = made.get_details()['outputDatasets']\n"
    )
    assert 'made = Run.get(ws, run.name).find_step_run("train")[0]\n' in conversion.text
    assert "PythonScriptStep" not in conversion.text
    assert "@dsl.pipeline" in conversion.text


def test_a_name_of_data_that_no_step_writes_is_left() -> None:
    conversion = convert(f"{HEAD}data = PipelineData('data')\nprint(run.find_step_run('a'), data.name)\n")
    assert "data.name" in conversion.text
    assert "PipelineData('data')" in conversion.text


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("command=\"ls -l && echo 'a b'\", runconfig=env", "command=\"ls -l && echo 'a b'\""),
        ('command=f"ls {folder}", runconfig=env', 'command=f"ls {folder}"'),
        ('command=["python x.py --a", "b c", "&&", "ls"], runconfig=env', "command=\"python x.py --a 'b c' && ls\""),
        ('command=["cat --data", data.as_mount()], runconfig=env', 'command="cat --data ${{inputs.data}}"'),
        ("runconfig=config", 'code="src", command="Rscript a.R --b ${{inputs.b}}", environment=env, compute="cluster"'),
    ],
)
def test_command_steps(command: str, after: str) -> None:
    text = f"""\
from azureml.core import Dataset, ScriptRunConfig
from azureml.pipeline.steps import CommandStep
data = Dataset.get_by_name(ws, "data")
config = ScriptRunConfig("src", command=["Rscript a.R --b", data.as_mount()], compute_target="cluster", environment=env)
a = CommandStep(name="a", {command})
p = Pipeline(ws, [a])
"""
    if "config=config" not in command:
        text = text.replace("config = Script", "other = Script")
    assert after in flat(done(text)).replace(", )", ")")


def test_the_parts_of_a_command_are_not_words() -> None:
    """SDK v1 puts blanks between the parts of a ScriptRunConfig's command, and no quotes around them."""
    text = done('from azureml.core import ScriptRunConfig\nScriptRunConfig("src", command=["a --b c", "d e"])\n')
    assert 'command="a --b c d e"' in text


def test_a_step_that_names_no_compute_runs_serverless() -> None:
    """A node of a pipeline has to name one: the client refuses it otherwise."""
    text = f'{HEAD}step = PythonScriptStep("a.py", runconfig=env)\np = Pipeline(ws, steps=[step])\n'
    assert 'compute="serverless"' in convert(text).text


def test_steps_whose_arguments_are_not_known_are_left_each() -> None:
    text = f"{HEAD}a = PythonScriptStep(**load(1))\nb = PythonScriptStep(**load(2))\nb.run_after(*a)\n"
    found = convert(text + "c = StepSequence(**x)\n")
    left = [item for item in found.findings if item.symbol == "PythonScriptStep"]
    assert len(left) == 2 and all("dict that is not literal" in item.message for item in left)


def test_settings_made_by_dict_are_read() -> None:
    text = f'{HEAD}settings = dict(compute_target="cpu", runconfig=env)\nstep = PythonScriptStep("a.py", **settings)\n'
    text += "p = Pipeline(ws, steps=[step])\n"
    assert 'compute="cpu"' in convert(text).text


def test_a_command_step_runs_as_its_script_run_config_says() -> None:
    text = done(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration
from azureml.pipeline.steps import CommandStep
mpi = MpiConfiguration(node_count=2)
config = ScriptRunConfig("src", command=["python x.py"], compute_target="cpu", distributed_job_config=mpi)
p = Pipeline(ws, [CommandStep(name="a", runconfig=config)])
"""
    )
    assert 'code="src"' in text and 'command="python x.py"' in text and 'compute="cpu"' in text
    assert "instance_count=2" in text and "distribution=mpi" in text


@pytest.mark.parametrize("around", ["p = {}", "print(Experiment(ws, 'e').submit({}))", "p = run({})"])
def test_steps_that_are_made_in_the_list_have_their_components(around: str) -> None:
    made = around.format(f"Pipeline(ws, [first, {step('b')}])")
    text = convert(f"{HEAD}from azureml.core import Experiment\nfirst = {step('a')}\n{made}\n").text
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert "b_component = command(" in text and {"first_component", "b_component"} <= names
    assert text.index("b_component = ") < text.index("b = b_component()")


def test_the_step_of_an_estimator_runs_as_the_estimator_says() -> None:
    found = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.runconfig import MpiConfiguration
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import EstimatorStep
        from azureml.train.dnn import PyTorch

        ws = Workspace.from_config()
        estimator = PyTorch(
            source_directory="src", compute_target="gpu", entry_script="train.py", node_count=NODES,
            distributed_training=MpiConfiguration(process_count_per_node=2), environment_variables={"A": "b"},
        )
        step = EstimatorStep(name="train", estimator=estimator, estimator_entry_script_arguments=["--a", 1])
        pipeline = Pipeline(ws, steps=[step])
        """
    ).text
    assert "instance_count=NODES" in found and "MpiDistribution(process_count_per_instance=2)" in found
    assert 'environment_variables={"A": "b"}' in found and '"torch"' in found
    assert "estimator" not in found and "default_environment" not in found


def test_a_step_that_reads_what_a_loop_of_steps_writes_stays_with_them() -> None:
    found = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.runconfig import RunConfiguration
        from azureml.pipeline.core import Pipeline, PipelineData
        from azureml.pipeline.steps import EstimatorStep, PythonScriptStep
        from azureml.train.estimator import Estimator

        ws = Workspace.from_config()
        written, checked = [], []
        for number in range(N):
            data = PipelineData(f"part{number}")
            part = PythonScriptStep("part.py", arguments=["--out", data], outputs=[data], compute_target="cpu")
            written.append(data)
        inputs = written + checked
        estimator = Estimator("src", entry_script="train.py", compute_target="gpu")
        step = EstimatorStep(
            estimator=estimator, estimator_entry_script_arguments=["--data", str(written)], inputs=inputs
        )
        pipeline = Pipeline(ws, steps=[step])
        """
    ).text
    assert "EstimatorStep(" in found and "Pipeline(ws" in found and "PythonScriptStep(" in found


@pytest.mark.parametrize(
    "read",
    [
        'PythonScriptStep("r.py", name="r", arguments=["--in", data], inputs=[data], **where)',
        'CommandStep(command=["python r.py --in", data], name="r", inputs=[data], **where)',
    ],
)
def test_an_output_that_another_step_lists_as_an_input_is_read_by_it(read: str) -> None:
    """SDK v1 takes it so, also without ``as_input``."""
    text = done(
        f"""\
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.steps import CommandStep
data = OutputFileDatasetConfig("data")
where = {{"compute_target": "c", "runconfig": env}}
w = PythonScriptStep("w.py", name="w", arguments=["--out", data], **where)
r = {read}
p = Pipeline(ws, [w, r])
"""
    )
    assert "python r.py --in ${{inputs." in text and "=w.outputs.out)" in text
    assert text.count("outputs={") == 1


def test_an_output_that_no_argument_names_is_for_review() -> None:
    """The script has it from a variable, which has another name in SDK v2."""
    given = "outputs=[data], compute_target='cpu'"
    code = f"{HEAD}data = PipelineData('data')\na = PythonScriptStep('a.py', {{}}{given})\np = Pipeline(ws, [a])\n"
    messages = [finding.message for finding in convert(code.format("")).findings]
    assert any("AZURE_ML_OUTPUT_data" in message for message in messages)
    named = [finding.message for finding in convert(code.format("arguments=['--out', data], ")).findings]
    assert not any("AZURE_ML_OUTPUT_data" in message for message in named)


@pytest.mark.parametrize(
    ("variable", "node"),
    [("dataPrep_step", "data_prep_step"), ("trainStep", "train_step"), ("Train_model", "train_model"), ("a", "a")],
)
def test_nodes_have_names_that_v2_takes(variable: str, node: str) -> None:
    """A node is called as its variable, and only lower letters, digits and underscores are taken."""
    text = function(done(f"{variable} = {step('x')}\np = Pipeline(ws, [{variable}])\n"))
    assert f"    {node} = " in text


def test_a_node_that_is_called_otherwise_hides_no_variable() -> None:
    code = f"train_step = 1\ntrainStep = {step('x')}\np = Pipeline(ws, [trainStep])\nprint(train_step)\n"
    text = function(done(code))
    assert "    train_step_2 = train_component()" in text


@pytest.mark.parametrize(("published", "decorator"), [(".publish('p')", 'name="train_all"'), ("", "")])
def test_a_pipeline_that_is_published_has_the_name_of_a_component(published: str, decorator: str) -> None:
    text = function(done(f"a = {step('a')}\ntrainAll = Pipeline(ws, [a])\ntrainAll{published}\n"))
    assert text.startswith(f"@dsl.pipeline({decorator})\ndef trainAll():")


def test_steps_that_a_pipeline_may_have_which_stays_stay_as_well() -> None:
    """A pipeline of SDK v1 takes no components."""
    text = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()


def make(region):
    return PythonScriptStep(name=region, script_name="train.py", source_directory="src", compute_target="cpu")


regions = open("regions.txt").read().split()
pipeline = Pipeline(ws, steps=list(map(make, regions)))
first = PythonScriptStep(name="first", script_name="first.py", source_directory="src", compute_target="cpu")
told = Pipeline(ws, steps=[first])
"""
    ).text
    assert "return PythonScriptStep(name=region" in text
    assert "Pipeline(ws, steps=list(map(make, regions)))" in text
    assert "first = PythonScriptStep" not in text and "def told" in text


def test_each_of_two_pipelines_takes_its_own_list_along() -> None:
    steps = """\
steps = [PythonScriptStep("a.py", name="a", compute_target="cpu", source_directory="src")]
steps.append(PythonScriptStep("b.py", name="b", compute_target="cpu", source_directory="src"))
Experiment(ws, "e").submit(Pipeline(ws, steps=steps))
"""
    named = """\
first = PythonScriptStep("a.py", name="a", compute_target="cpu", source_directory="src")
steps = [first]
pipeline = Pipeline(ws, steps=steps)
Experiment(ws, "e").submit(pipeline)
"""
    head = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""
    for one, other in ((named, named), (named, steps), (steps, steps)):
        found = convert(head + one + other)
        assert "steps" not in found.text and "azureml.core" not in found.text
        assert found.text.count("ml_client.jobs.create_or_update(") == 2
    read = convert(head + named + "print(len(steps))\n" + named)
    assert read.text.count("steps = ") == 1


def test_a_step_that_nothing_defines_is_told() -> None:
    found = convert(
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import Pipeline\n\n"
        "pipeline = Pipeline(Workspace.from_config(), steps=[prepare])\n"
    )
    assert "nothing in this file defines the step prepare: define it above" in [one.message for one in found.findings]
