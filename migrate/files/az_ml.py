"""``az ml`` of the extension azure-cli-ml (v1) as ``az ml`` of the extension ml (v2).

Source: the reference pages of both extensions. Calls that create something from many options want a YAML file in v2;
these are told, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from amlbridge.migrate.files import deployment_yaml
from amlbridge.migrate.files.az_ml_jobs import Context, registered, submitted
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.models.datasets.paths import DEFAULT_DATASTORE
from amlbridge.migrate.rules.deployments import DEPLOYMENT


@dataclass(frozen=True)
class Call:
    """What becomes of a call; ``text`` None: it stays, and the message says what to do."""

    symbol: str
    status: Status
    message: str
    text: str | None = None


@dataclass(frozen=True)
class _Renamed:
    """A call that has one of the same meaning. ``options``: v1's option -> v2's; None: it goes with its value.
    ``review``: the assumption that a person should check."""

    command: str
    options: Mapping[str, str | None] = field(default_factory=dict)
    review: str = ""


#: Options that all commands share.
_SHARED: dict[str, str | None] = {
    "-w": "--workspace-name",
    "--workspace-name": "--workspace-name",
    "-g": "--resource-group",
    "--resource-group": "--resource-group",
    "--subscription-id": "--subscription",
    "--subscription": "--subscription",
    "--path": None,
    "-v": None,
    "--output-metadata-file": None,
    "-t": None,
    "-o": "--output",
    "--output": "--output",
    "--query": "--query",
    "--debug": "--debug",
    "--verbose": "--verbose",
}
#: The file that a command writes its answer into.
_METADATA = ("-t", "--output-metadata-file")
_NAME: dict[str, str | None] = {"-n": "--name", "--name": "--name"}
_COMPUTE: dict[str, str | None] = {
    **_NAME,
    "--min-nodes": "--min-instances",
    "--max-nodes": "--max-instances",
    "-s": "--size",
    "--vm-size": "--size",
    "--idle-seconds-before-scaledown": "--idle-time-before-scale-down",
    "-i": "--idle-time-before-scale-down",
    "--admin-username": "--admin-username",
    "--admin-user-password": "--admin-password",
    "--vnet-name": "--vnet-name",
    "--subnet-name": "--subnet",
    "--vm-priority": "--tier",
}
#: What v1 calls the priority of machines -> what v2 does.
_TIERS = {"dedicated": "dedicated", "lowpriority": "low_priority"}
_ATTACHED = {**_NAME, "-i": "--resource-id", "--compute-resource-id": "--resource-id", "--namespace": "--namespace"}
_MODEL: dict[str, str | None] = {**_NAME, "-p": "--path", "--model-path": "--path", "-d": "--description"}
_MODEL |= {"--description": "--description", "--tag": "--tags", "--property": None}

#: An option that has name and version of a model in one -> the options of v2. See ``_split``.
_BOTH = "--name --version"
_MODEL_ID: dict[str, str | None] = {**_NAME, "-i": _BOTH, "--model-id": _BOTH, "--overwrite": None}

_SAME: dict[str, _Renamed] = {
    "folder attach": _Renamed("configure --defaults", {}),
    "computetarget create amlcompute": _Renamed("ml compute create --type amlcompute", _COMPUTE),
    "computetarget create computeinstance": _Renamed("ml compute create --type computeinstance", _COMPUTE),
    "computetarget delete": _Renamed("ml compute delete --yes", _NAME),
    "computetarget detach": _Renamed("ml compute detach --yes", _NAME),
    "computetarget attach aks": _Renamed("ml compute attach --type Kubernetes", _ATTACHED),
    "computetarget attach kubernetes": _Renamed("ml compute attach --type Kubernetes", _ATTACHED),
    "computetarget show": _Renamed("ml compute show", _NAME),
    "computetarget list": _Renamed("ml compute list"),
    "computetarget computeinstance start": _Renamed("ml compute start", _NAME),
    "computetarget computeinstance stop": _Renamed("ml compute stop", _NAME),
    "computetarget computeinstance restart": _Renamed("ml compute restart", _NAME),
    "model register": _Renamed("ml model create", _MODEL),
    "model list": _Renamed("ml model list", {**_NAME, "--model-name": "--name", "-n": "--name"}),
    "model show": _Renamed("ml model show", _MODEL_ID),
    "model delete": _Renamed("ml model archive", _MODEL_ID, "models are archived in v2, not deleted"),
    "model download": _Renamed(
        "ml model download", {**_MODEL_ID, "-t": "--download-path", "--target-dir": "--download-path"},
        "the files are in a folder of the model's name below the download path",
    ),
    "datastore list": _Renamed("ml datastore list"),
    "datastore show": _Renamed("ml datastore show", _NAME),
    "datastore show-default": _Renamed(
        f"ml datastore show --name {DEFAULT_DATASTORE}", {},
        f"{DEFAULT_DATASTORE} is the default datastore of a workspace, unless somebody chose another",
    ),
    "datastore detach": _Renamed("ml datastore delete --yes", _NAME),
    "run list": _Renamed("ml job list", {"--last": "--max-results"}),
    "run show": _Renamed("ml job show", {"-r": "--name", "--run": "--name"}),
    "run cancel": _Renamed("ml job cancel", {"-r": "--name", "--run": "--name"}),
    "run monitor-logs": _Renamed("ml job stream", {"-r": "--name", "--run": "--name"}),
    "run download-logs": _Renamed(
        "ml job download --all",
        {"-r": "--name", "--run": "--name", "-d": "--download-path", "--output-dir": "--download-path"},
    ),
    "environment list": _Renamed("ml environment list", _NAME),
    "environment show": _Renamed(
        "ml environment show", {**_NAME, "-v": "--version", "--version": "--version", "--env-version": "--version"}
    ),
    "workspace create": _Renamed(
        "ml workspace create",
        {**_NAME, "-w": "--name", "--workspace-name": "--name", "-l": "--location", "--location": "--location",
         "--sku": None, "--friendly-name": "--display-name", "-f": "--display-name", "--exist-ok": None, "--yes": None,
         "-y": None, "--workspace": "--name", "--storage-account": "--storage-account", "--keyvault": "--key-vault",
         "--application-insights": "--application-insights", "--container-registry": "--container-registry"},
    ),
    "workspace show": _Renamed("ml workspace show", {**_NAME, "-w": "--name", "--workspace-name": "--name"}),
    "workspace list": _Renamed("ml workspace list"),
    "workspace delete": _Renamed(
        "ml workspace delete", {**_NAME, "-w": "--name", "--workspace-name": "--name", "--yes": "--yes", "-y": "--yes",
                                "--all-resources": "--all-resources"}
    ),
    "endpoint realtime show": _Renamed("ml online-endpoint show", _NAME),
    "endpoint realtime list": _Renamed("ml online-endpoint list"),
    "endpoint realtime delete": _Renamed("ml online-endpoint delete --yes", _NAME),
    "service list": _Renamed("ml online-endpoint list"),
    "service show": _Renamed("ml online-endpoint show", _NAME),
    "service delete": _Renamed("ml online-endpoint delete --yes", _NAME),
    "service get-logs": _Renamed(
        "ml online-deployment get-logs --name blue",
        {"-n": "--endpoint-name", "--name": "--endpoint-name", "--num_lines": "--lines", "-l": "--lines"},
        "assumed that the deployment of the endpoint is called blue, as in converted code",
    ),
    "service get-keys": _Renamed("ml online-endpoint get-credentials", _NAME),
    "service get-access-token": _Renamed("ml online-endpoint get-credentials", _NAME),
    "service regen-key": _Renamed(
        "ml online-endpoint regenerate-keys", {**_NAME, "-k": "--key-type", "--key": "--key-type"}
    ),
    "dataset list": _Renamed("ml data list"),
    "dataset show": _Renamed("ml data show", {**_NAME, "-v": "--version", "--version": "--version"}),
}  # fmt: skip

_MANUAL: dict[str, str] = {
    "run submit-script": "write the run as a command job in YAML (amlbridge makes one of each .runconfig) and submit "
    "it with `az ml job create -f job.yml --set experiment_name=NAME`",
    "run submit-notebook": "run the notebook with papermill in a command job: `az ml job create -f job.yml`",
    "run submit-hyperdrive": "write the sweep as YAML and submit it with `az ml job create -f sweep.yml`",
    "run submit-pipeline": "submit the pipeline's YAML with `az ml job create -f pipeline.yml`, a published one with "
    "`az ml batch-endpoint invoke -n ENDPOINT`",
    "run update": "use `az ml job update -n NAME --set tags.key=value`",
    "pipeline create": "deploy the pipeline component to a batch endpoint: `az ml batch-endpoint create` and "
    "`az ml batch-deployment create -f deployment.yml`",
    "pipeline create-schedule": "write the schedule as YAML and create it with `az ml schedule create -f schedule.yml`",
    "pipeline list": "published pipelines are deployments of batch endpoints: `az ml batch-endpoint list`",
    "pipeline get": "published pipelines are deployments of batch endpoints: `az ml batch-deployment show`",
    "model deploy": "write endpoint and deployment as YAML: `az ml online-endpoint create -f endpoint.yml` and "
    "`az ml online-deployment create -f deployment.yml --all-traffic`",
    "model update": "use `az ml model update -n NAME -v VERSION --set tags.key=value`",
    "model package": "use `az ml model package` with a YAML file, or a managed online deployment",
    "model profile": "there is no profiling of models in v2: load-test the online endpoint",
    "environment register": "write the environment as YAML: `az ml environment create -f environment.yml`",
    "environment scaffold": "write the environment as YAML: name, image, conda_file",
    "environment download": "use `az ml environment show -n NAME -v VERSION`",
    "dataset register": "write the data asset as YAML: `az ml data create -f data.yml`, or "
    "`az ml data create -n NAME -v 1 --type uri_folder --path PATH`",
    "dataset archive": "use `az ml data archive -n NAME`",
    "datastore attach-blob": "write the datastore as YAML: `az ml datastore create -f datastore.yml`",
    "datastore upload": "name the local folder in the data asset: `az ml data create --path FOLDER` uploads it",
    "datastore download": "use `az storage blob download-batch`, or a job's input",
    "service run": "use `az ml online-endpoint invoke --name NAME --request-file FILE`",
    "service update": "change the deployment: `az ml online-deployment update -n blue -e NAME --set ...`",
    "service": "web services are online endpoints: `az ml online-endpoint` and `az ml online-deployment`",
    "endpoint": "web services are online endpoints: `az ml online-endpoint` and `az ml online-deployment`",
    "experiment": "experiments exist as soon as a job names one (experiment_name); list jobs with `az ml job list`",
    "folder": "name workspace and group once: `az configure --defaults workspace=NAME group=GROUP`",
    "computetarget create aks": "create the cluster with `az aks create`, and attach it with `az ml compute "
    "attach --type Kubernetes --name NAME --resource-id ID`; managed online endpoints need no cluster",
    "computetarget create datafactory": "v2 has no such compute: copy data with Data Factory itself, or with a job",
    "computetarget attach remote": "attach the machine by its resource id: `az ml compute attach --type VirtualMachine "
    "--name NAME --resource-id ID --admin-username USER --ssh-private-key-file FILE`",
    "computetarget": "use `az ml compute`",
    "workspace": "see `az ml workspace --help` of the extension ml",
    "model": "see `az ml model --help` of the extension ml",
    "environment": "see `az ml environment --help` of the extension ml",
    "datastore": "see `az ml datastore --help` of the extension ml",
    "dataset": "data assets: see `az ml data --help`",
    "run": "jobs: see `az ml job --help`",
    "pipeline": "pipelines are jobs (`az ml job`), published ones batch endpoints (`az ml batch-endpoint`)",
}
#: Groups of commands, and commands, that only v1 has.
_ONLY_V1 = frozenset(["computetarget", "folder", "run", "pipeline", "service", "experiment", "dataset"])
_ONLY_V1_COMMANDS = frozenset(
    ["model register", "model deploy", "model package", "model profile", "environment register",
     "environment scaffold", "environment download", "datastore show-default", "datastore attach-blob",
     "datastore attach-adls", "datastore attach-file", "datastore upload", "datastore download", "datastore detach",
     "workspace share"]
)  # fmt: skip
#: Commands that need options: without any these stand elsewhere, in a variable of a pipeline.
_NAMED = frozenset(
    {
        "model register",
        *(command for command in _SAME if re.match(r"computetarget (create|attach|delete|detach)", command)),
    }
)
#: Command that both have -> an option that only v2 has.
_V2_ONLY = {
    "workspace create": "--file",
    "model package": "--file",
    "model show": "--version",
    "model download": "--version",
}
_TOKEN = re.compile(r"""(?:\$\([^)]*\)|\$\{\{[^}]*\}\}|[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")

_NESTED = re.compile(r"\$\([^)]*\)")


def convert(call: str, *, v1_cli: bool, context: Context | None = None, quote: str = "") -> Call | None:
    """What becomes of ``az ml …`` or ``az extension …``; None when it is no call of v1's extension. ``v1_cli``: the
    file installs that extension, so that all of its ``az ml`` are v1's. ``quote``: the one that the call stands in."""
    context = context or Context()
    found = _convert(call, context, v1_cli=v1_cli)
    text = found.text if found is not None and found.text is not None else ""
    nested = [part for part in _NESTED.findall(text) if part not in call]
    if found is None or not ((quote and quote in text and quote not in call) or (nested and not context.nested)):
        return found
    return Call(found.symbol, Status.MANUAL, f"use `{text}`, which does not fit in here as it is")


def _convert(call: str, context: Context, *, v1_cli: bool) -> Call | None:
    words = [match[0] for match in _TOKEN.finditer(call.replace("\\\n", "  "))]
    if words[:2] == ["az", "extension"]:
        return _extension(call)
    path: list[str] = []
    for word in words[2:]:
        if word.startswith("-") or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        path.append(word)
    command = next(
        (" ".join(path[:count]) for count in (3, 2, 1) if " ".join(path[:count]) in {**_SAME, **_MANUAL}), ""
    )
    if not command or not path:
        return None
    if not (v1_cli or path[0] in _ONLY_V1 or " ".join(path[:2]) in _ONLY_V1_COMMANDS):
        return None
    symbol = f"az ml {' '.join(path[:3]) if command in _SAME else command}"
    if _V2_ONLY.get(command) in words:
        return None  # v2 already: v1 knows no such option
    if path[:2] == ["workspace", "share"]:
        text = _shared_role(words[4:])
        if text is not None:
            return Call("az ml workspace share", Status.CONVERTED, "now `az role assignment create`", text)
    arguments = words[2 + len(command.split()) :]
    if command in _OWN and (own := _OWN[command](arguments, context)) is not None:
        return own
    if command in _NAMED and not arguments:
        return Call(symbol, Status.MANUAL, f"use `az {_SAME[command].command}`, and mend its options where they stand")
    if command in _SAME:
        text = _attached(arguments) if command == "folder attach" else _renamed(_SAME[command], arguments, context)
        if text is not None:
            review = together([_SAME[command].review, _assumed(arguments), _ANSWERED if " > " in text else ""])
            status = Status.REVIEW if review else Status.CONVERTED
            return Call(symbol, status, review or f"now `{text.split(' -')[0]}`", text)
        return Call(symbol, Status.MANUAL, f"use `az {_SAME[command].command}`: an option has no twin there")
    told = _datastore(arguments) if command == "datastore attach-blob" else ""
    return Call(symbol, Status.MANUAL, told or _MANUAL[command])


def _datastore(arguments: list[str]) -> str:
    """The YAML of a datastore, without its secrets; "" where the options are others."""
    names = {
        "-n": "name", "--name": "name", "-a": "account_name", "--account-name": "account_name",
        "-c": "container_name", "--container-name": "container_name",
        "-k": "account_key", "--account-key": "account_key", "--sas-token": "sas_token",
    }  # fmt: skip
    said = {names[option]: value for option, value in _pairs(arguments) if option in names and value is not None}
    if not {"name", "account_name", "container_name"} <= set(said):
        return ""
    secret = next((key for key in ("account_key", "sas_token") if key in said), "")
    lines = ["type: azure_blob", *(f"{key}: {said[key]}" for key in ("name", "account_name", "container_name"))]
    lines += [f"credentials: {{{secret}: ...}}"] if secret else []
    return f"write datastore.yml ({', '.join(lines)}) and create it with `az ml datastore create --file datastore.yml`"


#: Options of ``az ml model deploy`` -> what the parts of the deployment call them; "": it goes.
_DEPLOY = {
    "-n": "name", "--name": "name", "-m": "model", "--model": "model",
    "--dc": "file", "--deploy-config-file": "file", "--ic": "", "--inference-config-file": "",
    "--deploy-config": "file", "--deployment-config": "file", "--inference-config": "",
    "-f": "metadata", "--model-metadata-file": "metadata", "-e": "environment", "--environment-name": "environment",
    "--overwrite": "", "-v": "", "--compute-target": "", "--ct": "", "--compute-type": "",
}  # fmt: skip
_QUOTES = "'\""
_DEPLOYED = (
    "endpoint and deployment are created, the deployment from the file that is written beside its configuration; "
    "where they may be there already, call `az ml online-deployment update` with the same options"
)


def _deployed(arguments: list[str], context: Context) -> Call | None:
    """``az ml model deploy`` of one model with a deployment configuration that is written anew."""
    parts: dict[str, str] = {}
    shared: list[str] = []
    for option, value in _pairs(arguments):
        target = _DEPLOY.get(option)
        if target is None and _SHARED.get(option) and value is not None:
            shared += [str(_SHARED[option]), value]
        elif target is None or target in parts or (target and value is None):
            return None
        elif target and value is not None:
            parts[target] = value
    file = parts.get("file", "").strip(_QUOTES)
    if parts.get("metadata") in context.written and "model" not in parts:
        parts["model"] = '"$(jq -r .name {0}):$(jq -r .version {0})"'.format(parts.pop("metadata"))
    if set(parts) - {"environment"} != {"name", "model", "file"} or not deployment_yaml.is_written(file, context.roots):
        return None
    common = " ".join(["", *shared])
    model, quote = parts["model"], parts["model"][0] if parts["model"][0] in "'\"" else ""
    asset = f"{quote}azureml:{model.strip(quote) if quote else model}{quote}"
    used = f" environment=azureml:{parts['environment']}@latest" if "environment" in parts else ""
    text = (
        f"az ml online-endpoint create --name {parts['name']}{common} && "
        f"az ml online-deployment create --name {DEPLOYMENT} --endpoint-name {parts['name']} "
        f"--file {deployment_yaml.written_name(file)} --set model={asset}{used} "
        f"--all-traffic{common}"
    )
    return Call("az ml model deploy", Status.REVIEW, _DEPLOYED, text)


_JOB = "the job has the environment and the compute of the run configuration's YAML; its answer calls the run name"
_ANSWERED = "what reads the file of the answer finds v2's fields there: name, version, id"
_MADE = "assumed that jq is installed, which reads the name of the job"


def _submitted(arguments: list[str], context: Context) -> Call | None:
    text = submitted(arguments, context)
    return Call("az ml run submit-script", Status.REVIEW, _JOB, text) if text is not None else None


def _registered(arguments: list[str], context: Context) -> Call | None:
    text = registered(arguments, context)
    return Call("az ml model register", Status.REVIEW, _MADE, text) if text is not None else None


def _called(arguments: list[str], context: Context) -> Call | None:
    """``az ml service run``: v2 takes a request from a file."""
    names = {**_NAME, **_SHARED, "-d": "data", "--input-data": "data"}
    found = {names[option]: value for option, value in _pairs(arguments) if option in names}
    data = found.pop("data", None)
    if len(found) + 1 != len(_pairs(arguments)) or not data or "--name" not in found or None in found:
        return None
    plain = data.strip(_QUOTES)
    file = plain[1:] if plain.startswith("@") else "request.json"
    found = {"--name": found.pop("--name"), "--request-file": file, **found}
    text = " ".join(["az ml online-endpoint invoke", *(f"{key} {value}" for key, value in found.items())])
    if not plain.startswith("@"):
        text = f"printf '%s' {data} > {file} && {text}"
    return Call("az ml service run", Status.REVIEW, "the answer is printed as a text in JSON", text)


#: Commands that several of v2, or a file, take the place of.
_OWN = {
    "run submit-script": _submitted,
    "model register": _registered,
    "model deploy": _deployed,
    "service run": _called,
}


def _extension(call: str) -> Call | None:
    if "azure-cli-ml" not in call:
        return None
    symbol, text = "az extension azure-cli-ml", re.sub(r"\bazure-cli-ml\b", "ml", call.rstrip())
    # Both extensions cannot be installed together: removing v1's before adding v2's stays right as it is.
    if re.search(r"\bextension\s+remove\b", call):
        return None
    return Call(symbol, Status.CONVERTED, "the extension of v2 is called ml", text)


def _attached(arguments: list[str]) -> str | None:
    """``az ml folder attach`` as defaults of the Azure CLI."""
    names = {"-w": "workspace", "--workspace-name": "workspace", "-g": "group", "--resource-group": "group"}
    found = []
    for option, value in _pairs(arguments):
        if option in ("-e", "--experiment-name", "--path", "--subscription-id"):
            continue
        if option not in names or value is None:
            return None
        found.append(f"{names[option]}={value}")
    return f"az configure --defaults {' '.join(found)}" if found else None


_VARIABLE = re.compile(r"\$[\w{(].*")


def _assumed(arguments: list[str]) -> str:
    """What to check of variables of the shell that hold options."""
    bare = [option for option, value in _pairs(arguments) if value is None and _VARIABLE.fullmatch(option)]
    return f"assumed that {bare[0]} holds nothing but workspace and resource group" if bare else ""


def _renamed(call: _Renamed, arguments: list[str], context: Context) -> str | None:
    words, output = [f"az {call.command}"], ""
    known = {**_SHARED, **call.options}
    for option, value in _pairs(arguments):
        if value is None and _VARIABLE.fullmatch(option):
            words.append(option)
            continue
        if option not in known:
            return None
        new = known[option]
        if new is None and option in _METADATA and value is not None:
            output = f" > {value}"
            context.written.add(value)
        if new == "--tier":
            value = _TIERS.get(value or "")
            if value is None:
                return None
        if new == _BOTH:
            parts = _split(value)
            if parts is None:
                return None
            words += ["--name", parts[0], "--version", parts[1]]
        elif new is not None and new.split()[0] not in call.command:
            if new == "--query" and value is not None and call.command.startswith("ml online-endpoint"):
                value = _asked(value)
            words += [new, *([value] if value is not None else [])]
    return " ".join(words) + output


def _split(value: str | None) -> tuple[str, str] | None:
    """Name and version of a model's id, also of a variable of the shell; None where that cannot be told."""
    text = (value or "").strip(_QUOTES)
    variable = re.fullmatch(r"\$\{?(\w+)\}?", text)
    if variable is not None:
        return f'"${{{variable[1]}%%:*}}"', f'"${{{variable[1]}##*:}}"'
    plain = re.fullmatch(r"([\w.-]+):(\d+)", text)
    return (plain[1], plain[2]) if plain is not None else None


#: What the answer about a web service calls something -> what that about an endpoint does.
_ANSWERS = {"scoringUri": "scoring_uri", "swaggerUri": "openapi_uri", "state": "provisioning_state"}


def _asked(query: str) -> str:
    """A query in the words of the answer about an endpoint."""
    return re.sub(r"\b(scoringUri|swaggerUri|state)\b", lambda match: _ANSWERS[match[0]], query)


def _shared_role(arguments: list[str]) -> str | None:
    """``az ml workspace share``: a role of the workspace is assigned as one of any resource."""
    names = {"-w": "w", "--workspace-name": "w", "-g": "g", "--resource-group": "g", "--user": "user", "--role": "role"}
    found: dict[str, str] = {}
    for option, value in _pairs(arguments):
        if option not in names or value is None:
            return None
        found[names[option]] = value
    if set(found) != {"w", "g", "user", "role"}:
        return None
    scope = f"az ml workspace show --name {found['w']} --resource-group {found['g']} --query id --output tsv"
    return f'az role assignment create --assignee {found["user"]} --role {found["role"]} --scope "$({scope})"'


def _pairs(arguments: list[str]) -> list[tuple[str, str | None]]:
    """Options with their values; a word without an option stands as an option."""
    found: list[tuple[str, str | None]] = []
    index = 0
    while index < len(arguments):
        option, sign, value = arguments[index].partition("=")
        if option.startswith("-") and sign:
            found.append((option, value))
        elif option.startswith("-") and index + 1 < len(arguments) and not arguments[index + 1].startswith("-"):
            found.append((option, arguments[index + 1]))
            index += 1
        else:
            found.append((arguments[index], None))
        index += 1
    return found
