"""Jobs of SDK v2 become Plans; what cannot run is refused with the node and the field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine import plan_json
from amlbridge.engine.plan import (
    Argument,
    DataParameterRef,
    DataReference,
    Distribution,
    Input,
    InputRef,
    NodePort,
    OptionalGroup,
    OutputRef,
    ParameterRef,
    Plan,
    Registration,
    Resources,
    Value,
)
from amlbridge.v2 import job
from amlbridge.wire.errors import ServiceError
from tests.v2.jobs.fake_assets import FakeAssets, command, node, pipeline

FOLDER = {"jobInputType": "uri_folder", "uri": "azureml://datastores/d/paths/x/"}
PREP = command(
    "python train.py ${{inputs.data}} ${{inputs.k}} ${{outputs.o}}", {"data": "uri_folder", "k": "integer"}, ["o"]
)
JOIN = command(
    "python train.py ${{inputs.a}} $[[--b ${{inputs.b}}]] ${{outputs.o}}",
    {"a": "uri_folder", "b": {"type": "uri_folder", "optional": True}},
    ["o"],
)


def plan(properties: dict[str, Any], **components: Any) -> Plan:
    found = job.lower(properties, FakeAssets(**components)).plan
    assert plan_json.loads(plan_json.dumps(found)) == found
    return found


def refused(properties: dict[str, Any], **components: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        job.lower(properties, FakeAssets(**components))
    assert caught.value.status == 400
    return caught.value.message


def test_a_pipeline_of_two_nodes() -> None:
    jobs = {
        "prep": {
            **node("prep", data="${{parent.inputs.d}}", k="${{parent.inputs.k}}"),
            "environment_variables": {"A": 1},
        },
        "join": node("join", a="${{parent.jobs.prep.outputs.o}}", outputs={"o": "${{parent.outputs.end}}"}),
    }
    outputs = {"end": {"jobOutputType": "uri_folder", "mode": "Upload", "assetName": "made", "assetVersion": "7"}}
    settings = {"_source": "DSL", "default_compute": "/x/computes/cpu", "continue_on_step_failure": True}
    body = pipeline(jobs, {"d": FOLDER, "k": "07"}, outputs=outputs, settings=settings)
    found = plan(body, prep=PREP, join=JOIN)
    prep, join = found.nodes
    assert prep.inputs == {
        "data": Input(DataParameterRef("d"), "uri_folder", "mount"),
        "k": Input(ParameterRef("k")),
    }
    assert prep.command.script == "train.py"
    assert [item.pieces[0] for item in prep.command.arguments if isinstance(item, Argument)] == [
        InputRef("data"),
        InputRef("k"),
        OutputRef("o"),
    ]
    assert prep.variables == {"A": "1"}
    assert join.inputs == {"a": Input(NodePort("prep", "o"), "uri_folder", "mount")}
    made = join.outputs["o"]
    assert (made.datastore, made.path, made.mode) == ("workspaceblobstore", "azureml/{run-id}/{output-name}", "upload")
    assert made.registration == Registration("made", version="7")
    (parameter,), (data,) = found.parameters, found.data_parameters
    assert (parameter.name, parameter.type, parameter.default) == ("k", "integer", "07")
    assert data.default == DataReference("azureml://datastores/d/paths/x/", "uri_folder")
    assert found.outputs == {"end": NodePort("join", "o")}
    assert found.settings.continue_on_failure and found.settings.default_compute == "cpu"


def test_sub_pipelines_are_taken_apart() -> None:
    inner = {
        "type": "pipeline",
        "inputs": {"x": {"type": "integer", "default": "3"}, "d": {"type": "uri_folder"}},
        "outputs": {"best": {"type": "uri_folder"}},
        "jobs": {
            "p": node("prep", data="${{parent.inputs.d}}", k="${{parent.inputs.x}}"),
            "j": node("join", a="${{parent.jobs.p.outputs.o}}", outputs={"o": "${{parent.outputs.best}}"}),
        },
    }
    middle = {
        "type": "pipeline",
        "inputs": {"d": {"type": "uri_folder"}},
        "outputs": {"up": {"type": "uri_folder"}},
        "jobs": {
            "in": node("inner", kind="pipeline", d="${{parent.inputs.d}}", outputs={"best": "${{parent.outputs.up}}"})
        },
    }
    jobs = {
        "m": node("middle", kind="pipeline", d="${{parent.inputs.d}}", outputs={"up": "${{parent.outputs.out}}"}),
        "i": {**node("inner", kind="pipeline", d=FOLDER, x="5"), "settings": {"default_compute": "gpu"}},
        "end": node("join", a="${{parent.jobs.m.outputs.up}}", b="${{parent.jobs.i.outputs.best}}"),
    }
    place = "${{default_datastore}}/paths/at/${{name}}"
    outputs = {"out": {"jobOutputType": "uri_folder", "uri": f"azureml://datastores/{place}/x"}}
    found = plan(pipeline(jobs, {"d": FOLDER}, outputs=outputs), inner=inner, middle=middle, prep=PREP, join=JOIN)
    nodes = {item.id: item for item in found.nodes}
    assert set(nodes) == {"m.in.p", "m.in.j", "i.p", "i.j", "end"}
    assert nodes["m.in.p"].inputs["k"].source == Value("3")
    assert nodes["m.in.p"].inputs["data"].source == DataParameterRef("d")
    assert nodes["i.p"].inputs["k"].source == Value("5")
    assert (nodes["i.p"].resources.compute, nodes["m.in.p"].resources.compute) == ("gpu", "serverless")
    assert nodes["end"].inputs["a"].source == NodePort("m.in.j", "o")
    assert nodes["end"].inputs["b"].source == NodePort("i.j", "o")
    assert found.outputs == {"out": NodePort("m.in.j", "o")}
    assert (nodes["m.in.j"].outputs["o"].datastore, nodes["m.in.j"].outputs["o"].path) == (
        "workspaceblobstore",
        "at/{run-id}/x",
    )


def test_an_optional_input_without_a_value_takes_its_arguments_with_it() -> None:
    without = plan(pipeline({"n": node("join", a=FOLDER)}), join=JOIN).nodes[0]
    assert not any(isinstance(item, OptionalGroup) for item in without.command.arguments)
    given = plan(pipeline({"n": node("join", a=FOLDER, b=FOLDER)}), join=JOIN).nodes[0]
    assert [item.when for item in given.command.arguments if isinstance(item, OptionalGroup)] == ["b"]


def test_what_a_node_says_wins_over_its_component() -> None:
    spec = command(
        resources={"instance_count": 1, "instance_type": "small"},
        distribution={"type": "mpi", "process_count_per_instance": 2},
        environment_variables={"A": "1", "B": "1"},
        is_deterministic=False,
        limits={"timeout": 5},
    )
    item = {
        **node("c"),
        "computeId": "/subscriptions/s/resourceGroups/g/providers/x/workspaces/w/computes/own",
        "resources": {"instance_type": "large"},
        "distribution": {"distribution_type": "pytorch", "process_count_per_instance": 3},
        "environment_variables": {"B": "${{parent.inputs.b}}"},
        "limits": {"timeout": "PT1H30M"},
    }
    found = plan(pipeline({"n": item}, {"b": "val"}), c=spec).nodes[0]
    assert found.resources == Resources("own", 1, "large")
    assert found.distribution == Distribution("pytorch", 3)
    assert (found.variables, found.parameter_variables) == ({"A": "1"}, {"B": ParameterRef("b")})
    assert (found.timeout, found.deterministic) == (5400.0, False)


def test_a_command_job_is_a_plan_of_one_node() -> None:
    body = {
        "jobType": "Command",
        "command": "echo ${{inputs.x}} > ${{outputs.o}}/t",
        "environmentId": "azureml:env:1",
        "inputs": {"x": {"jobInputType": "literal", "value": "1"}, "d": {**FOLDER, "mode": "Download"}},
        "outputs": {"o": {"jobOutputType": "mlflow_model", "assetName": "m"}},
        "resources": {"properties": {"IsLocal": {"IsLocal": True}}},
        "limits": {"jobLimitsType": "Command", "timeout": "PT60S"},
        "environmentVariables": {"A": "b"},
    }
    lowered = job.lower(body, FakeAssets())
    (found,) = lowered.plan.nodes
    assert lowered.single and found.command.shell and not found.deterministic
    assert found.inputs["x"].source == Value("1") and found.inputs["d"].mode == "download"
    assert found.outputs["o"].registration == Registration("m")
    assert (found.timeout, found.resources.compute, found.variables) == (60.0, "local", {"A": "b"})


def test_kinds_that_come_later_have_their_plan_already() -> None:
    sweep = {
        **node("t", kind="sweep", k="2"),
        "trial": {"componentId": "t"},
        "search_space": {"lr": {"type": "uniform", "min_value": 0.1, "max_value": 1}},
        "objective": {"goal": "maximize", "primary_metric": "acc"},
        "sampling_algorithm": "random",
        "limits": {"max_total_trials": 3},
    }
    del sweep["componentId"]
    parallel = {
        **node("par", kind="parallel", d="${{parent.inputs.d}}"),
        "mini_batch_size": 2,
        "task": {"program_arguments": "--x ${{outputs.o}}"},
    }
    automl = {
        "type": "automl",
        "task": "classification",
        "training_data": "${{parent.inputs.d}}",
        "target_column_name": "y",
        "outputs": {"best_model": {"job_output_type": "mlflow_model"}},
    }
    spec = {
        **command(inputs={"d": "uri_folder"}, outputs=["o"]),
        "type": "parallel",
        "task": {"type": "run_function", "entry_script": "train.py", "code": "azureml:c", "environment": "e"},
        "input_data": "${{inputs.d}}",
    }
    trial = command(
        "python train.py --lr ${{search_space.lr}} ${{inputs.k}}",
        {"k": "integer", "lr": {"type": "number", "optional": True}},
    )
    last = node("join", a="${{parent.jobs.am.outputs.best_model}}")
    body = pipeline({"s": sweep, "p": parallel, "am": automl, "z": last}, {"d": FOLDER})
    found = {item.id: item for item in plan(body, t=trial, par=spec, join=JOIN).nodes}
    assert {name: item.kind for name, item in found.items()} == {
        "s": "sweep",
        "p": "parallel",
        "am": "automl",
        "z": "command",
    }
    sweep_of = found["s"].options["sweep"]
    assert sweep_of["space"] == [["lr", ["uniform", [0.1, 1]]]]
    assert (sweep_of["metric"], sweep_of["max_total"], sweep_of["max_concurrent"]) == ("acc", 3, 3)
    assert found["p"].options["parallel"] == {
        "entry_script": "train.py",
        "inputs": ["d"],
        "output_action": "summary_only",
        "mini_batch_size": 2,
    }
    assert found["p"].command.script == "train.py"
    assert found["am"].options["automl"]["task"] == "classification"
    assert found["am"].outputs["best_model"].type == "mlflow_model"
    assert found["am"].inputs["training_data"].source == DataParameterRef("d")
    assert found["z"].inputs["a"].source == NodePort("am", "best_model")


BAD = [
    ({"n": node("nope")}, "jobs.n.componentId: Could not find component nope"),
    ({"n": node("prep", k="1")}, "jobs.n.inputs.data: is required and has no value"),
    ({"n": node("prep", k="one", data=FOLDER)}, "jobs.n.inputs.k: 'one' is not an integer"),
    ({"n": node("prep", k="1", data="text")}, "jobs.n.inputs.data: wants uri_folder, but is given the literal 'text'"),
    ({"n": node("prep", k=FOLDER, data=FOLDER)}, "jobs.n.inputs.k: wants a literal (integer), but is given uri_folder"),
    ({"n": node("prep", k="1", data="azureml:missing:1")}, "jobs.n.inputs.data: Could not find data asset"),
    (
        {"n": node("prep", k="1", data=FOLDER, z="1")},
        "jobs.n.inputs.z: the component has no such input; it has: data, k",
    ),
    ({"n": node("join", a="${{parent.inputs.zz}}")}, "jobs.n.inputs.a: refers to the pipeline input 'zz'"),
    ({"n": node("join", a="${{parent.jobs.m.outputs.o}}")}, "jobs.n.inputs.a: refers to the node 'm'; there are: n"),
    (
        {"n": node("join", a="${{parent.jobs.n.outputs.q}}")},
        "jobs.n.inputs.a: refers to the output 'q' of the node 'n'",
    ),
    ({"n": node("join", a=FOLDER, outputs={"q": "${{parent.outputs.x}}"})}, "jobs.n.outputs.q: the component has no"),
    (
        {"n": node("join", a=FOLDER, outputs={"o": "${{parent.outputs.x}}"})},
        "jobs.n.outputs.o: is bound to the pipeline",
    ),
    (
        {"n": {**node("join", a=FOLDER), "type": "spark"}},
        "jobs.n: the type 'spark' cannot run on this machine: it needs",
    ),
    ({"n": {"type": "if_else", "condition": "x"}}, "jobs.n: the type 'if_else' cannot run on this machine"),
    (
        {"n": {**node("join", a=FOLDER), "resources": {"instance_count": 0}}},
        "jobs.n.resources.instance_count: must be at",
    ),
    (
        {"n": {**node("join", a=FOLDER), "distribution": {"type": "ray"}}},
        "jobs.n.distribution.type: the distribution 'ray'",
    ),
    ({"n": {**node("join", a=FOLDER), "limits": {"timeout": "soon"}}}, "jobs.n.limits.timeout: 'soon' is no duration"),
    ({"n": node("join", a={**FOLDER, "mode": "upload"})}, "jobs.n.inputs.a: 'upload' is no mode here"),
    ({"n": node("badcode", a=FOLDER)}, "component badcode.code: the code azureml:missing is not there"),
    ({"n": node("badenv", a=FOLDER)}, "jobs.n.environment: Could not find environment azureml:missing:1"),
    ({"n": "text"}, "jobs.n: must be an object"),
    ({}, "jobs: the pipeline has no nodes"),
]


@pytest.mark.parametrize(("jobs", "message"), BAD)
def test_a_bad_pipeline_is_refused_with_the_node_and_the_field(jobs: dict[str, Any], message: str) -> None:
    components = {
        "prep": PREP,
        "join": JOIN,
        "badcode": {**JOIN, "code": "azureml:missing"},
        "badenv": {**JOIN, "environment": "azureml:missing:1"},
    }
    assert message in refused(pipeline(jobs), **components)


def test_ports_must_fit_and_data_from_outside_are_read_as_they_are() -> None:
    reader = command("python train.py ${{inputs.f}}", {"f": "uri_file"}, ["o"])
    jobs = {"one": node("join", a=FOLDER), "two": node("reader", f="${{parent.jobs.one.outputs.o}}")}
    message = refused(pipeline(jobs), join=JOIN, reader=reader)
    assert message == "jobs.two.inputs.f: wants uri_file, but the output 'o' of 'one' is uri_folder"
    given = plan(pipeline({"n": node("join", a="azureml:file:1")}), join=JOIN).nodes[0].inputs["a"]
    assert given.source == DataReference("azureml:file:1", "uri_file") and given.type == "uri_folder"


def test_a_cycle_is_refused() -> None:
    jobs = {
        "one": node("join", a="${{parent.jobs.two.outputs.o}}"),
        "two": node("join", a="${{parent.jobs.one.outputs.o}}"),
    }
    message = refused(pipeline(jobs), join=JOIN)
    assert "one" in message and "two" in message


def test_outputs_that_nothing_writes_and_types_that_do_not_exist_are_refused() -> None:
    jobs = {"n": node("join", a=FOLDER)}
    assert refused(pipeline(jobs, outputs={"x": {"jobOutputType": "uri_folder"}}), join=JOIN) == (
        "outputs.x: no node of the pipeline writes this output"
    )
    assert "there is no type 'strange' of jobs" in refused({"jobType": "strange"})
    assert "it needs a Spark pool" in refused({"jobType": "Spark"})
    assert "enum" not in refused({})


def test_settings_of_a_pipeline() -> None:
    jobs = {"first": node("join", a=FOLDER), "other": node("join", a="${{parent.inputs.g.x}}")}
    settings = {"default_datastore": "/x/datastores/own", "on_init": "first", "force_rerun": "true"}
    found = plan(pipeline(jobs, {"g.x": FOLDER}, settings=settings), join=JOIN)
    nodes = {item.id: item for item in found.nodes}
    assert (nodes["other"].after, nodes["first"].after) == (("first",), ())
    assert nodes["first"].outputs["o"].datastore == "own" and found.settings.force_rerun
    assert nodes["other"].inputs["a"].source == DataParameterRef("g.x")
    assert "settings.on_finalize" in refused(pipeline(jobs, {"g.x": FOLDER}, settings={"on_finalize": "x"}), join=JOIN)


def test_a_registered_pipeline_component_can_be_the_whole_job() -> None:
    spec = {
        "type": "pipeline",
        "inputs": {"d": {"type": "uri_folder"}, "k": {"type": "integer", "default": "4"}},
        "outputs": {"end": {"type": "uri_folder"}},
        "jobs": {"p": node("prep", data="${{parent.inputs.d}}", k="${{parent.inputs.k}}", outputs=END)},
    }
    body = {"jobType": "Pipeline", "componentId": "whole", "inputs": {"d": FOLDER}}
    found = plan(body, whole=spec, prep=PREP)
    assert [(item.name, item.type, item.default) for item in found.parameters] == [("k", "integer", "4")]
    assert found.outputs == {"end": NodePort("p", "o")}
    assert refused({**body, "inputs": {}}, whole=spec, prep=PREP) == "inputs.d: is required and has no value"
    assert "inputs.k: 'x' is not an integer" in refused(
        {**body, "inputs": {"d": FOLDER, "k": {"jobInputType": "literal", "value": "x"}}}, whole=spec, prep=PREP
    )


END = {"o": "${{parent.outputs.end}}"}
BOUNDED = command("echo ${{inputs.v}}", {"v": {"type": "integer", "min": "1", "max": 9}})


@given(st.integers(-50, 50))
def test_bounds_hold(value: int) -> None:
    body = pipeline({"n": node("c", v=str(value))})
    if 1 <= value <= 9:
        assert plan(body, c=BOUNDED).nodes[0].inputs["v"].source == Value(str(value))
    else:
        assert "jobs.n.inputs.v" in refused(body, c=BOUNDED)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = (
    "jobs",
    "inputs",
    "outputs",
    "settings",
    "componentId",
    "computeId",
    "tags",
    "limits",
    "resources",
    "command",
)


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON), st.sampled_from(["Pipeline", "Command", "Sweep", "AutoML"]))
def test_any_json_is_a_plan_or_a_400(content: dict[str, Any], kind: str) -> None:
    try:
        job.lower({**content, "jobType": kind}, FakeAssets())
    except ServiceError as error:
        assert error.status == 400


@given(
    _JSON,
    st.sampled_from(["inputs", "outputs", "resources", "distribution", "limits", "environment_variables", "computeId"]),
)
def test_any_node_is_a_plan_or_a_400(content: Any, field: str) -> None:
    try:
        job.lower(pipeline({"n": {**node("join", a=FOLDER), field: content}}), FakeAssets(join=JOIN))
    except ServiceError as error:
        assert error.status == 400
