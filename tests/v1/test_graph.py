"""A v1 graph as a Plan: what the real client posts, the rules one by one, and anything at all."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine import plan_json
from amlbridge.engine.plan import (
    Argument,
    DataParameterRef,
    DataReference,
    Distribution,
    InputRef,
    NodePort,
    OutputRef,
    Parameter,
    ParameterRef,
    Value,
)
from amlbridge.v1 import graph_kinds
from amlbridge.wire.errors import ServiceError
from tests.v1.graphs import captured, edge, graphs, literal, lower, module, node, one_step


def nodes_by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {item.name: item for item in lower(document).plan.nodes}


def words(command: Any) -> list[Any]:
    """Arguments as strings where they are plain, else their pieces."""
    found: list[Any] = []
    for item in command.arguments:
        assert isinstance(item, Argument)
        plain = len(item.pieces) == 1 and isinstance(item.pieces[0], Value)
        found.append(item.pieces[0].value if plain else item.pieces if len(item.pieces) > 1 else item.pieces[0])
    return found


# -- what the real client posts ---------------------------------------------------------------------------------------


def test_arguments_of_the_real_client() -> None:
    prep = nodes_by_name(captured())["prep"]
    assert prep.command.script == "prep.py"
    given_words = words(prep.command)
    pairs = dict(zip(given_words[0::2], given_words[1::2], strict=False))
    assert pairs["--s"] == ParameterRef("s")
    assert pairs["--lit"] == "3"
    assert pairs["--t"] == InputRef("t")
    assert pairs["--o"] == OutputRef("outA")
    assert pairs["--pd"] == OutputRef("pd1")
    assert pairs["--dref"] == InputRef("dref")
    assert (Value("--x="), InputRef("dref")) in given_words
    assert InputRef("dpp") in given_words, "the data path's invented name gives way to its parameter's"


def test_inputs_of_the_real_client() -> None:
    nodes = nodes_by_name(captured())
    prep, train = nodes["prep"], nodes["train"]
    modes = {name: item.mode for name, item in prep.inputs.items()}
    assert modes == {"dref": "mount", "dpp": "mount", "t": "direct", "m": "mount", "reg": "direct", "dsin": "download"}
    assert prep.inputs["dref"].source == DataReference("azureml://datastores/workspaceblobstore/paths/in")
    assert prep.inputs["dpp"].source == DataParameterRef("dpp")
    assert prep.inputs["reg"].source.uri.startswith("azureml://saved_datasets/saved-")
    assert train.inputs["pd1"].source == NodePort(prep.id, "pd1")
    assert train.inputs["pd1"].mode == "download"
    blocks = [block["type"].split(".")[-1] for block in train.inputs["ttt"].transformations["blocks"]]
    assert blocks == ["ParseDelimitedBlock", "DropColumnsBlock", "DropColumnsBlock"]
    assert "id" not in train.inputs["ttt"].transformations["blocks"][0]


def test_outputs_of_the_real_client() -> None:
    lowered = lower(captured())
    prep = next(item for item in lowered.plan.nodes if item.name == "prep")
    paths = {name: (item.path, item.type, item.mode) for name, item in prep.outputs.items()}
    assert paths["pd1"] == ("azureml/{run-id}/{output-name}", "any", "mount")
    assert paths["pdd"] == ("azureml/{run-id}/{output-name}", "uri_folder", "mount")
    assert paths["outA"] == ("oa/{run-id}", "uri_folder", "upload")
    assert paths["outB"] == ("dataset/{run-id}/{output-name}", "uri_folder", "mount")
    assert prep.outputs["outA"].registration.name == "outreg"
    assert prep.outputs["outA"].registration.tags == {"k": "v"}
    assert prep.outputs["outB"].registration is None
    assert lowered.plan.outputs == {"first": NodePort(prep.id, "pd1")}


def test_settings_of_the_real_client() -> None:
    lowered = lower(captured())
    nodes = {item.name: item for item in lowered.plan.nodes}
    prep = nodes["prep"]
    assert prep.resources.compute == "cpu"
    assert prep.resources.nodes == 2, "NodeCount is a pipeline parameter"
    assert prep.options["bound_settings"] == {"NodeCount": "nodes"}
    assert prep.timeout == 99
    assert prep.variables == {"MY": "1"}
    assert prep.parameter_variables["AML_PARAMETER_P"] == Value("q")
    assert prep.parameter_variables["AML_PARAMETER_Q"] == ParameterRef("s")
    assert prep.environment.conda["dependencies"]
    assert not nodes["train"].deterministic
    assert nodes["eval"].after == (nodes["train"].id,)
    assert nodes["cmd"].command.shell
    pieces = nodes["cmd"].command.arguments[0].pieces
    expected = (Value('python train.py --a "x y" && echo '), InputRef("o2"), Value(" "), ParameterRef("s"))
    assert pieces == expected


def test_parameters_of_the_real_client() -> None:
    lowered = lower(captured())
    assert lowered.plan.parameters == (
        Parameter("s", "string", "txt"),
        Parameter("i", "integer", 5),
        Parameter("f", "number", 0.1),
        Parameter("b", "boolean", True),
        Parameter("nodes", "integer", 2),
    )
    assert lowered.parameters == {"i": 7}
    assert lowered.data_parameters["dpp"].uri == "azureml://datastores/workspaceblobstore/paths/in"


# -- properties -------------------------------------------------------------------------------------------------------


@given(graphs())
def test_dependencies_are_those_of_the_graph(drawn: tuple[dict[str, Any], dict[str, set[str]]]) -> None:
    document, expected = drawn
    assert {item.id: set(item.dependencies()) for item in lower(document).plan.nodes} == expected


def rename(value: Any, names: dict[str, str]) -> Any:
    """Every string that is one of ``names``, anywhere, by its new name."""
    if isinstance(value, dict):
        return {key: rename(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [rename(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


@given(st.data(), st.one_of(graphs().map(lambda drawn: drawn[0]), st.builds(captured)))
@settings(max_examples=60)
def test_order_and_node_ids_mean_nothing(data: st.DataObject, document: dict[str, Any]) -> None:
    other = copy.deepcopy(document)
    body = other["creation"]["Graph"]
    ids = [item["Id"] for item in body["ModuleNodes"] + body["DatasetNodes"]]
    names = dict(zip(ids, data.draw(st.permutations([f"id-{index}" for index in range(len(ids))])), strict=True))
    for field in ("ModuleNodes", "DatasetNodes", "Edges"):
        body[field] = data.draw(st.permutations(rename(body[field], names)))
    assert plan_json.fingerprint(lower(other).plan) == plan_json.fingerprint(lower(document).plan)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        found += places(item, (*path, key))
    return found


_JUNK: list[Any] = [
    None,
    0,
    1,
    -1,
    2.5,
    True,
    "",
    "x",
    "\ud800",
    "a\0b",
    [],
    {},
    [1],
    {"Name": 1},
    float("nan"),
    10**400,
]
_JUNK += ["../../etc", "2", {"blocks": [{}]}, [{}], "{", '{"environment": 1}', '{"nodeCount": 1e999}', "NestedList"]
_PLACES = places(captured())


@given(st.lists(st.tuples(st.sampled_from(_PLACES), st.sampled_from(_JUNK), st.booleans()), min_size=1, max_size=4))
@settings(max_examples=400)
def test_any_graph_is_lowered_or_refused_with_a_reason(changes: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    document = captured()
    for path, junk, remove in changes:
        target: Any = document
        try:
            for key in path[:-1]:
                target = target[key]
            if remove:
                del target[path[-1]]
            else:
                target[path[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has removed the place
    if not all(isinstance(document.get(name), dict) for name in ("creation", "modules", "sources")):
        return
    try:
        lowered = lower(document)
    except ServiceError as error:
        assert 400 <= error.status < 500
        assert len(error.message) < 2000
    else:
        plan_json.loads(plan_json.dumps(lowered.plan))
        plan_json.fingerprint(lowered.plan)


# -- rules, one by one ------------------------------------------------------------------------------------------------


def refused(document: dict[str, Any]) -> str:
    with pytest.raises(ServiceError) as caught:
        lower(document)
    assert caught.value.status == 400
    return caught.value.message


def test_malformed_graphs_name_the_spot() -> None:
    document = one_step()
    document["creation"]["Graph"]["ModuleNodes"][0]["ModuleId"] = "other"
    assert refused(document) == "Graph.ModuleNodes[0].ModuleId names the module 'other', which is not there"
    document = one_step()
    document["creation"]["Graph"]["ModuleNodes"] = {}
    assert refused(document) == "Graph.ModuleNodes must be an array, not an object"
    document["creation"]["Graph"]["ModuleNodes"] = []
    assert "has no steps" in refused(document)
    for wrong, message in (
        (edge("x", "out", "a", "in"), "Graph.Edges[0].SourceOutputPort.NodeId names 'x'"),
        (edge("a", "out", "x", "in"), "Graph.Edges[0].DestinationInputPort.NodeId names 'x'"),
        (edge("a", "none", "a", "in"), "names the output 'none', which step 'step' does not have"),
        (edge("a", "out", "a", "none"), "names the input 'none', which step 'step' does not have"),
        ({"SourceOutputPort": 5}, "Graph.Edges[0].SourceOutputPort must be an object, not a number"),
    ):
        document = one_step()
        document["creation"]["Graph"]["Edges"] = [wrong]
        assert message in refused(document)


def test_unconnected_and_doubly_connected_inputs() -> None:
    document = one_step()
    document["modules"]["m"] = module("step", ["data"])
    assert refused(document) == "step 'step' input 'data' is connected to nothing"
    document["modules"]["m"]["StructuredInterface"]["Inputs"][0]["IsOptional"] = True
    document["modules"]["m"]["StructuredInterface"]["Arguments"] = []
    assert lower(document).plan.nodes[0].inputs == {}
    document["modules"]["n"] = module("first", [])
    graph = document["creation"]["Graph"]
    graph["ModuleNodes"].append(node("b", "n"))
    graph["Edges"] = [edge("b", "out", "a", "data")] * 2
    assert "a second time" in refused(document)


def test_a_circle_is_refused() -> None:
    document = one_step()
    document["modules"]["m"] = module("first", ["x"])
    document["modules"]["n"] = module("second", ["x"])
    document["creation"]["Graph"] = {
        "ModuleNodes": [node("a", "m"), node("b", "n")],
        "Edges": [edge("a", "out", "b", "x"), edge("b", "out", "a", "x")],
    }
    assert refused(document) == "the steps depend on each other in a circle: first, second"


@pytest.mark.parametrize(
    ("kind", "default", "text", "value"),
    [
        ("0", "5", "7", 7),
        ("0", "5", "-7", -7),
        ("Int", "5", 7, 7),
        ("1", "0.5", "1e-05", 1e-05),
        ("1", "0.5", "2", 2.0),
        ("2", "true", "False", False),
        ("0", "True", "False", False),
        ("0", "True", "true", True),
        ("3", "a", "7", "7"),
        ("3", "a", "", ""),
        ("3", "a", "ünï\n", "ünï\n"),
        ("4", "a", "b", "b"),
        (3, "a", "b", "b"),
    ],
)
def test_parameter_values_have_their_type(kind: str, default: str, text: Any, value: Any) -> None:
    document = one_step()
    document["creation"]["GraphInterface"] = {"Parameters": [{"Name": "p", "Type": kind, "DefaultValue": default}]}
    document["creation"]["CreationInfo"] = {"ParameterAssignments": {"p": text}}
    found = lower(document).parameters["p"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("0", "x"), ("0", "1.5"), ("0", ""), ("1", "nan"), ("1", "x"), ("1", "inf"), ("2", "5"), ("0", "9" * 5000)],
)
def test_parameter_values_of_a_wrong_type(kind: str, text: str) -> None:
    document = one_step()
    document["creation"]["GraphInterface"] = {"Parameters": [{"Name": "p", "Type": kind}]}
    document["creation"]["CreationInfo"] = {"ParameterAssignments": {"p": text}}
    assert "the pipeline parameter 'p' must be" in refused(document)


def test_unknown_and_missing_parameters() -> None:
    document = one_step()
    declared = [{"Name": "rate", "Type": "1", "DefaultValue": "0.1"}, {"Name": "depth", "Type": "0"}]
    document["creation"]["GraphInterface"] = {"Parameters": declared}
    document["creation"]["CreationInfo"] = {"ParameterAssignments": {"rat": "1"}}
    assert refused(document) == "the pipeline has no parameter 'rat'; it has: depth, rate"
    document["creation"]["CreationInfo"] = {}
    assert refused(document) == "no value is given for depth, and there is no default"


def test_concatenations_and_parameters_in_every_place() -> None:
    parts = [literal("", "a-"), {"ValueType": "1", "Value": "p"}, literal("", "-z")]
    document = one_step(
        ModuleParameters=[
            {"Name": "X", "ValueType": "2", "AssignmentsToConcatenate": parts},
            {"Name": "Y", "ValueType": "1", "Value": "p"},
            {"Name": "Target", "ValueType": "1", "Value": "where"},
        ]
    )
    interface = document["modules"]["m"]["StructuredInterface"]
    interface["Parameters"] += [{"Name": name, "SetEnvironmentVariable": True} for name in "XY"]
    interface["Arguments"] = [
        {"ValueType": "Parameter", "Value": "X"},
        {"ValueType": "Literal", "Value": "$AML_PARAMETER_Y!"},
    ]
    parameters = [{"Name": name, "Type": "3", "DefaultValue": value} for name, value in (("p", "v"), ("where", "gpu"))]
    document["creation"]["GraphInterface"] = {"Parameters": parameters}
    step = lower(document).plan.nodes[0]
    assert words(step.command) == [(Value("a-"), ParameterRef("p"), Value("-z")), (ParameterRef("p"), Value("!"))]
    assert step.parameter_variables == {"AML_PARAMETER_X": Value("a-v-z"), "AML_PARAMETER_Y": ParameterRef("p")}
    assert step.resources.compute == "gpu"


def test_arguments_of_a_module_step_are_a_list_with_commas() -> None:
    document = one_step(ModuleParameters=[literal("Arguments", "--out,$AZUREML_DATAREFERENCE_out,--plain,3")])
    step = lower(document).plan.nodes[0]
    assert words(step.command) == ["--out", OutputRef("out"), "--plain", "3"]


def test_an_argument_that_only_looks_like_a_reference_stays_text() -> None:
    document = one_step()
    texts = ["DatasetConsumptionConfig:nothing", "$AML_PARAMETER_nothing", "$HOME", ""]
    document["modules"]["m"]["StructuredInterface"]["Arguments"] = [{"Value": text} for text in texts]
    assert words(lower(document).plan.nodes[0].command) == texts


def runconfig(document: dict[str, Any], **content: Any) -> dict[str, Any]:
    document["creation"]["Graph"]["ModuleNodes"][0]["Runconfig"] = json.dumps(content)
    return document


def test_the_environment_of_a_run_configuration() -> None:
    conda = {"dependencies": ["python=3.8", {"pip": ["pandas"]}]}
    python = {"userManagedDependencies": False, "interpreterPath": "python", "condaDependencies": conda}
    section = {
        "name": "env",
        "version": "3",
        "python": python,
        "docker": {"baseImage": "image:1", "baseDockerfile": None},
        "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE", "A": "environment", "B": "environment"},
    }
    document = runconfig(one_step(), environment=section, environmentVariables={"B": "run", "C": None, "N": 1})
    step = lower(document).plan.nodes[0]
    assert (step.environment.name, step.environment.version, step.environment.conda) == ("env", "3", conda)
    assert step.environment.image == "image:1"
    assert step.environment.interpreter is None
    assert step.variables == {"A": "environment", "B": "run", "N": "1"}
    python |= {"userManagedDependencies": True, "interpreterPath": "/opt/python"}
    step = lower(runconfig(document, environment=section)).plan.nodes[0]
    assert (step.environment.conda, step.environment.user_managed) == (None, True)
    assert step.environment.interpreter == "/opt/python"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"communicator": "None"}, None),
        ({"communicator": "IntelMpi", "mpi": {"processCountPerNode": 2}}, Distribution("mpi", 2)),
        ({"communicator": "OpenMpi", "nodeCount": 3}, Distribution("mpi", 1)),
        ({"communicator": "IntelMpi", "mpi": {"processCountPerNode": 1}}, Distribution("mpi", 1)),
        (
            {"framework": "PyTorch", "communicator": "Nccl", "nodeCount": 2, "pytorch": {"processCount": 8}},
            Distribution("pytorch", 4, {"backend": "nccl"}),
        ),
        (
            {"communicator": "ParameterServer", "tensorflow": {"workerCount": 2, "parameterServerCount": 1}},
            Distribution("tensorflow", 1, {"workerCount": 2, "parameterServerCount": 1}),
        ),
    ],
)
def test_distribution(config: dict[str, Any], expected: Distribution | None) -> None:
    assert lower(runconfig(one_step(), **config)).plan.nodes[0].distribution == expected


def test_malformed_run_configurations() -> None:
    document = one_step()
    document["creation"]["Graph"]["ModuleNodes"][0]["Runconfig"] = "{"
    assert refused(document).startswith("step 'step' Runconfig is not JSON")
    assert "nodeCount must be at least 1" in refused(runconfig(document, nodeCount=0))
    assert "nodeCount must be a whole number" in refused(runconfig(document, nodeCount=[]))
    assert "environmentVariables.A must be a string" in refused(runconfig(document, environmentVariables={"A": []}))


def test_regenerate_outputs() -> None:
    document = one_step(RegenerateOutput=True)
    assert lower(document).plan.settings.force_rerun
    document["modules"]["n"] = module("other", [])
    document["creation"]["Graph"]["ModuleNodes"].append(node("b", "n"))
    plan = lower(document).plan
    assert not plan.settings.force_rerun
    assert [item.options.get("force", False) for item in plan.nodes] == [True, False]


def test_continue_on_step_failure() -> None:
    document = one_step()
    assert not lower(document).plan.settings.continue_on_failure
    document["creation"]["CreationInfo"]["ContinueExperimentOnNodeFailure"] = True
    assert lower(document).plan.settings.continue_on_failure


@pytest.mark.parametrize(
    ("fields", "config", "kind", "message"),
    [
        ({"ModuleExecutionType": "AzureBatchCloud", "StepType": "AzureBatchStep"}, {}, "unsupported", "CommandStep"),
        ({"ModuleExecutionType": "martiancloud", "StepType": "MarsStep"}, {}, "unsupported", "martiancloud"),
        ({"StepType": "RScriptStep"}, {"framework": "R"}, "unsupported", "Rscript your_script.R"),
        ({"StepType": "SynapseSparkStep"}, {"framework": "PySpark"}, "unsupported", "a Spark cluster"),
    ],
)
def test_kinds_that_cannot_run_say_why(fields: dict[str, str], config: dict[str, str], kind: str, message: str) -> None:
    document = runconfig(one_step(), **config)
    document["modules"]["m"] |= fields
    plan = lower(document).plan
    assert plan.nodes[0].kind == kind
    with pytest.raises(ServiceError) as caught:
        graph_kinds.check_runnable(plan, {"command"})
    assert caught.value.status == 400
    assert f"step 'step' ({fields['StepType']})" in caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize("mode", ["hdfs", "link", "teleport"])
def test_modes_that_cannot_be_had(mode: str) -> None:
    document = one_step(ModuleOutputSettings=[{"Name": "out", "DataStoreMode": mode}])
    assert f"is {mode!r}" in refused(document)


def test_data_of_a_database_is_refused() -> None:
    document = one_step()
    document["modules"]["m"] = module("step", ["data"])
    graph = document["creation"]["Graph"]
    graph["DatasetNodes"] = [{"Id": "d", "DatasetId": "sql"}]
    graph["Edges"] = [edge("d", "data", "a", "data")]
    document["sources"]["sql"] = {
        "DataLocation": {"DataReference": {"AzureSqlDatabaseReference": {"SqlQuery": "select"}}}
    }
    assert "export it to files" in refused(document)


@pytest.mark.parametrize(
    ("words_given", "line"),
    [
        (["ls", "-l"], "ls -l"),
        (["echo", "a b"], 'echo "a b"'),
        (["echo", "hello $NAME"], 'echo "hello $NAME"'),
        (["awk", "{print $1}"], 'awk "{print \\$1}"'),
        (["echo", "a", "&&", "echo", "b"], "echo a && echo b"),
        (["python", "-c", "print('x', \"y\")"], 'python -c "print(\'x\', \\"y\\")"'),
        (["echo", ""], 'echo ""'),
        (["cat", "*.csv", ">", "all.txt"], "cat *.csv > all.txt"),
    ],
)
def test_a_command_step_is_a_line_for_the_shell(words_given: list[str], line: str) -> None:
    document = one_step(ModuleParameters=[literal("Command", words_given[0])])
    arguments = [{"ValueType": "Literal", "Value": word} for word in words_given[1:]]
    document["modules"]["m"]["StructuredInterface"]["Arguments"] = arguments
    command = lower(document).plan.nodes[0].command
    assert command.shell
    assert command.arguments == (Argument((Value(line),)),)
