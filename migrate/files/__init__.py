"""Files other than Python that name SDK v1: requirements, conda files, run configurations, pipelines as YAML, CI."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from amlbridge.migrate.files import commands, deployment_yaml, pipeline_yaml, python_pins, requirements, runconfig
from amlbridge.migrate.files.lines import Lines
from amlbridge.migrate.files.yaml_text import dump
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.module import Conversion, Options
from amlbridge.migrate.project.modules import Project
from amlbridge.migrate.project.script_packages import packages_near

RUNCONFIG_RULE = "runconfig"
PIPELINE_RULE = "pipeline-yaml"
DEPLOYMENT_RULE = "deployment-configurations"
_NAMED = re.compile(r"azureml[-_.]|azure-cli-ml|\baz\s+ml\b", re.IGNORECASE)
#: Rule -> what it does, for docs/rules.md.
DOCS = {
    requirements.RULE: "Lists of packages (requirements files, conda files, setup.py, setup.cfg, pyproject.toml, "
    "Pipfile): packages of SDK v1 are replaced by those of v2 that do their work; what is listed already is not listed "
    "again. A line with hashes gets a TODO comment; lock files are left. A conda file whose Python is older than those "
    "packages gets Python 3.8.",
    commands.INSTALL_RULE: "`pip install`, `conda install` and the like in scripts, Dockerfiles, Makefiles and CI "
    "files: the same replacements, word by word.",
    commands.CLI_RULE: "`az ml` of the extension azure-cli-ml: calls that have a twin in the extension ml are written "
    "as that; the others get a TODO comment that names the way.",
    RUNCONFIG_RULE: "A `.runconfig` is written as a command job, `NAME.job.yml`, in the folder that its paths count "
    "from. The file itself stays: it can go once nothing of v1 reads it.",
    DEPLOYMENT_RULE: "A deployment configuration (`computeType: ACI`) with an inference configuration in its folder is "
    "written as a managed online deployment, `NAME.deployment.yml`, beside it; `az ml model deploy` names that file.",
    PIPELINE_RULE: "A pipeline of v1 in YAML is written as a pipeline job, `NAME.job.yml`, beside it.",
}
#: What describes a model of MLflow: the lists of packages in its folder say what the model was saved with.
_MODEL = "MLmodel"
#: Names of files of a lock: they are made anew, not edited.
_LOCKS = frozenset(["poetry.lock", "Pipfile.lock", "conda-lock.yml", "pdm.lock", "uv.lock"])


def handles(path: Path, text: str) -> bool:
    """Whether a file may have something of SDK v1."""
    if path.suffix.lower() == ".json":
        return deployment_yaml.is_configuration(path, text)
    if (path.parent / _MODEL).is_file():
        return False
    return (
        bool(_NAMED.search(text))
        or runconfig.is_runconfig(path, text)
        or (_is_pipeline(path, text) or deployment_yaml.is_configuration(path, text))
    )


def convert_file(
    path: Path,
    text: str,
    project: Project,
    options: Options,
    kept: frozenset[str] = frozenset(),
    by_code: tuple[str, ...] = (),
) -> Conversion:
    """Converts a file that :func:`handles` has taken. Never raises because of what is in it. ``kept``: the packages of
    SDK v1 that files which stay need; ``by_code``: those of SDK v2 that converted files import."""
    lines = Lines(text, options, packages_near(path, project), by_code)
    if path.name in _LOCKS or path.suffix.lower() == ".lock":
        return _lock(lines)
    created: dict[str, str] = {}
    if runconfig.is_runconfig(path, text):
        _runconfig(path, lines, created)
    elif _is_pipeline(path, text):
        _pipeline(path, lines, created)
    elif deployment_yaml.is_configuration(path, text):
        _deployment(path, lines, created)
    if path.suffix.lower() != ".json":  # which has neither comments nor commands
        commands.convert(lines, project.roots, path)
        requirements.convert(lines, commands.install_lines(lines), kept)
        python_pins.convert(lines, requirements.RULE)
    findings = sorted(lines.findings, key=lambda finding: (finding.line, finding.column))
    return Conversion(lines.result(), tuple(findings), created)


def with_requirements(
    conversion: Conversion, options: Options, kept: frozenset[str] = frozenset(), by_code: tuple[str, ...] = ()
) -> Conversion:
    """A converted ``setup.py`` with its lists of packages converted, too. ``kept``, ``by_code``: as for
    :func:`convert_file`."""
    lines = Lines(conversion.text, options, by_code=by_code)
    requirements.convert(lines, kept=kept)
    return replace(conversion, text=lines.result(), findings=(*conversion.findings, *lines.findings))


def _is_pipeline(path: Path, text: str) -> bool:
    return path.suffix.lower() in (".yml", ".yaml") and pipeline_yaml.is_pipeline(text)


def _lock(lines: Lines) -> Conversion:
    """A file that a tool writes: editing it would break its hashes."""
    for index, line in enumerate(lines.original):
        if re.search(r"\bazureml-(core|sdk|defaults|pipeline|train)", line):
            message = "a lock file is not edited: change what it is made from, and lock again"
            lines.find(requirements.RULE, "azureml", Status.NO_EQUIVALENT, index, 0, message)
            break
    return Conversion(lines.text, tuple(lines.findings))


def _runconfig(path: Path, lines: Lines, created: dict[str, str]) -> None:
    if lines.ignored(0, RUNCONFIG_RULE):
        lines.find(RUNCONFIG_RULE, "RunConfiguration", Status.IGNORED, 0, 0, "left as it is, as you said")
        return
    found = runconfig.job(path, lines.text)
    if found is None:
        message = "it names no script, or is no YAML: write the command job by hand"
        lines.find(RUNCONFIG_RULE, "RunConfiguration", Status.NO_EQUIVALENT, 0, 0, message)
        return
    name, content, notes = found
    created[name] = dump(content)
    _tell_job(lines, RUNCONFIG_RULE, "RunConfiguration", name, notes)


def _pipeline(path: Path, lines: Lines, created: dict[str, str]) -> None:
    first = next(index for index, line in enumerate(lines.original) if line.startswith("pipeline:"))
    if lines.ignored(first, PIPELINE_RULE):
        lines.find(PIPELINE_RULE, "Pipeline", Status.IGNORED, first, 0, "left as it is, as you said")
        return
    try:
        content, notes = pipeline_yaml.job(path, lines.text)
    except pipeline_yaml.NotConvertibleError as error:
        message = f"cannot be written as a pipeline job: {error}"
        lines.comment_above(first, PIPELINE_RULE, message)
        lines.find(PIPELINE_RULE, "Pipeline", Status.MANUAL, first, 0, message)
        return
    name = f"{path.stem}.job.yml"
    created[name] = dump(content)
    _tell_job(lines, PIPELINE_RULE, "Pipeline", name, notes)


def _deployment(path: Path, lines: Lines, created: dict[str, str]) -> None:
    found = deployment_yaml.deployment(path, lines.text)
    if found is None:
        return  # nothing says which script it is for; the command that deploys with it gets a finding
    if lines.ignored(0, DEPLOYMENT_RULE):
        lines.find(DEPLOYMENT_RULE, _CONFIGURATION, Status.IGNORED, 0, 0, "left as it is, as you said")
        return
    name, content, notes = found
    created[name] = dump(content)
    _tell_job(lines, DEPLOYMENT_RULE, _CONFIGURATION, name, notes, "deployment")


#: What a deployment configuration is called in findings.
_CONFIGURATION = "Webservice.deploy_configuration"


def _tell_job(lines: Lines, rule: str, symbol: str, name: str, notes: list[str], kind: str = "job") -> None:
    written = f"written as the {kind} {name}; this file can go once nothing of v1 reads it"
    status = Status.REVIEW if notes else Status.CONVERTED
    lines.find(rule, symbol, status, 0, 0, together([written, *notes]))
