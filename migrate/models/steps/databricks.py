"""DatabricksStep as a command that starts a run with the jobs API of Databricks, and waits for it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.jobs.arguments import Arguments, list_elements
from amlbridge.migrate.models.jobs.settings import SERVERLESS, Settings
from amlbridge.migrate.models.steps.service_scripts import Script, ServiceStep, environment_with, place_of
from amlbridge.migrate.models.steps.steps import Step, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

_FOLDER = "databricks_steps"
#: What v1 takes where a step names no type of nodes (the reference of azureml-pipeline-steps).
_NODE_TYPE = "Standard_D3_v2"
_TOKEN = (
    "{} starts the run on Databricks and waits for it; DATABRICKS_HOST and DATABRICKS_TOKEN have to be set where the "
    "pipeline is submitted, and are environment variables of the job: take the token from a key vault in the script if "
    "not everyone who sees the job may have it"
)
_DATA = "Databricks gets the addresses of the data, nothing is mounted: its cluster needs access to the storage"
_RUN = (
    "SDK v1 tells what runs on Databricks of the run and the workspace, as AZUREML_RUN_ID and other parameters whose "
    "names begin with AZUREML_: it gets none of them any more"
)
_RUNTIME = "the cluster gets the newest runtime of Databricks with long-term support"
_UPLOADED = "the script alone is copied to DBFS, in a folder of the run: other files that it needs are not"
#: How long a run may take: the jobs API gives up after 20 minutes if nothing is said.
_TIMEOUT = "days=7"
#: Libraries: class of v1 -> code of Library(...) from the code of its arguments.
LIBRARIES: dict[str, tuple[tuple[str, ...], Callable[[dict[str, str]], str]]] = {
    "JarLibrary": (("library",), lambda given: f"jar={given['library']}"),
    "EggLibrary": (("library",), lambda given: f"egg={given['library']}"),
    "PyPiLibrary": (("package", "repo"), lambda given: f"pypi=compute.PythonPyPiLibrary({_keywords(given)})"),
    "RCranLibrary": (("package", "repo"), lambda given: f"cran=compute.RCranLibrary({_keywords(given)})"),
    "MavenLibrary": (
        ("coordinates", "repo", "exclusions"),
        lambda given: f"maven=compute.MavenLibrary({_keywords(given)})",
    ),
}
_INTEGERS = frozenset({"num_workers", "min_workers", "max_workers", "timeout_seconds"})
_LISTS = ("maven_libraries", "pypi_libraries", "egg_libraries", "jar_libraries", "rcran_libraries")


@reads("DatabricksStep")
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of DatabricksStep. Raises ValueError where it cannot be read."""
    if use.passed("runconfig") is not None:
        raise ValueError(
            "the cluster of the step is in its run configuration: give num_workers and the rest in the call"
        )
    script = Script(Arguments(), to)
    step = ServiceStep(use, component, node, script.arguments, Settings(), "", use.passed("name", position=0))
    name = use.passed("name", position=0)
    text = to.evaluator.text(name) if name is not None else None
    key = identifier(text or node, "step")
    body = _Task(use, script, step)
    lines = body.lines(key, repr(text or node))
    source = use.passed("source_directory") if body.uploads else None
    modules = ["compute", "jobs"] if any("compute." in line for line in lines) else ["jobs"]
    step.text = script.text(
        "Starts a run on Databricks, and waits for it.",
        [*(["import os"] if body.uploads else []), "from datetime import timedelta"],
        ["from databricks.sdk import WorkspaceClient", f"from databricks.sdk.service import {', '.join(modules)}"],
        lines,
    )
    place = place_of(f"{key}_on_databricks", step.text, _FOLDER, source, use, to)
    step.script, step.start = place.path, f"python {place.name}"
    settings = step.settings
    settings.code, settings.source = place.code, place.source
    settings.compute = SERVERLESS
    settings.environment = environment_with("databricks_environment", ["databricks-sdk"], use, to)
    environ = f"{to.need_module('os')}.environ"
    settings.variables = f"{{{', '.join(f'{key!r}: {environ}[{key!r}]' for key in _VARIABLES)}}}".replace("'", '"')
    step.reviews.insert(0, _TOKEN.format(place.path))
    step.reviews.append(_RUN)
    take_reuse(step, use.passed("allow_reuse"), to)
    return step


_VARIABLES = ("DATABRICKS_HOST", "DATABRICKS_TOKEN")


class _Task:
    """The lines of the script that say what runs, and on what."""

    def __init__(self, use: Use, script: Script, step: ServiceStep) -> None:
        self._use = use
        self._script = script
        self._step = step
        self.uploads = False

    def _given(self, keyword: str) -> str | None:
        """The code of an argument of the step in the script; None when it is not given, or None."""
        node = self._use.passed(keyword)
        code = self._script.value(node, keyword) if node is not None else None
        if code is not None and keyword in _INTEGERS:
            self._script.integers.add(code.removeprefix("args."))
        return None if code == "None" else code

    def lines(self, key: str, name: str) -> list[str]:
        """All lines. ``key``: the name of the task, ``name``: code of the step's name."""
        before, task = self._task()
        cluster = self._cluster()
        libraries = self._libraries()
        parts = [f"task_key={key!r}", task, cluster, *([f"libraries=[{', '.join(libraries)}]"] if libraries else [])]
        seconds = self._given("timeout_seconds")
        if seconds is not None:
            parts.append(f"timeout_seconds={seconds}")
        run_name = self._given("run_name") or name
        return [
            "client = WorkspaceClient()  # for DATABRICKS_HOST, with DATABRICKS_TOKEN",
            *before,
            f"task = jobs.SubmitTask({', '.join(parts)})",
            f"waiting = client.jobs.submit(run_name={run_name}, tasks=[task])",
            f"run = waiting.result(timeout=timedelta({_TIMEOUT}))",
            "print(run.run_page_url)",
            "if run.state.result_state is not jobs.RunResultState.SUCCESS:",
            "    raise SystemExit(run.state.state_message)",
        ]

    def _task(self) -> tuple[list[str], str]:
        """What has to be done before, and the keyword of the task. Raises ValueError when the step names none."""
        use = self._use
        notebook, path = self._given("notebook_path"), self._given("python_script_path")
        file, main = self._given("python_script_name"), self._given("main_class_name")
        if notebook is not None:
            pairs = self._pairs(use.passed("notebook_params"))
            pairs |= self._data(list(pairs.values()))
            given = ", ".join(f"{key!r}: {code}" for key, code in pairs.items())
            parameters = f", base_parameters={{{given}}}" if pairs else ""
            return [], f"notebook_task=jobs.NotebookTask(notebook_path={notebook}{parameters})"
        if main is not None:
            parameters = self._words("jar_params")
            return [], f"spark_jar_task=jobs.SparkJarTask(main_class_name={main}{parameters})"
        if path is not None:
            words = self._words("python_script_params")
            return [], f"spark_python_task=jobs.SparkPythonTask(python_file={path}{words})"
        if file is None or use.passed("source_directory") is None:
            raise ValueError("what the step runs cannot be told: a notebook, a script or a class")
        self.uploads = True
        self._step.reviews.append(_UPLOADED)
        words = self._words("python_script_params")
        place = "dbfs:/FileStore/azureml/{os.environ['AZUREML_RUN_ID']}/"
        name = "{" + file + "}" if file.startswith("args.") else ast.literal_eval(file)
        before = [
            f'path = f"{place}{name}"',
            f"with open({file}, 'rb') as script:",
            "    client.dbfs.upload(path, script, overwrite=True)",
        ]
        return before, f"spark_python_task=jobs.SparkPythonTask(python_file=path{words})"

    def _pairs(self, node: ast.expr | None) -> dict[str, str]:
        """The parameters of a notebook: name -> code. Raises ValueError where they are put together at run time."""
        if node is None:
            return {}
        code = self._script.value(node, "notebook_params", text=True)
        tree = ast.parse(code, mode="eval").body
        if not isinstance(tree, ast.Dict):
            raise ValueError("the parameters of the notebook are put together at run time")
        pairs = zip(tree.keys, tree.values, strict=True)
        return {str(ast.literal_eval(key)): ast.unparse(item) for key, item in pairs if key is not None}

    def _words(self, keyword: str) -> str:
        """The command line of a script or a class, as a keyword."""
        node = self._use.passed(keyword)
        code = self._script.value(node, keyword, text=True) if node is not None else "[]"
        tree = ast.parse(code, mode="eval").body
        if not isinstance(tree, ast.List):
            raise ValueError(f"{keyword} is put together at run time")
        words = [word for element in tree.elts for word in self._named(ast.unparse(element))]
        for name, value in self._data(words).items():
            words += [repr(f"--{name}"), value]
        return f", parameters=[{', '.join(words)}]" if words else ""

    def _named(self, code: str) -> list[str]:
        """A word of a command line; SDK v1 hands over a parameter of the pipeline as two words, ``--NAME`` and its
        value. Raises ValueError where its name cannot be told."""
        port = self._script.options.get(code.removeprefix("args."))
        if port is None or port.literal or "mode=" in port.declared:
            return [code]
        use = self._script.to.use_of(port.parameter) if port.parameter is not None else None
        name = self._script.to.evaluator.text(use.argument("name", position=0)) if use is not None else None
        if name is None:
            raise ValueError("a parameter of the pipeline comes from elsewhere: SDK v1 hands it over behind --NAME")
        return [repr(f"--{name.upper()}"), code]

    def _data(self, known: list[str]) -> dict[str, str]:
        found = self._script.all_data(self._use, known)
        if any(not port.literal and port.parameter is None for port in self._script.arguments.inputs) or found:
            self._step.reviews.append(_DATA)
        return found

    def _cluster(self) -> str:
        """The keyword of the cluster: one that is there, or a new one."""
        existing = self._given("existing_cluster_id")
        if existing is not None:
            return f"existing_cluster_id={existing}"
        version = self._given("spark_version")
        if version is None:
            self._step.reviews.append(_RUNTIME)
            version = "client.clusters.select_spark_version(long_term_support=True)"
        parts = [f"spark_version={version}"]
        pool = self._given("instance_pool_id")
        node_type = self._given("node_type") or repr(_NODE_TYPE)
        parts.append(f"instance_pool_id={pool}" if pool is not None else f"node_type_id={node_type}")
        workers, fewest, most = (self._given(key) for key in ("num_workers", "min_workers", "max_workers"))
        if fewest is not None and most is not None:
            parts.append(f"autoscale=compute.AutoScale(min_workers={fewest}, max_workers={most})")
        else:
            parts.append(f"num_workers={workers or 1}")
        for keyword, name in (("spark_env_variables", "spark_env_vars"), ("spark_conf", "spark_conf")):
            if (code := self._given(keyword)) is not None:
                parts.append(f"{name}={code}")
        if (code := self._given("init_scripts")) is not None:
            one = "compute.InitScriptInfo(dbfs=compute.DbfsStorageInfo(destination=path))"
            parts.append(f"init_scripts=[{one} for path in {code}]")
        if (code := self._given("cluster_log_dbfs_path")) is not None:
            parts.append(f"cluster_log_conf=compute.ClusterLogConf(dbfs=compute.DbfsStorageInfo(destination={code}))")
        return f"new_cluster=compute.ClusterSpec({', '.join(parts)})"

    def _libraries(self) -> list[str]:
        """Code of the libraries of the cluster. Raises ValueError for one that is made elsewhere."""
        to, found = self._script.to, []
        for keyword in _LISTS:
            node = self._use.passed(keyword)
            for element in list_elements(node, to) if node is not None else []:
                made = to.maker(element)
                if made is None or made.symbol not in LIBRARIES:
                    raise ValueError(f"{keyword} are put together at run time")
                self._step.parts.append(made.node)
                found.append(f"compute.Library({self._library(made)})")
        return found

    def _library(self, made: Use) -> str:
        keys, written = LIBRARIES[made.symbol]
        nodes = [(key, made.argument(key, position=position)) for position, key in enumerate(keys)]
        kind = made.symbol.removesuffix("Library").lower()
        names = {key: kind if position == 0 else f"{kind}_{key}" for position, key in enumerate(keys)}
        return written({key: self._script.value(node, names[key]) for key, node in nodes if node is not None})


def _keywords(given: dict[str, str]) -> str:
    return ", ".join(f"{key}={code}" for key, code in given.items() if code != "None")
