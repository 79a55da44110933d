"""``Environment`` and ``CondaDependencies`` become one v2 ``Environment``.

What a script assigns to an environment's sections (``env.python.conda_dependencies``, ``env.docker.base_image``) is
followed and becomes arguments of the constructor. Conda dependencies are a dict, as in a conda YAML file; packages
``azureml-*`` of SDK v1 are replaced by what does their work in v2. An environment without an image gets the
successor of v1's default image.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.caught import key_errors
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets import version_numbers
from amlbridge.migrate.models.environments import conda as conda_model
from amlbridge.migrate.models.environments import conda_files, python_versions
from amlbridge.migrate.models.environments.added_packages import added_lines, is_added_to_below
from amlbridge.migrate.models.environments.builds import is_only_waited_for, is_registered
from amlbridge.migrate.models.environments.companions import command_of, companion_of
from amlbridge.migrate.models.environments.docker_sections import docker_section, is_apart, is_given, section_of
from amlbridge.migrate.models.environments.environment import (
    DROPPED,
    LIMIT,
    MANAGED,
    NOT_NEEDED,
    OWN_PYTHON,
    REGISTRY,
    Parts,
    assigned,
    beside,
    is_change,
    item_of,
    note_variables,
)
from amlbridge.migrate.models.environments.late_packages import late_additions
from amlbridge.migrate.models.environments.made_again import made_again
from amlbridge.migrate.models.environments.package_lists import rename_looped
from amlbridge.migrate.models.environments.static_environments import note_environment
from amlbridge.migrate.models.jobs.settings import described_at
from amlbridge.migrate.models.runs.waiting import only_waits
from amlbridge.migrate.no_equivalent import without_rule
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import by_name

rule = Rule(
    "environments",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies

env = Environment("ridge")
env.docker.enabled = True
env.docker.base_image = "ubuntu:22.04"
packages = CondaDependencies.create(conda_packages=["scikit-learn"])
packages.add_pip_package("azureml-core")
env.python.conda_dependencies = packages
""",
            """\
from azure.ai.ml.entities import Environment

packages = {
    "channels": ["conda-forge"],
    "dependencies": [
        "python=3.10",
        "scikit-learn",
        "pip",
        {"pip": ["azure-ai-ml", "azure-identity", "mlflow", "azureml-mlflow"]},
    ],
}
env = Environment(name="ridge", image="ubuntu:22.04", conda_file=packages)
""",
        ),
        Case(
            """\
from azureml.core import Environment, Workspace

ws = Workspace.from_config()
env = Environment.from_conda_specification("ridge", "conda.yml")
env.register(workspace=ws)
known = Environment.get(ws, "xgboost", version="3")
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Environment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
env = Environment(
    name="ridge",
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file="conda.yml",
)
ml_client.environments.create_or_update(env)
known = ml_client.environments.get("xgboost", version="3")
""",
            "From a file, registered, and found again",
        ),
    ],
)


def folded(use: Use, to: Rewriter, parts: Parts) -> Outcome:
    """The creation of an environment together with the changes that follow it."""
    changes = [change for change in Objects.of(to).members(use.node) if is_change(change)]
    changes = beside(use, parts, changes, to)
    to.memory["parts", use.node] = parts
    if not changes:
        code = parts.code(to)
        note_environment(use, parts, code, to)
        return _after(use, to, parts, code) if parts.before else Replace(code, parts.review)
    variable = Objects.of(to).variable(use.node)
    changes = Objects.of(to).first_straight(use.node, changes)
    if variable is None or not changes:
        return Replace(parts.code(to), parts.review)
    for change in changes:
        parts.apply(change, to)
    for change in changes:
        to.remove(change.statement)
        to.settle(change, rule, Statements("", parts.review))
    last = max((change.statement for change in changes), key=lambda statement: statement.lineno)
    opened = parts.open_file(to)
    code = parts.code(to)
    note_environment(use, parts, code, to)
    to.replace_statement(last, "\n".join(filter(None, [parts.before, opened, f"{to.source(variable)} = {code}"])))
    return Statements("", parts.review)


def _after(use: Use, to: Rewriter, parts: Parts, code: str) -> Outcome:
    """What becomes of an environment that statements have to run before."""
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1):
        return Leave("the Dockerfile is made at run time: give BuildContext(path=...) the folder that holds it")
    return Statements(f"{parts.before}\n{to.source(statement.targets[0])} = {code}", parts.review)


@rule.converts("Environment")
def create(use: Use, to: Rewriter) -> Outcome:
    """``Environment(name)``, with what is assigned to it afterwards."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Environment"))
    name = use.argument("name", position=0)
    return folded(use, to, Parts(name=to.source(name) if name is not None else ""))


@rule.converts("Environment.from_conda_specification", "Environment.from_pip_requirements")
def from_file(use: Use, to: Rewriter) -> Outcome:
    """From a conda YAML file, or from a requirements file."""
    name = use.argument("name", position=0)
    path = use.argument("file_path", position=1)
    if name is None or path is None:
        return Leave("a name and a file are needed")
    if use.symbol.endswith("from_pip_requirements"):
        packages = conda_model.Conda(file=f"open({to.source(path)}).read().splitlines()")
        return folded(use, to, Parts(name=to.source(name), conda=packages))
    return folded(use, to, Parts(name=to.source(name), conda_code=to.source(path), file=path))


@rule.converts("Environment.from_existing_conda_environment")
def from_machine(use: Use, to: Rewriter) -> Outcome:
    """From a conda environment of the machine, of which conda tells the packages."""
    name, existing = use.argument("name", position=0), use.argument("conda_environment_name", position=1)
    if name is None or existing is None:
        return Leave("the names of both environments are needed")
    words = f'["conda", "env", "export", "--no-builds", "-n", {to.source(existing)}]'
    told = f"{to.need_module('subprocess')}.run({words}, capture_output=True, check=True, text=True).stdout"
    parts = Parts(name=to.source(name), conda_code=f"{to.need_module('yaml')}.safe_load({told})")
    parts.reviews.append("packages of the machine's conda environment have to be there for Linux as well")
    return folded(use, to, parts)


@rule.converts("Environment.from_docker_image", "Environment.from_dockerfile")
def from_docker(use: Use, to: Rewriter) -> Outcome:
    """From an image or a Dockerfile."""
    name = use.argument("name", position=0)
    source = use.argument("image", "dockerfile", position=1)
    if name is None or source is None:
        return Leave("a name and an image are needed")
    parts = Parts(name=to.source(name))
    if use.symbol.endswith("from_docker_image"):
        parts.image = to.source(source)
    else:
        parts.dockerfile(source, to, at_run_time=True)
    specification = use.passed("conda_specification", position=2)
    if specification is not None:
        parts.conda_code = to.source(specification)
    return folded(use, to, parts)


@rule.converts("Environment.clone")
def clone(use: Use, to: Rewriter) -> Outcome:
    """An environment of another name, of the same image and packages."""
    name = use.argument("new_name", position=0)
    if name is None or use.receiver is None:
        return Leave("a name is needed")
    alone = isinstance(to.evaluator.scopes.parents.get(use.node), ast.Assign)
    if not (alone or isinstance(use.receiver, ast.Name)):
        return Leave("clone an environment in a statement of its own")
    environment = to.need("azure.ai.ml.entities", "Environment")
    note_variables(use, to)
    old = to.source(use.receiver)
    conda = f"{to.need_module('copy')}.deepcopy({old}.conda_file)"
    if not isinstance(use.receiver, ast.Name):
        old = to.fresh("base")
        to.before(use.statement, f"{old} = {to.source(use.receiver)}")
        conda = f"{old}.conda_file"
    parts = f"image={old}.image, build={old}.build, conda_file={conda}"
    return Replace(f"{environment}(name={to.source(name)}, {parts})", _CLONE)


_CLONE = "what was changed in the old environment (environment variables, Docker settings) has to be given again"


@rule.converts("Environment.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """A registered environment, or a curated one."""
    name = use.argument("name", position=1)
    version = use.argument("version", position=2)
    if name is None:
        return Leave("a name is needed")
    which = version_numbers.asked_for(version, to, label=use.argument("label", position=3), is_text=True)
    client = to.client(use.node, use.argument("workspace", position=0))
    note_variables(use, to)
    curated = (to.evaluator.text(name) or "").startswith("AzureML-")
    review = "curated environments of SDK v1 are gone: choose one of the registry azureml" if curated else ""
    return Replace(f"{client}.environments.get({to.source(name)}, {which})", review)


@rule.converts("Workspace.environments[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """The latest version of an environment of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to, of_assets=True)
    name = use.node.slice
    curated = (to.evaluator.text(name) or "").startswith("AzureML-")
    review = "curated environments of SDK v1 are gone: choose one of the registry azureml" if curated else ""
    client = to.client(use.node, use.receiver)
    return Replace(f'{client}.environments.get({to.source(name)}, label="latest")', review)


@rule.converts("Environment.register")
def register(use: Use, to: Rewriter) -> Outcome:
    """Registers the environment."""
    assert use.receiver is not None
    client = to.client(use.node, use.argument("workspace", position=0))
    value = use.receiver_value
    parts = described_at(value.origin, to) if value is not None else None
    review = _ALONE if parts is not None and parts.variables_code() else ""
    return Replace(f"{client}.environments.create_or_update({to.source(use.receiver)})", review)


#: What is told of an environment that is looked up where its environment variables are not seen.
_ALONE = (
    "a registered environment of SDK v2 has no environment variables: jobs that look it up need "
    "command(environment_variables=...)"
)


@rule.converts("Environment.build")
def build(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 builds the image when the environment is registered or used first."""
    assert use.receiver is not None
    client = to.client(use.node, use.argument("workspace", position=0))
    review = "the image is built in the background after registration; nothing waits for it"
    if is_registered(use, to) and is_only_waited_for(use, to):
        return Statements("", review)
    return Replace(f"{client}.environments.create_or_update({to.source(use.receiver)})", review)


@rule.converts("ImageBuildDetails.wait_for_completion")
def wait_for_build(use: Use, to: Rewriter) -> Outcome:
    """Nothing waits for images in SDK v2; a job that needs one waits by itself."""
    assert use.receiver is not None
    if use.is_statement and isinstance(use.receiver, ast.Name):
        return Statements("", "a job waits for its image by itself")
    built = to.use_of(use.receiver)
    if built is not None and isinstance(to.outcome(built), Statements):
        return Statements("", "a job waits for its image by itself")
    return Replace(to.source(use.receiver), "a job waits for its image by itself")


@rule.converts("ImageBuildDetails.status")
def build_status(use: Use, to: Rewriter) -> Outcome:
    """The registration has succeeded, which is all that code can wait for: a loop that only waits goes."""
    review = "the image is built in the background, and a job waits for it: this is no state of it"
    loops = (node for node in to.evaluator.scopes.ancestors(use.node) if isinstance(node, ast.While))
    loop = next(loops, None)
    if loop is None or not only_waits(loop, to):
        return Replace('"Succeeded"', review)
    to.remove(loop)
    for other in to.uses:
        if other is not use and loop in (other.statement, *to.evaluator.scopes.ancestors(other.node)):
            to.settle(other, rule, Statements("", review))
    return Statements("", review)


@rule.converts("Environment.list", "Workspace.environments")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All environments by name."""
    workspace = use.receiver if use.receiver is not None else use.argument("workspace", position=0)
    client = to.client(use.node, workspace)
    names = by_name(use, to, f"{client}.environments.list()", "environment")
    if not names.startswith("{"):
        return Replace(names)
    # What SDK v2 lists has a name and the latest version, but neither image nor packages.
    latest = f'{client}.environments.get(environment.name, label="latest")'
    return Replace(f"{{environment.name: {latest} for environment in {client}.environments.list()}}")


@rule.converts("Environment.name", "Environment.version")
def read(use: Use, to: Rewriter) -> Outcome:
    """The same attribute."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1]}")


@rule.converts("CondaDependencies", "CondaDependencies.create")
def conda(use: Use, to: Rewriter) -> Outcome:
    """Conda dependencies as a dict, with what is added afterwards."""
    if use.call is None:
        return Replace("dict")
    parts = conda_model.of_creation(use, to)
    if conda_files.is_read(use, to):
        return conda_files.read_file(use, parts.base, to)
    late = late_additions(use.node, to) if not parts.base else []
    changes = [change for change in Objects.of(to).members(use.node) if is_change(change)]
    variable = Objects.of(to).variable(use.node)
    straight = variable is not None and not parts.base and Objects.of(to).straight(use.node, changes)
    for change in [*(changes if straight else ()), *late]:
        parts.add(change, to)
    if not changes or variable is None or not straight:
        if not changes:
            to.memory["conda", use.node] = parts.code()
        return Replace(parts.code())
    for change in changes:
        to.remove(change.statement)
        to.settle(change, rule, Statements(""))
    last = max((change.statement for change in changes), key=lambda statement: statement.lineno)
    to.memory["conda", use.node] = parts.code()
    to.replace_statement(last, f"{to.source(variable)} = {parts.code()}")
    return Statements("")


_ADDING = (
    *("add_pip_package", "add_conda_package", "add_channel", "set_python_version", "set_pip_option"),
    *("set_pip_index_url", "set_pip_requirements", *conda_model.TENSORFLOW),
)


@rule.converts(*(f"CondaDependencies.{name}" for name in _ADDING))
def add(use: Use, to: Rewriter) -> Outcome:
    """A package that is added where the dict exists already."""
    value = next(iter(use.arguments().values()), None)
    is_tensorflow = use.symbol.rsplit(".", 1)[1] in conda_model.TENSORFLOW
    if use.receiver is None or (value is None and not is_tensorflow):
        return Leave("nothing is added")
    if use.symbol.endswith("set_pip_requirements"):
        return Leave("write these packages where the dict of conda dependencies is made")
    added = conda_model.tensorflow(use, to) if value is None or is_tensorflow else to.source(value)
    if value is not None and use.symbol.endswith("add_pip_package"):
        rename_looped(value, to, conda_model.needed(to))
    owner = to.source(use.receiver)
    kind = "pip" if "pip" in use.symbol else "conda" if "conda" in use.symbol else "channel"
    of_file = _is_of_file(use, to)
    method = "insert(0, {})" if kind == "conda" else "append({})"
    if use.symbol.endswith("add_pip_package") and value is not None and to.evaluator.text(value) is not None:
        lines = added_lines(str(to.evaluator.text(value)), use, to)
        if not lines:
            return Statements("", note="what SDK v2 has instead is in the environment already, or is not needed")
        added, method = (
            lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]",
            method if len(lines) == 1 else "extend({})",
        )
    code = f"{conda_files.place(owner, kind, of_file=of_file)}.{method.format(added)}"
    if value is not None and (put := python_versions.chosen(value, use, owner, to)):
        code, kind = put, "conda"
    if to.evaluator.type_of(use.receiver) == "CondaDependencies" and owner.endswith(".conda_file"):
        review = "the environment's last dependency has to be its section `pip:`" if kind == "pip" else ""
        if is_added_to_below(use, to):
            return Statements(code, review)  # made again once, below
        section = _section(use)
        again = made_again(section, code_of_environment(section, to), owner, to)
        return Statements(f"{code}\n{again}", review)
    _refuse_late(use, to)
    return Statements(code, conda_files.ONE_SECTION if of_file and kind == "pip" else "")


def _is_of_file(use: Use, to: Rewriter) -> bool:
    """Whether packages are added to what was read from a file."""
    origin = use.receiver_value.origin if use.receiver_value is not None else None
    made = to.use_of(origin) if origin is not None else None
    return made is not None and conda_files.is_read(made, to)


def _section(use: Use) -> Use:
    """The use of ``env.python`` in ``env.python.conda_dependencies.add_pip_package(...)``."""
    inner = use.receiver.value if isinstance(use.receiver, ast.Attribute) else use.receiver
    return replace(use, receiver=inner)


def _refuse_late(use: Use, to: Rewriter) -> None:
    """Raises ValueError where packages are added to what an environment was made with before."""
    value = use.receiver_value
    if value is None or value.origin is None:
        return
    for name in Objects.of(to).names(value.origin):
        statement = to.evaluator.scopes.statement_of(name)
        made = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)
        if made and statement is not None and statement.lineno < use.statement.lineno:
            raise ValueError("an environment of SDK v2 keeps the packages that it was made with: add these before it")


@rule.converts("CondaDependencies.pip_packages", "CondaDependencies.conda_packages")
def packages(use: Use, to: Rewriter) -> Outcome:
    """The parts of the dict."""
    assert use.receiver is not None
    parts = f'{to.source(use.receiver)}["dependencies"]'
    if use.symbol.endswith("conda_packages"):
        return Replace(f"[part for part in {parts} if isinstance(part, str)]")
    return Replace(f'[line for part in {parts} if isinstance(part, dict) for line in part["pip"]]')


@rule.converts("DockerBuildContext.from_local_directory")
def build_context(use: Use, to: Rewriter) -> Outcome:
    """The folder of a Dockerfile."""
    path, name = use.argument("path", position=1), use.argument("dockerfile_path", position=2)
    if path is None:
        return Leave("a folder is needed")
    file = f", dockerfile_path={to.source(name)}" if name is not None else ""
    return Replace(f"{to.need('azure.ai.ml.entities', 'BuildContext')}(path={to.source(path)}{file})")


@rule.converts("DockerBuildContext")
def context_class(use: Use, to: Rewriter) -> Outcome:
    """The class, in an annotation."""
    if use.call is not None:
        return Leave("give BuildContext(path=...) the local folder of the Dockerfile")
    return Replace(to.need("azure.ai.ml.entities", "BuildContext"))


@rule.converts("Environment.from_docker_build_context")
def from_build_context(use: Use, to: Rewriter) -> Outcome:
    """An environment of the image that a Dockerfile makes."""
    name, context = use.argument("name", position=0), use.argument("docker_build_context", position=1)
    if name is None or context is None:
        return Leave("a name and a folder are needed")
    environment = to.need("azure.ai.ml.entities", "Environment")
    return Replace(f"{environment}(name={to.source(name)}, build={to.source(context)})")


@rule.converts("CondaDependencies.serialize_to_string")
def serialize(use: Use, to: Rewriter) -> Outcome:
    """The dict as YAML."""
    assert use.receiver is not None
    return Replace(f"{to.need_module('yaml')}.safe_dump({to.source(use.receiver)}, sort_keys=False)")


@rule.converts("CondaDependencies.save", "CondaDependencies.save_to_file")
def save(use: Use, to: Rewriter) -> Outcome:
    """The dict as a YAML file."""
    assert use.receiver is not None
    if not use.is_statement:
        return Leave("save the conda dependencies in a statement of its own")
    path = use.argument("path", "base_directory", position=0)
    name = use.argument("conda_file_path", position=1)
    place = to.source(path) if path is not None else '"conda_dependencies.yml"'
    if name is not None and path is not None:
        place = f"{to.need_module('os')}.path.join({place}, {to.source(name)})"
    dump = f"{to.need_module('yaml')}.safe_dump({to.source(use.receiver)}, file, sort_keys=False)"
    return Statements(f'with open({place}, "w") as file:\n    {dump}')


@rule.converts("PythonSection.conda_dependencies=")
def set_conda(use: Use, to: Rewriter) -> Outcome:
    """An assignment to an environment that was made elsewhere."""
    return Statements(made_again(use, code_of_environment(use, to), to.source(assigned(use)), to))


@rule.converts("PythonSection.conda_dependencies")
def read_conda(use: Use, to: Rewriter) -> Outcome:
    """The dict of an environment that was made elsewhere."""
    return Replace(f"{code_of_environment(use, to)}.conda_file")


@rule.converts("DockerSection.base_image=")
def set_image(use: Use, to: Rewriter) -> Outcome:
    """An assignment to an environment that was made elsewhere, or to a section that one gets."""
    if is_apart(use, to):
        return Statements("")
    return Statements(f"{code_of_environment(use, to)}.image = {to.source(assigned(use))}")


@rule.converts("DockerSection")
def section(use: Use, to: Rewriter) -> Outcome:
    """What it says is in the environment that it is given to."""
    if use.call is not None and is_given(use, to):
        return Replace("None")  # the statement goes
    if use.call is None or Objects.of(to).variable(use.node) is None:
        return without_rule(use.symbol, use.module)
    section_of(use, to)
    return Statements("")


@rule.converts("Environment.docker=")
def set_section(use: Use, to: Rewriter) -> Outcome:
    """An assignment to an environment that was made elsewhere."""
    images = [change for change in docker_section(assigned(use), to) if change.symbol == "DockerSection.base_image="]
    code = f"{code_of_environment(use, to)}.image = {to.source(assigned(images[-1]))}" if images else ""
    return Statements(code)


@rule.converts("DockerSection.base_image")
def read_image(use: Use, to: Rewriter) -> Outcome:
    """The image of an environment."""
    return Replace(f"{code_of_environment(use, to)}.image")


@rule.converts(*(f"Environment.{member}=" for member in ("name", "version", "description")))
def set_attribute(use: Use, to: Rewriter) -> Outcome:
    """The same attribute."""
    member = use.symbol.rsplit(".", 1)[1].removesuffix("=")
    return Statements(f"{code_of_environment(use, to)}.{member} = {to.source(assigned(use))}")


@rule.converts("Environment.environment_variables", "Environment.environment_variables=")
@rule.converts("RunConfiguration.environment_variables", "RunConfiguration.environment_variables=")
def set_variables(use: Use, to: Rewriter) -> Outcome:
    """A command has its own environment variables: a variable holds them where several places say them."""
    variable = companion_of(use, "environment_variables", to)
    if variable is not None and use.symbol.endswith("="):
        return Statements(f"{variable.name} = {to.source(assigned(use))}")
    if variable is not None:
        return Replace(variable.name)
    command = command_of(use.receiver, to)
    if command and use.symbol.endswith("="):
        return Statements(f"{command}.environment_variables = {to.source(assigned(use))}")
    if command:
        return Replace(f"{command}.environment_variables")
    if use.symbol.endswith("="):
        return Statements(
            "", f"give what runs the variables: command(environment_variables={to.source(assigned(use))})"
        )
    if is_change(use):
        name, value = item_of(use, to)
        return Statements("", f"give what runs the variables: command(environment_variables={{{name}: {value}}})")
    return Leave("an environment of SDK v2 has no variables: keep them in a dict of your own")


@rule.converts(*sorted(NOT_NEEDED | set(DROPPED)))
def drop(use: Use, to: Rewriter) -> Outcome:
    """What SDK v2 needs no more."""
    if use.symbol == LIMIT and (command := command_of(use.receiver, to)):
        return Statements(f"{command}.set_limits(timeout={to.source(assigned(use))})")
    return Statements("", DROPPED.get(use.symbol, ""))


@rule.converts(*OWN_PYTHON)
def own_python(use: Use, to: Rewriter) -> Outcome:
    """Which Python of the machine ran the script."""
    off = isinstance(value := assigned(use), ast.Constant) and not value.value
    return Statements("", "" if off else MANAGED)


@rule.converts("ContainerRegistry")
def registry(use: Use, to: Rewriter) -> Outcome:
    """The registry of an image, for an estimator."""
    if use.call is None or Objects.of(to).variable(use.node) is None:
        return Leave(REGISTRY)
    scopes = to.evaluator.scopes
    for name in Objects.of(to).names(use.node):
        around = scopes.parents.get(name)
        if not (isinstance(around, ast.keyword) and around.arg in _REGISTRIES) and not isinstance(
            around, ast.Attribute
        ):
            return Leave(REGISTRY)
    return Statements("", REGISTRY)


#: What a registry is given to.
_REGISTRIES = frozenset({"image_registry_details", "base_image_registry"})


def code_of_environment(use: Use, to: Rewriter) -> str:
    """The code of the environment that a section belongs to: ``env`` of ``env.python.conda_dependencies``."""
    at = use.receiver
    while isinstance(at, ast.Attribute) and at.attr in ("python", "docker", "environment", "base_image_registry"):
        at = at.value
    if at is None:
        raise ValueError("the environment cannot be told")
    return to.source(at)
