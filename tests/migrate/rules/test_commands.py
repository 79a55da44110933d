"""ScriptRunConfig and estimators as commands."""

from __future__ import annotations

import re
import shlex

import pytest

from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion
from tests.migrate.rules.support import check_transformed, convert


def test_a_command_line_that_is_put_together_stays_a_text() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig(".", command=" && ".join(lines), compute_target="cpu", environment=env)
"""
    ).text
    assert 'command=" && ".join(lines),' in text


def test_communicator_and_shared_memory_of_a_run_configuration() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import DockerConfiguration, RunConfiguration

rc = RunConfiguration(communicator="OpenMpi")
docker = DockerConfiguration(use_docker=True, shm_size="48gb")
rc.target = "cpu"
rc.node_count = 2
rc.docker = docker
config = ScriptRunConfig(".", "train.py", run_config=rc)
"""
    ).text
    assert "distribution=MpiDistribution(process_count_per_instance=1)" in text
    assert 'shm_size="48g"' in text
    assert "instance_count=2" in text
    assert "docker" not in text.lower()


@pytest.mark.parametrize(
    ("training", "after"),
    [
        ("Mpi(process_count_per_node=2)", "MpiDistribution(process_count_per_instance=2)"),
        ("Mpi()", "MpiDistribution(process_count_per_instance=1)"),
        ("Nccl()", "PyTorchDistribution()"),
        (
            "ParameterServer(worker_count=2, parameter_server_count=1)",
            "TensorFlowDistribution(worker_count=2,parameter_server_count=1)",
        ),
    ],
)
def test_distributed_training_of_estimators(training: str, after: str) -> None:
    text = convert(
        f"""\
from azureml.core import Experiment, Workspace
from azureml.train.dnn import Mpi, Nccl, ParameterServer, TensorFlow

job = TensorFlow("src", entry_script="train.py", node_count=2, distributed_training={training})
run = Experiment(Workspace.from_config(), "e").submit(job)
"""
    ).text
    assert f"distribution={after}" in "".join(text.split()).replace(",)", ")")
    assert "instance_count=2" in text and "azureml.train" not in text


def test_an_estimator_whose_image_has_the_packages() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace
from azureml.core.runconfig import MpiConfiguration
from azureml.train.dnn import PyTorch

ws = Workspace.setup()
mpi = MpiConfiguration()
mpi.process_count_per_node = 4
job = PyTorch("src", entry_script="train.py", custom_docker_image="a/b:1", distributed_training=mpi,
              script_params={"--data": ws.get_default_datastore().as_mount()})
job._estimator_config.environment.python.user_managed_dependencies = True
job._estimator_config.environment.python.interpreter_path = "/opt/bin/python"
run = Experiment(ws, "e").submit(job)
"""
    ).text
    flat = "".join(text.split())
    assert 'environment=Environment(image="a/b:1"),' in flat
    assert 'command="/opt/bin/pythontrain.py--data${{inputs.data}}"' in flat
    assert 'path="azureml://datastores/workspaceblobstore/paths/",mode="ro_mount"' in flat
    assert "mpi.process_count_per_instance = 4" in text
    assert "azureml.core" not in text and "_estimator_config" not in text


@pytest.mark.parametrize(
    ("managed", "packages"), [("user_managed=True", False), ("user_managed=False", True), ("node_count=1", True)]
)
def test_user_managed_estimators_have_no_packages_of_their_own(managed: str, packages: bool) -> None:
    text = convert(
        f"""\
from azureml.train.dnn import PyTorch

job = PyTorch("src", entry_script="train.py", custom_docker_image="a/b:1", {managed})
"""
    ).text
    assert ("conda_file" in text) is packages


def test_nodes_that_are_assigned_to_a_distribution() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration

mpi = MpiConfiguration(process_count_per_node=2)
mpi.node_count = 3
config = ScriptRunConfig(".", "train.py", compute_target="cpu", environment=env, distributed_job_config=mpi)
"""
    ).text
    assert "instance_count=3" in text and "node_count" not in text


def test_a_whole_datastore_that_code_uploads_to_has_what_goes_up() -> None:
    text = convert(
        """\
from azureml.core import Datastore, Workspace

store = Datastore.get(Workspace.from_config(), name)
store.upload("data", target_path="data")
use(store.as_mount())
"""
    ).text
    assert 'store_fs.upload(lpath="data", rpath="data"' in text
    assert 'path=f"azureml://datastores/{store.name}/paths/"' in text


def test_the_class_of_a_datastore_in_an_annotation() -> None:
    text = convert(
        """\
from azureml.data.azure_storage_datastore import AzureBlobDatastore


def name_of(store: AzureBlobDatastore) -> str:
    return store.name
"""
    ).text
    assert "from azure.ai.ml.entities import AzureBlobDatastore" in text and "azureml.data" not in text


def test_the_compute_of_a_run_configuration_is_read() -> None:
    known = """\
        from azureml.core.runconfig import RunConfiguration

        configuration = RunConfiguration()
        configuration.target = "cpu"
        print(configuration.target)
        """
    assert 'print("cpu")' in convert(known).text
    given = """\
        from azureml.core.runconfig import RunConfiguration


        def compute_of(configuration: RunConfiguration, name=None):
            return configuration.target if name is None else name
        """
    found = convert(given)
    assert 'return "serverless" if name is None else name' in found.text
    reviews = [finding.message for finding in found.findings if finding.status is Status.REVIEW]
    assert reviews == ["the compute of this configuration is not known here: name it in place of serverless"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("label", "'${{inputs.label}}'"),  # "two words"
        ("empty", "'${{inputs.empty}}'"),
        ("os.environ['QUERY']", "'${{inputs.label}}'"),
        ("json.dumps({'a': 1})", "'${{inputs.label}}'"),
        ("name", "${{inputs.label}}"),  # "word"
        ("3 * epochs", "'${{inputs.label}}'"),
        ("epochs", "${{inputs.label}}"),
        ("*words", "shlex.join(map(str, words))"),
    ],
)
def test_a_text_that_the_shell_would_take_apart_is_in_quotes(value: str, word: str) -> None:
    """SDK v2 puts values into the line as they are; arguments of SDK v1 reach the script as they are."""
    head = 'import json\nimport os\n\nlabel, empty, name, epochs = "two words", "", "word", 3\nwords = os.listdir()\n'
    code = f'job = ScriptRunConfig(".", "a.py", ["--label", {value}])\n'
    text = convert(f"from azureml.core import ScriptRunConfig\n{head}{code}").text
    assert f"python a.py --label {word.replace('empty', 'label')}" in text or f'"python a.py --label " + {word}' in text


def test_values_in_the_line_of_a_command_are_text_of_it() -> None:
    code = 'job = ScriptRunConfig(".", command=["python a.py --label", label])\n'
    text = convert(f"from azureml.core import ScriptRunConfig\n\nlabel = input()\n{code}").text
    assert 'command="python a.py --label ${{inputs.label}}"' in text


@pytest.mark.parametrize(
    ("given", "distribution"),
    [
        ("process_count_per_node=4, distributed_backend='mpi'", "MpiDistribution(process_count_per_instance=4)"),
        ("distributed_backend='nccl'", "PyTorchDistribution(process_count_per_instance=1)"),
        (
            "worker_count=2, parameter_server_count=1, distributed_backend='ps'",
            "TensorFlowDistribution(worker_count=2, parameter_server_count=1)",
        ),
    ],
)
def test_the_backend_of_an_estimator_has_its_processes(given: str, distribution: str) -> None:
    head = "from azureml.train.dnn import TensorFlow\n\n"
    text = convert(f"{head}job = TensorFlow('.', entry_script='a.py', node_count=2, {given})\n").text
    assert f"distribution={distribution}" in text and "instance_count=2" in text


def test_a_variable_that_is_none_is_no_environment() -> None:
    text = convert(
        "from azureml.core import ScriptRunConfig\n\nenv = None\njob = ScriptRunConfig('.', 'a.py', environment=env)\n"
    ).text
    assert "environment=default_environment" in text


def test_what_a_configuration_is_given_later_is_taken_in() -> None:
    check_transformed(
        """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig(source_directory="src", compute_target="cpu", environment=env)
config.script = "train.py"
config.arguments = ["--rows", 3]
""",
        """\
from azure.ai.ml import command

config = command(
    code="src", command="python train.py --rows 3", environment=env, compute="cpu"
)
""",
    )


def test_what_is_given_in_a_branch_stays() -> None:
    found = convert(
        """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig("src", "train.py", compute_target="cpu", environment=env)
if FAST:
    config.arguments = ["--rows", 3]
"""
    )
    assert "ScriptRunConfig(" in found.text and "config.arguments =" in found.text


@pytest.mark.parametrize("apart", [False, True])
def test_data_references_become_inputs(apart: bool) -> None:
    made = 'rc = RunConfiguration()\nrc.target = "cpu"\n' if apart else ""
    given = "run_config=rc" if apart else 'compute_target="cpu"'
    late = "rc." if apart else "config.run_config."
    change = f"{late}data_references = {{ref.data_reference_name: ref.to_config()}}\n"
    script = f'config = ScriptRunConfig("src", "train.py", arguments=["--data", str(ref)], {given})\n'
    text = convert(
        f"""\
from azureml.core import RunConfiguration, ScriptRunConfig, Workspace
from azureml.data.data_reference import DataReference

ws = Workspace.from_config()
ref = DataReference(ws.datastores["landing"], "images", path_on_datastore="im", mode="mount")
{made}{change + script if apart else script + change}"""
    ).text
    assert "python train.py --data ${{inputs.images}}" in text
    assert "path=f\"azureml://datastores/{ml_client.datastores.get('landing').name}/paths/im\"" in text
    assert "azureml.core" not in text and "data_references" not in text


def unconverted(found: Conversion) -> list[Finding]:
    """The findings of what stays SDK v1."""
    return [each for each in found.findings if each.status not in (Status.CONVERTED, Status.REVIEW)]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("word", ['"data.folder=" + str(ref)', 'f"data.folder={ref}"', '"data.folder={}".format(ref)'])
def test_a_data_reference_without_a_name_is_an_input(apart: bool, word: str) -> None:
    made = 'rc = RunConfiguration()\nrc.target = "cpu"\n' if apart else ""
    given = "run_config=rc" if apart else 'compute_target="cpu"'
    late = "rc." if apart else "config.run_config."
    change = f"{late}data_references = {{ref.data_reference_name: ref.to_config()}}\n"
    script = f'config = ScriptRunConfig("src", "train.py", arguments=[{word}], {given})\n'
    found = convert(
        f"""\
from azureml.core import RunConfiguration, ScriptRunConfig, Workspace

ws = Workspace.from_config()
ref = ws.get_default_datastore().path("images").as_mount()
{made}{change + script if apart else script + change}"""
    )
    name = re.search(r"python train.py data.folder=\$\{\{inputs.(\w+)\}\}", found.text)
    assert name is not None and f'"{name[1]}": Input(' in found.text
    assert found.text.count("/paths/images") == 1
    assert "azureml.core" not in found.text and not unconverted(found)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("key", ["ref.data_reference_name", '"images"'])
def test_data_references_that_are_added_one_by_one_become_inputs(apart: bool, key: str) -> None:
    made = 'rc = RunConfiguration()\nrc.target = "cpu"\n' if apart else ""
    given = "run_config=rc" if apart else 'compute_target="cpu"'
    late = "rc." if apart else "config.run_config."
    change = f"{late}data_references[{key}] = ref.to_config()\n"
    change += f'{late}data_references["labels"] = labels.to_config()\n'
    script = f'config = ScriptRunConfig("src", "train.py", arguments=["--data", str(ref)], {given})\n'
    found = convert(
        f"""\
from azureml.core import RunConfiguration, ScriptRunConfig, Workspace
from azureml.data.data_reference import DataReference

ws = Workspace.from_config()
ref = DataReference(ws.datastores["landing"], "images", path_on_datastore="im", mode="mount")
labels = DataReference(ws.datastores["landing"], "labels", path_on_datastore="la", mode="download")
{made}{change + script if apart else script + change}"""
    )
    assert "python train.py --data ${{inputs.images}}" in found.text
    assert '"labels": Input(' in found.text and 'mode="download"' in found.text
    assert "azureml.core" not in found.text and "data_references" not in found.text and not unconverted(found)


def test_a_data_reference_that_only_the_environment_names_is_an_input() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.data.data_reference import DataReference

ref = DataReference(ws.datastores["landing"], "images", path_on_datastore="im")
config = ScriptRunConfig("src", "train.py", compute_target="cpu")
config.run_config.data_references = {"images": ref.to_config()}
"""
    ).text
    assert "inputs={" in text and '"images": Input(' in text


_LISTED = """\
from azureml.core import Dataset, ScriptRunConfig, Workspace

ws = Workspace.from_config()


# Submits.
def describe(names):
    words = ["--rows", 3]
    for name in names:
        words.append(Dataset.get_by_name(ws, name).as_named_input(name).as_mount())
    return ScriptRunConfig("src", "train.py", arguments=words, compute_target="cpu", environment=env)
"""


def test_data_in_a_list_of_run_time_is_named_when_the_code_runs() -> None:
    found = convert(_LISTED)
    assert "job_inputs = inputs_in(words)\n" in found.text
    assert 'command="python train.py " + words_of(words, job_inputs),' in found.text
    assert "        inputs=job_inputs,\n" in found.text
    assert "for word in listed\n    )\n\n\n# Submits.\ndef describe(names):\n" in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}


def test_a_list_that_a_function_chooses_is_not_written_out() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig


def choose(fast):
    if fast:
        return ["--rows", 3]
    return ["--rows", 5]


config = ScriptRunConfig("src", "train.py", arguments=["--a"] + choose(FAST), compute_target="cpu", environment=env)
"""
    ).text
    assert '"python train.py --a " + shlex.join(map(str, choose(FAST)))' in text


def test_names_of_a_function_stay_in_it() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig


def words(rows):
    count = rows + 1
    return ["--rows", count]


config = ScriptRunConfig("src", "train.py", arguments=words(3), compute_target="cpu", environment=env)
"""
    ).text
    assert "shlex.join(map(str, words(3)))" in text


def test_a_compute_that_may_be_a_name() -> None:
    text = convert(
        """\
from azureml.core import ComputeTarget, ScriptRunConfig, Workspace

ws = Workspace.from_config()
target = "local" if LOCAL else ComputeTarget(ws, "cpu")
config = ScriptRunConfig("src", "train.py", compute_target=target, environment=env)
"""
    ).text
    assert 'compute=getattr(target, "name", target)' in text


def test_a_step_runs_distributed_as_its_configuration_says() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig, Workspace
from azureml.core.runconfig import MpiConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
config = ScriptRunConfig(
    "src",
    "train.py",
    compute_target="cpu",
    environment=env,
    distributed_job_config=MpiConfiguration(process_count_per_node=4, node_count=2),
)
step = PythonScriptStep("train.py", source_directory="src", runconfig=config.run_config)
pipeline = Pipeline(ws, steps=[step])
"""
    ).text
    assert "distribution=MpiDistribution(process_count_per_instance=4)" in text
    assert "instance_count=2" in text and "azureml.core" not in text


def test_a_cluster_that_nothing_creates_needs_a_name() -> None:
    findings = check_transformed(
        """\
from azureml.core.compute import AmlCompute

gpu_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
print(AmlCompute)
""",
        """\
from azure.ai.ml.entities import AmlCompute

gpu_config = AmlCompute(name="gpu-config", size="STANDARD_D2_V2", max_instances=4)
print(AmlCompute)
""",
        status=Status.REVIEW,
    )
    assert any("give it the name it has" in finding.message for finding in findings)


def test_a_cluster_that_a_function_creates_keeps_its_description() -> None:
    found = convert(
        """\
from azureml.core.compute import AmlCompute

config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2")
make(config)
"""
    )
    assert "AmlCompute.provisioning_configuration(" in found.text


_ESTIMATOR = """\
from azureml.train.estimator import Estimator

params = {{"--alpha": 1, "--fast": ""}}
{change}
a = Estimator("src", entry_script="train.py", script_params=params, compute_target="cpu")
"""


def test_parameters_that_are_added_below_the_dict_are_words() -> None:
    text = convert(_ESTIMATOR.format(change='params["--beta"] = 2\nparams["--alpha"] = 3')).text
    assert 'command="python train.py --alpha 3 --fast --beta 2"' in text


def test_parameters_that_a_branch_adds_are_read_when_the_code_runs() -> None:
    found = convert(_ESTIMATOR.format(change='if FAST:\n    params["--beta"] = 2'))
    words = found.text[found.text.index("shlex.join(") : found.text.index("    environment=")]
    params = {"--alpha": 1, "--fast": "", "--name": "a b"}
    assert eval(words.strip().rstrip(","), {"shlex": shlex, "params": params}) == "--alpha 1 --fast --name 'a b'"
    assert any("put together when this code runs" in finding.message for finding in found.findings)


_OF_STORE = """\
from azureml.core import ScriptRunConfig, Workspace
from azureml.core.runconfig import DataReferenceConfiguration, RunConfiguration

ws = Workspace.from_config()
ds = ws.get_default_datastore()
dr = DataReferenceConfiguration(datastore_name=ds.name, path_on_datastore="im", mode="download", overwrite=True)
rc = RunConfiguration(framework="python")
rc.target = "cpu"
rc.data_references = {ds.name: dr}
config = ScriptRunConfig("src", "train.py", run_config=rc, arguments=["--data", str(ds.as_mount())])
"""


@pytest.mark.parametrize("again", ["", "rc.data_references = {ds.name: dr}\n"])
def test_the_path_of_a_datastore_is_that_of_its_reference(again: str) -> None:
    text = convert(_OF_STORE + again).text
    assert "python train.py --data ${{inputs.data}}" in text
    made = text[text.index("inputs={") :]
    assert 'path="azureml://datastores/workspaceblobstore/paths/im"' in made and 'mode="download"' in made
    assert "azureml.core" not in text


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ('"landing", path_on_datastore="im"', 'path="azureml://datastores/landing/paths/im", mode="ro_mount"'),
        ("NAME, path_on_datastore=IM", 'path=f"azureml://datastores/{NAME}/paths/{IM}", mode="ro_mount"'),
        ('"landing", "upload", "a.csv"', 'type="uri_file", path="azureml://datastores/landing/paths/a.csv")'),
    ],
)
def test_a_reference_of_a_run_configuration_is_an_input(given: str, path: str) -> None:
    head = "from azureml.core.runconfig import DataReferenceConfiguration\n\n"
    text = convert(f"{head}data = DataReferenceConfiguration({given})\n").text
    assert path in " ".join(text.split()).replace("( ", "(").replace(", )", ")")


def test_an_environment_that_is_given_later_leaves_none_behind() -> None:
    code = """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig(source_directory=".", script="a.py", compute_target="c")
config.run_config.environment = env
"""
    text = convert(code).text
    assert "environment=env" in text and "Environment(" not in text


def test_data_of_an_estimator_that_stays_are_of_sdk_v1() -> None:
    text = convert(
        "from azureml.core import Dataset, Workspace\nfrom azureml.train.sklearn import SKLearn\n\n\ndef main(names):\n"
        "    ws = Workspace.from_config()\n"
        "    data = [Dataset.get_by_name(ws, name).as_named_input(name) for name in names]\n"
        '    return SKLearn(source_directory=".", entry_script="train.py", inputs=data)\n'
    ).text
    assert "inputs=data" in text and "SKLearn(" in text
    assert "data = [Dataset.get_by_name(ws, name).as_named_input(name) for name in names]" in text


def test_data_that_is_only_read_there_is_an_input_by_its_path() -> None:
    text = convert(
        """\
from azureml.core import Dataset, ScriptRunConfig, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
rows = Dataset.File.from_files(store.path("a/b.csv")).as_named_input("rows").as_mount()
config = ScriptRunConfig("src", "a.py", arguments=[rows], compute_target="cpu", environment=env)
"""
    ).text
    assert 'path="azureml://datastores/workspaceblobstore/paths/a/b.csv",' in text and "Data(" not in text


def test_a_folder_that_a_function_gets_is_downloaded_as_one() -> None:
    text = convert(
        """\
from azureml.core import Dataset, ScriptRunConfig, Workspace


def found(ws, name):
    return Dataset.get_by_name(ws, name)


def words(data):
    return ["--data", data.as_download()]


ws = Workspace.from_config()
config = ScriptRunConfig("src", "a.py", arguments=words(found(ws, "a")), compute_target="cpu", environment=env)
"""
    ).text
    assert 'Input(type="uri_folder", path=data.id, mode="download")' in text
