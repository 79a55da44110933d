"""What a script says about an environment or a run configuration, in several statements, as one description."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.environments import conda as conda_model
from amlbridge.migrate.models.environments.companions import Companion, companion
from amlbridge.migrate.models.environments.conda import Conda, default
from amlbridge.migrate.models.environments.conda_files import ONE_SECTION, is_read, place
from amlbridge.migrate.models.environments.docker_runs import (
    docker_arguments,
    joined_arguments,
    memory_of,
    shared_memory,
)
from amlbridge.migrate.models.environments.docker_sections import docker_section
from amlbridge.migrate.models.environments.late_packages import late_additions
from amlbridge.migrate.models.environments.r_packages import SYMBOLS, RPackages
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name
from amlbridge.migrate.write import is_free

#: The image that v1 used when a script named none has no support any more; this is its successor.
IMAGE = '"mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"'
#: The same with CUDA.
GPU_IMAGE = '"mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:latest"'

#: Assignments that say how a local machine or an old service runs things: nothing in v2 needs them.
NOT_NEEDED = frozenset(
    {
        "DockerSection.enabled=",
        "DockerSection.shared_volumes=",
        "DockerSection.gpu_support=",
        "DockerSection.arguments=",
        "PythonSection.base_conda_environment=",
        "Environment.inferencing_stack_version=",
        "RunConfiguration.framework=",
        "RunConfiguration.auto_prepare_environment=",
        "RunConfiguration.prepare_environment=",  # its name in earlier releases
        "RunConfiguration.history=",
        "DockerConfiguration.use_docker=",
        "SparkSection.precache_packages=",
        "SparkSection.repositories=",
    }
)
#: Assignments that say which Python of the machine runs the script.
OWN_PYTHON = ("PythonSection.user_managed_dependencies=", "PythonSection.interpreter_path=")
MANAGED = "the job ran with the Python of its machine, and runs in a container now: name the packages that it needs"
#: What is told of the registry of an image.
REGISTRY = "an image of a private registry needs a connection of the workspace in SDK v2"
_SIZE = (
    "a named cluster has its size; a job without compute asks for one: "
    "command(resources=JobResourceConfiguration(instance_type=...))"
)
LIMIT = "RunConfiguration.max_run_duration_seconds="
#: Assignments that cannot be kept, or only for a command, and what to check about it.
DROPPED = {
    "ContainerRegistry.address=": REGISTRY,
    "ContainerRegistry.username=": REGISTRY,
    "ContainerRegistry.password=": REGISTRY,
    "DockerSection.base_image_registry=": REGISTRY,
    "AmlComputeConfiguration.vm_size=": _SIZE,
    "AmlComputeConfiguration.vm_priority=": _SIZE,
    "AmlComputeConfiguration._cluster_max_node_count=": _SIZE,
    "SparkSection.packages=": "give a Spark job its packages: spark(conf={'spark.jars.packages': 'group:name:1.0'})",
    "RunConfiguration.source_directory_data_store=": "SDK v2 uploads the code to the workspace's own storage of blobs",
    LIMIT: "the limit of its runs is the command's: command(timeout=...)",
    "RunConfiguration.save": "SDK v2 reads no file of a run configuration: what does needs its environment and compute",
}


#: Calls that make an environment of a name, and of the path of a conda file.
_MADE = frozenset({"Environment", "Environment.from_conda_specification"})
#: What an environment has itself, also where it is changed through a run configuration.
_OF_ENVIRONMENT = frozenset(
    {"conda_dependencies", "conda_dependencies_file", "base_image", "base_dockerfile", "build_context", "version"}
)
_BEHIND = "the environment is changed through the run configuration that has it: change it where it is made"


@dataclass
class Parts:
    """The parts of an environment, as code, and of the run configuration that it is in."""

    name: str = ""
    version: str = ""
    description: str = ""
    image: str = ""
    build: str = ""
    conda: Conda | None = None
    conda_code: str = ""
    #: Whether that is a variable with the dict that conda dependencies of this module have become.
    made_here: bool = False
    #: Whether that variable holds what was read from a file.
    of_file: bool = False
    #: The expression of the conda file's path, where it is one.
    file: ast.expr | None = None
    #: Packages that come to those of ``conda_code``, which is the path of a conda file then, or the name of a dict.
    added: Conda | None = None
    #: Packages that are in that dict already.
    late: list[Use] = field(default_factory=list)
    #: Statements that run before it is made.
    before: str = ""
    variables: str = ""
    #: Variables that are set one by one: pairs of code.
    items: list[tuple[str, str]] = field(default_factory=list)
    #: Of a run configuration: where it runs, the environment that it names, and over how many nodes.
    target: ast.expr | None = None
    alias: ast.expr | None = None
    node_count: str = ""
    distribution: str = ""
    shm_size: str = ""
    docker_args: str = ""
    #: Seconds after which its runs are canceled.
    timeout: str = ""
    #: The variables that hold the compute and the environment variables, where several places say them.
    compute: Companion | None = None
    held: Companion | None = None
    #: Of a run configuration: whether it asks for Spark, and the settings of Spark, pairs of code.
    on_spark: bool = False
    spark: list[tuple[str, str]] = field(default_factory=list)
    #: What it says of data that its runs get beside their arguments: ``{"name": reference.to_config()}``.
    references: list[ast.expr] = field(default_factory=list)
    #: Data that its runs get as inputs: names, and their code.
    data: list[tuple[str, str]] = field(default_factory=list)
    #: What it runs, where the configuration says so itself.
    script: ast.expr | None = None
    arguments: ast.expr | None = None
    #: What there is of R.
    r: RPackages | None = None
    #: Whether the script ran with a Python that SDK v1 did not set up.
    managed: bool = False
    reviews: list[str] = field(default_factory=list)

    def apply(self, use: Use, to: Rewriter) -> None:
        """Takes in a change. Raises ValueError for one that cannot be written."""
        member = use.symbol.rsplit(".", 1)[1]
        if use.symbol == "RunConfiguration.framework=":
            self.on_spark = asks_for_spark(assigned(use), to)
        if use.symbol in NOT_NEEDED:
            return
        if use.symbol in OWN_PYTHON:
            off = isinstance(value := assigned(use), ast.Constant) and not value.value
            self.managed = not off if use.symbol == OWN_PYTHON[0] else self.managed or not off
            return
        if use.symbol == "SparkConfiguration.configuration":
            self.spark.append(item_of(use, to))
            return
        if use.symbol.endswith(".environment_variables"):
            self.items.append(item_of(use, to))
            return
        if use.symbol == "RunConfiguration.data":
            from amlbridge.migrate.models.jobs.run_data import item_in

            self.data.append(item_in(use, to))
            return
        if use.symbol == "RunConfiguration.data_references":
            self.references.append(references_in(use))
            return
        if use.symbol.startswith(SYMBOLS):
            self.r = self.r or RPackages()
            self.r.apply(use, assigned(use), to)
            return
        if use.symbol == LIMIT:
            self.timeout = to.source(assigned(use))
        if use.symbol in DROPPED:
            self.reviews.append(DROPPED[use.symbol])
        elif use.symbol.startswith("CondaDependencies."):
            self._packages(use, to)
        else:
            self._assigned(use, member.removesuffix("="), to)

    def _packages(self, use: Use, to: Rewriter) -> None:
        if use in self.late:
            return
        if self.alias is not None:
            raise ValueError(_BEHIND)
        if self.conda is None and not self.conda_code:
            self.conda = default(to)
        if self.conda is None:
            self.added = self.added or Conda()
        (self.conda or self.added or Conda()).add(use, to)

    def _start_anew(self, value: ast.expr, to: Rewriter) -> bool:
        """Takes in an environment that is made where a run configuration gets it: what is changed of it comes later.
        Returns whether it is one."""
        made = to.use_of(value)
        name = made.argument("name", position=0) if made is not None and made.symbol in _MADE else None
        path = made.argument("file_path", position=1) if made is not None and made.symbol in _MADE else None
        if made is None or name is None or (path is None) is not (made.symbol == "Environment"):
            return False
        self.name, self.version, self.image, self.build, self.alias = to.source(name), "", "", "", None
        self.conda, self.added, self.late, self.r, self.made_here, self.of_file = None, None, [], None, False, False
        self.conda_code, self.file = (to.source(path), path) if path is not None else ("", None)
        return True

    def _assigned(self, use: Use, member: str, to: Rewriter) -> None:
        value = assigned(use)
        if self.alias is not None and member in _OF_ENVIRONMENT:
            raise ValueError(_BEHIND)
        if member == "conda_dependencies":
            self.depend_on(value, to)
        elif member == "base_image":
            self.image = to.source(value)
        elif member in ("base_dockerfile", "build_context"):
            self.dockerfile(value, to, at_run_time=member == "base_dockerfile")
        elif member == "conda_dependencies_file":
            self.conda_code = to.source(value)
        elif member == "environment_variables":
            self.variables = to.source(value)
        elif member == "shm_size":
            self.shm_size = memory_of(value, to)
        elif use.symbol == "RunConfiguration.docker=":
            self.docker(value, to)
        elif use.symbol == "DockerConfiguration.arguments=":
            self.docker_args = joined_arguments(value, to)
        elif use.symbol == "Environment.docker=":
            self._section(docker_section(value, to), to)
        elif member in ("communicator", "mpi"):
            self.distributed(value, to)
        elif member == "target":
            self.target = value
        elif use.symbol in ("RunConfiguration.script=", "RunConfiguration.arguments="):
            setattr(self, member, value)
        elif member == "data_references":
            self.references.append(value)
        elif member == "data":
            from amlbridge.migrate.models.jobs.run_data import items_in

            self.data = items_in(value, to)
        elif member == "environment":
            if not self._start_anew(value, to):
                self.alias = value
        elif member == "node_count":
            self.node_count = to.source(value)
        elif member in ("name", "version", "description"):
            setattr(self, member, to.source(value))
        else:
            raise ValueError(f"{use.symbol.removesuffix('=')} has no counterpart: say what it did in another way")

    def dockerfile(self, value: ast.expr, to: Rewriter, *, at_run_time: bool) -> None:
        """Takes in a Dockerfile. ``at_run_time``: its text may be known only then, and is written where it is."""
        path = file_read(value, to)
        if at_run_time and path is None and to.evaluator.text(value) is None and _is_read(value, to):
            folder = _folder_of(value, to)
            lines = [f'{to.need_module("os")}.makedirs("{folder}", exist_ok=True)']
            lines += [f'with open("{folder}/Dockerfile", "w") as file:', f"    file.write({to.source(value)})"]
            self.before = "\n".join(lines)
            self.build = f'{to.need("azure.ai.ml.entities", "BuildContext")}(path="{folder}")'
            self.reviews.append(f"the folder {folder}, in which the Dockerfile is written, is sent along whole")
            return
        self.build, assumed = build_of(value if path is None else path, to)
        self.reviews += [assumed] if assumed else []

    def docker(self, value: ast.expr, to: Rewriter) -> None:
        """Takes in a DockerConfiguration: what is kept of it is the shared memory, and arguments of Docker."""
        self.shm_size = shared_memory(value, to) or self.shm_size
        self.docker_args = docker_arguments(value, to) or self.docker_args

    def take_timeout(self) -> str:
        """Code of the seconds after which runs are canceled, for what keeps it; "" when nothing is said."""
        self.reviews = [text for text in self.reviews if not self.timeout or text != DROPPED[LIMIT]]
        return self.timeout

    def distributed(self, value: ast.expr, to: Rewriter) -> None:
        """Takes in a communicator ("OpenMpi"), or a configuration of one (``run_config.mpi``), which comes after it."""
        text = to.evaluator.text(value)
        if text is None:
            if to.evaluator.type_of(value) != "MpiConfiguration":
                raise ValueError("the communicator is chosen at run time: give the command a distribution")
            self.distribution = to.source(value)
        elif text.lower().endswith("mpi"):
            make = to.need("azure.ai.ml", "MpiDistribution")
            self.distribution = self.distribution or f"{make}(process_count_per_instance=1)"
        elif text.lower() in ("nccl", "gloo"):
            make = to.need("azure.ai.ml", "PyTorchDistribution")
            self.distribution = f"{make}(process_count_per_instance=1)"
        elif text.lower() not in ("", "none"):
            raise ValueError(f"the communicator {text} is not known: give the command a distribution")

    def _section(self, changes: Sequence[Use], to: Rewriter) -> None:
        for change in changes:
            self.apply(change, to)

    def depend_on(self, value: ast.expr, to: Rewriter) -> None:
        """Takes in conda dependencies."""
        kind = to.evaluator.value(value)
        inline = isinstance(value, ast.Call) and isinstance(kind, Instance) and kind.type == "CondaDependencies"
        use = next((u for u in to.uses if u.node is value), None) if inline else None
        if use is not None and use.symbol.startswith("CondaDependencies"):
            self.conda, self.conda_code = conda_model.of_creation(use, to), ""
        else:
            self.conda, self.conda_code = None, to.source(value)
            self.made_here = isinstance(value, ast.Name) and _is_dict(value, to)
            made = to.maker(value)
            self.of_file = self.made_here and made is not None and is_read(made, to)
            self.late = late_additions(made.node, to) if self.made_here and made and not self.of_file else []

    def open_file(self, to: Rewriter) -> str:
        """Statements that read the conda file and add packages to it, "" when none are added. What is read is the
        environment's from then on. Raises ValueError for packages that are added to something else."""
        if self.added is None:
            return ""
        if self.file is None:
            return self._added_to_made()
        name, added = to.fresh("conda"), self.added
        self.reviews.append(ONE_SECTION)
        lines = [f"with open({self.conda_code}) as file:", f"    {name} = {to.need_module('yaml')}.safe_load(file)"]
        self.conda_code, self.added = name, None
        for kind, codes in (("channel", added.channels), ("conda", added.conda)):
            lines += [f"{place(name, kind, of_file=True)}.append({code})" for code in codes]
        if added.python:
            pinned = f'[part for part in {name}["dependencies"] if not str(part).startswith("python")]'
            lines.append(f'{name}["dependencies"] = [{added.python}, *{pinned}]')
        if packages := added.pip_added():
            lines.append(f"{place(name, 'pip', of_file=True)}.extend([{', '.join(packages)}])")
        return "\n".join(lines)

    def _added_to_made(self) -> str:
        """Adds packages to the dict in a variable that conda dependencies have become."""
        added, name = self.added, self.conda_code
        if added is None or not self.made_here:
            raise ValueError("packages are added to conda dependencies that are made elsewhere: add them there")
        self.added = None
        lines = [f"{place(name, 'channel', of_file=self.of_file)}.append({code})" for code in added.channels]
        lines += [f'{name}["dependencies"].insert(0, {code})' for code in added.conda]
        if added.python:
            others = f'[part for part in {name}["dependencies"] if not str(part).startswith("python")]'
            lines.append(f'{name}["dependencies"] = [{added.python}, *{others}]')
        if pip := added.pip_added():
            lines.append(f"{place(name, 'pip', of_file=self.of_file)}.extend([{', '.join(pip)}])")
            self.reviews += [ONE_SECTION] if self.of_file else []
        return "\n".join(lines)

    def code(self, to: Rewriter) -> str:
        """The v2 Environment."""
        environment = to.need("azure.ai.ml.entities", "Environment")
        arguments = [f"{key}={value}" for key, value in (("name", self.name), ("version", self.version)) if value]
        if self.description:
            arguments.append(f"description={self.description}")
        if self.build:
            arguments.append(f"build={self.build}")
        else:
            arguments.append(f"image={self.image or IMAGE}")
        packages = self._with_r()
        conda = packages.code() if packages is not None else self.conda_code
        if not conda and not self.image and not self.build:
            conda = default(to).code()
        if conda:
            arguments.append(f"conda_file={conda}")
        return f"{environment}({', '.join(arguments)})"

    def _with_r(self) -> Conda | None:
        """The conda dependencies with R among them. Raises ValueError where they are in a file or made elsewhere."""
        packages = self.r.conda() if self.r is not None else []
        if not packages:
            return self.conda
        if self.conda_code or (self.conda is not None and self.conda.base):
            raise ValueError(
                "name R and its packages in the conda dependencies, which are made elsewhere: r-base, r-name"
            )
        found = self.conda or Conda()
        return replace(found, conda=[*found.conda, *packages])

    def variables_code(self) -> str:
        """The environment variables, as a dict; "" when there are none."""
        if self.held is not None:
            return self.held.name
        pairs = ", ".join(f"{key}: {value}" for key, value in self.items)
        if self.variables and pairs:
            return f"{{**{self.variables}, {pairs}}}"
        return f"{{{pairs}}}" if pairs else self.variables

    @property
    def bare(self) -> bool:
        """Whether nothing is said of the environment."""
        return not (self.r or self.image or self.build or self.conda or self.conda_code or self.added or self.alias)

    @property
    def review(self) -> str:
        """What a person should check."""
        said = [*self.reviews, self.r.review if self.r is not None else ""]
        if self.managed and not (self.image or self.build or self.conda is not None or self.conda_code):
            said.append(MANAGED)
        if self.build and (self.conda is not None or self.conda_code or self.r is not None):
            said.append(_BOTH)
        return together(said)


def _is_dict(node: ast.Name, to: Rewriter) -> bool:
    """Whether a variable holds conda dependencies that this module puts together: not those of a file."""
    made = to.maker(node)
    if made is None or not made.symbol.startswith("CondaDependencies"):
        return False
    return is_read(made, to) or not conda_model.of_creation(made, to).base


def beside(use: Use, parts: Parts, changes: list[Use], to: Rewriter) -> list[Use]:
    """Looks for variables beside the object that a use makes. Returns the changes that are not in them."""
    parts.compute, parts.held = companion(use, "compute", to), companion(use, "environment_variables", to)
    apart = [*(parts.compute.uses if parts.compute else ()), *(parts.held.uses if parts.held else ())]
    return [change for change in changes if change not in apart]


def note_variables(use: Use, to: Rewriter) -> None:
    """Remembers the variable that holds the environment variables of an environment that is looked up or cloned."""
    held = companion(use, "environment_variables", to)
    if held is not None:
        to.memory["parts", use.node] = Parts(held=held)


def asks_for_spark(framework: ast.expr | None, to: Rewriter) -> bool:
    """Whether the framework of a run configuration is Spark."""
    return (to.evaluator.text(framework) or "").lower() in ("pyspark", "spark")


def assigned(use: Use) -> ast.expr:
    """What an assignment to a member assigns. Raises ValueError for another statement."""
    if isinstance(use.statement, (ast.Assign, ast.AnnAssign)) and use.statement.value is not None:
        return use.statement.value
    raise ValueError("only plain assignments are understood")


def item_of(use: Use, to: Rewriter) -> tuple[str, str]:
    """Name and value of ``env.environment_variables["A"] = "b"``. Raises ValueError for another statement."""
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Subscript) or target.value is not use.node or not isinstance(statement, ast.Assign):
        raise ValueError("only plain assignments are understood")
    return to.source(target.slice), to.source(statement.value)


#: Dicts of environments and run configurations that code adds items to.
_ITEMS = (
    ".environment_variables",
    "SparkConfiguration.configuration",
    "RunConfiguration.data",
    "RunConfiguration.data_references",
)


def references_in(use: Use) -> ast.expr:
    """The dict of data references that a change gives: all of them, or one with its name."""
    value, target = assigned(use), use.evaluator.scopes.parents.get(use.node)
    if isinstance(target, ast.Subscript):
        return ast.Dict([target.slice], [value])
    return value


def is_change(use: Use) -> bool:
    """Whether a use changes an environment or a run configuration, or what belongs to it."""
    parent = use.evaluator.scopes.parents.get(use.node)
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
        return use.symbol.endswith(_ITEMS)
    owner, member = use.symbol.rsplit(".", 1)
    if owner == "CondaDependencies":
        return member.startswith(("add_", "set_", "remove_"))
    return member.endswith("=")


def build_of(value: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The folder of a Dockerfile: of a path, or of a new file with the text if that is known; and what is assumed of a
    Dockerfile that is known only at run time. Raises ValueError for a text that is not known."""
    context = to.need("azure.ai.ml.entities", "BuildContext")
    text = to.evaluator.text(value)
    if text is not None and ("\n" in text or text.lstrip().upper().startswith("FROM ")):
        folder = _folder_of(text.strip(), to)
        to.create(f"{folder}/Dockerfile", text.strip() + "\n")
        return f'{context}(path="{folder}")', ""
    if text is not None:
        folder, _, name = text.replace("\\", "/").rpartition("/")
        return f"{context}(path={folder or '.'!r}, dockerfile_path={name!r})", ""
    if _is_read(value, to):
        raise ValueError("the Dockerfile is made at run time: give BuildContext(path=...) the folder that holds it")
    os, code = to.need_module("os"), to.source(value)
    folder, file = f'{os}.path.dirname({code}) or "."', f"{os}.path.basename({code})"
    return f"{context}(path={folder}, dockerfile_path={file})", "" if _is_path(value, to) else _PATH


def _folder_of(text: str | ast.expr, to: Rewriter) -> str:
    """The folder of the Dockerfile with a text, or with one that is made when the code runs: another one for each,
    where no other Dockerfile is and no module beside this one may want to write one."""
    places = to.memory.setdefault("dockerfiles", {})
    assert isinstance(places, dict)
    if text not in places:
        beside = [path for path in to.path.parent.iterdir() if path.name != to.path.name] if to.roots else []
        shared = any("dockerfile" in (to.module_text(path) or "") for path in beside)
        start = f"docker_{identifier(to.path.stem)}" if shared else "docker"
        names = (start if number == 1 else f"{start}_{number}" for number in itertools.count(1))
        places[text] = next(name for name in names if name not in places.values() and _is_free(name, text, to))
    return str(places[text])


def _is_free(folder: str, text: str | ast.expr, to: Rewriter) -> bool:
    """Whether a Dockerfile may be written in a folder beside the module."""
    path = to.path.parent / folder / "Dockerfile"
    if not to.roots or not path.exists():
        return True
    return isinstance(text, str) and is_free(path, text + "\n")


def file_read(value: ast.expr, to: Rewriter) -> ast.expr | None:
    """The path of the file that an expression is the text of, as ``open(path).read()``; None where it is not."""
    if isinstance(value, ast.Name):
        given = _given(value, to)
        path = file_read(given[0], to) if len(given) == 1 and not isinstance(given[0], ast.Name) else None
        names = [part.id for part in ast.walk(path) if isinstance(part, ast.Name)] if path is not None else []
        return path if value.id not in names else None  # the variable of the path has the text now
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
        return None
    opened: ast.expr = value.func.value
    if value.func.attr not in ("read", "read_text"):
        return None
    if isinstance(opened, ast.Name):
        found = _given(opened, to)
        opened = found[0] if len(found) == 1 else opened
    named = opened.func.id if isinstance(opened, ast.Call) and isinstance(opened.func, ast.Name) else ""
    if not isinstance(opened, ast.Call) or not opened.args or (value.func.attr == "read" and value.args):
        return None
    whole = named == "open" if value.func.attr == "read" else named == "Path" and len(opened.args) == 1
    return opened.args[0] if whole else None


#: Source: the reference of the environment's YAML (v2), "If specified, image must be specified as well".
_BOTH = "Azure takes a conda_file beside an image only: let the Dockerfile install these packages"
_PATH = "this has to be the path of the Dockerfile, not its text; the folder that it is in is sent along"
_PATHS = frozenset({"join", "joinpath", "Path", "abspath", "resolve", "with_name"})


def _is_path(value: ast.expr, to: Rewriter) -> bool:
    """Whether an expression, or what a variable was given, makes a path."""
    if isinstance(value, ast.Name):
        given = _given(value, to)
        return bool(given) and all(not isinstance(one, ast.Name) and _is_path(one, to) for one in given)
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.Div)
    if not isinstance(value, ast.Call):
        return False
    named = called_name(value)
    return named in _PATHS or (named == "str" and len(value.args) == 1 and _is_path(value.args[0], to))


def _is_read(value: ast.expr, to: Rewriter) -> bool:
    """Whether it is, or may be, a text that was put together or read from a file."""
    if isinstance(value, ast.Name):
        return any(not isinstance(one, ast.Name) and _is_read(one, to) for one in _given(value, to))
    if isinstance(value, ast.Call):
        if not isinstance(value.func, ast.Attribute):
            return False
        return value.func.attr in ("read", "read_text", "format") or (
            value.func.attr in ("replace", "strip", "rstrip") and _is_read(value.func.value, to)
        )
    return not isinstance(value, ast.Attribute) and not _is_path(value, to)


def _given(name: ast.Name, to: Rewriter) -> list[ast.expr]:
    """What a variable is given, in all branches."""
    found = to.evaluator.scopes.lookup(name.id, name)[:1]
    places = found[0].scope.bindings[name.id] if found else []
    return [binding.value for binding in places if binding.value is not None]
