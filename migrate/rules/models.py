"""Registered models: ``Model`` becomes the v2 entity ``Model`` and calls of ``ml_client.models``.

A model of v1 is registered with the type ``custom_model``. Versions are texts in v2: where the code orders or counts
them they are made numbers. A model that is deleted in v1 is archived in v2. The output of a run is named by its
address, ``azureml://jobs/{name}/outputs/artifacts/paths/...``, instead of being registered by the run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import takewhile

from amlbridge.migrate.analysis.literals import is_false, is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.models.code.caught import key_errors
from amlbridge.migrate.models.datasets import version_numbers
from amlbridge.migrate.models.runs.artifacts import known_text, stored_path, stored_text
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import by_name
from amlbridge.migrate.rules.run_metrics import loop_names

rule = Rule(
    "models",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.model import Model

ws = Workspace.from_config()
model = Model.register(ws, model_path="outputs/model.pkl", model_name="ridge", tags={"a": "b"})
print(model.name, model.version)
latest = Model(ws, name="ridge")
latest.download(target_dir="models", exist_ok=True)
""",
            """\
import os
import shutil
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
model = ml_client.models.create_or_update(
    Model(
        path="outputs/model.pkl",
        name="ridge",
        type=AssetTypes.CUSTOM_MODEL,
        tags={"a": "b"},
    )
)
print(model.name, model.version)
latest = ml_client.models.get("ridge", label="latest")
ml_client.models.download(
    name=latest.name, version=latest.version, download_path="models"
)
shutil.copytree(os.path.join("models", latest.name), "models", dirs_exist_ok=True)
""",
        ),
        Case(
            """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
run = Experiment(ws, "train").submit(job)
model = run.register_model(model_name="ridge", model_path="outputs/model.pkl")
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.create_or_update(job, experiment_name="train")
model = ml_client.models.create_or_update(
    Model(
        path=f"azureml://jobs/{run.name}/outputs/artifacts/paths/outputs/model.pkl",
        name="ridge",
        type=AssetTypes.CUSTOM_MODEL,
    )
)
""",
            "From the files of a run",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.core.model import Model

ws = Workspace.from_config()
tested = Model(ws, name="ridge", tags=[["stage", "tested"]])
tested.add_tags({"stage": "production"})
tested.update(description="the one in use")
for model in Model.list(ws, name="ridge"):
    print(model.name, model.tags, model.description)
old = Model(ws, name="ridge", version=1)
old.delete()
print("ridge" in ws.models)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
tested = max(
    (
        model
        for model in ml_client.models.list(name="ridge")
        if model.tags.get("stage") == "tested"
    ),
    key=lambda model: int(model.version),
)
tested.tags.update({"stage": "production"})
ml_client.models.create_or_update(tested)
tested.description = "the one in use"
ml_client.models.create_or_update(tested)
for model in list(ml_client.models.list(name="ridge")):
    print(model.name, model.tags, model.description)
old = ml_client.models.get("ridge", version="1")
ml_client.models.archive(name=old.name, version=old.version)
print("ridge" in [each_model.name for each_model in ml_client.models.list()])
""",
            "Found, changed and deleted",
        ),
    ],
)

#: Arguments that v2 has no place for, and what is told of them.
_DROPPED = {
    "datasets": "the datasets that a model was trained on are not recorded: put them into tags",
    "model_framework": "frameworks are not recorded: log the model with MLflow to keep its flavor, or use tags",
    "model_framework_version": "",
    "child_paths": "only the path itself is registered",
    "sample_input_dataset": "samples are not recorded: give an MLflow model a signature and an input example",
    "sample_output_dataset": "",
    "resource_configuration": "resources are set on the deployment",
}
#: Positions of Model.register's parameters.
_REGISTER = ("workspace", "model_path", "model_name", "tags", "properties", "description")


def entity(use: Use, to: Rewriter, path: str, name: ast.expr) -> tuple[str, str]:
    """Code that registers a model, without the client before it, and what to check."""
    model = to.need("azure.ai.ml.entities", "Model")
    kind = f"{to.need('azure.ai.ml.constants', 'AssetTypes')}.CUSTOM_MODEL"
    parts = [f"path={path}", f"name={to.source(name)}", f"type={kind}"]
    is_register = use.symbol == "Model.register"
    for key in ("description", "tags", "properties"):
        value = use.passed(key, position=_REGISTER.index(key) if is_register else None)
        if value is not None:
            parts.append(f"{key}={to.source(value)}")
    lost = [text for key, text in _DROPPED.items() if text and use.argument(key) is not None]
    return f"models.create_or_update({model}({', '.join(parts)}))", together(lost)


@rule.converts("Model.register")
def register(use: Use, to: Rewriter) -> Outcome:
    """Registers files; called on a model it registers what that was made of."""
    path, name = use.argument("model_path", position=1), use.argument("model_name", position=2)
    if path is None or name is None:
        return Leave("name the path and the model: ml_client.models.create_or_update(Model(path=..., name=...))")
    code, review = entity(use, to, to.source(path), name)
    return Replace(f"{to.client(use.node, use.argument('workspace', position=0))}.{code}", review)


@rule.converts("Run.register_model")
def register_from_run(use: Use, to: Rewriter) -> Outcome:
    """Registers files of a run, which are among its artifacts."""
    name = use.argument("model_name", position=0)
    if name is None or use.receiver is None:
        return Leave("a name is needed")
    path = use.argument("model_path", position=1)
    code, review = entity(use, to, _artifact(to, use.receiver, path if path is not None else name), name)
    return Replace(f"{to.client(use.node)}.{code}", review)


def _artifact(to: Rewriter, run: ast.expr, path: ast.expr) -> str:
    """Code for the address of a run's file."""
    start = f"azureml://jobs/{{{to.source(run)}.name}}/outputs/artifacts/paths/"
    text = known_text(path, to)
    if text is not None and (isinstance(path, ast.Constant) or stored_text(text) != text):
        plain = stored_text(text)
        if not set(plain) & set("{}\\\"'\n"):
            return f'f"{start}{plain}"'
    code = stored_path(path, to)
    if '"' in code:
        code = code.replace('"', "'") if "'" not in code else code
    if '"' in code or "\n" in code:
        return f'f"{start}" + str({stored_path(path, to)})'
    return f'f"{start}{{{code}}}"'


# Found again --------------------------------------------------------------------------------------------------------


@rule.converts("Model")
def find(use: Use, to: Rewriter) -> Outcome:
    """A model by name and version, or by its id "name:version"."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Model"))
    client = to.client(use.node, use.argument("workspace", position=0))
    name, version = use.argument("name", position=1), use.argument("version", position=5)
    model_id = use.argument("id", position=2)
    if model_id is not None:
        which, _colon, number = (to.evaluator.text(model_id) or "").partition(":")
        code = f'"{which}", version="{number}"' if number else f"*{to.source(model_id)}.split(':')"
        return Replace(f"{client}.models.get({code})", "" if name is None else "by its id")
    if name is None:
        return Leave("a name is needed")
    if use.argument("run_id", position=6) is not None or use.argument("model_framework") is not None:
        return Leave("models are found by name and version: choose among ml_client.models.list(name=...)")
    wanted = matching(
        "model",
        (("tags", use.argument("tags", position=3)), ("properties", use.argument("properties", position=4))),
        to,
    )
    if wanted:
        if version is not None and not is_none(version):
            asked = to.source(version)
            same = f"model.version == {_text(version, to)}"
            wanted.append(same if isinstance(version, ast.Constant) else f"({asked} is None or {same})")
        chosen = f"(model for model in {client}.models.list(name={to.source(name)}) if {' and '.join(wanted)})"
        return Replace(f"max({chosen}, key=lambda model: int(model.version))", NEWEST)
    return Replace(f"{client}.models.get({to.source(name)}, {version_numbers.asked_for(version, to)})")


def _text(version: ast.expr, to: Rewriter) -> str:
    """Code of a version, which was a number, as the text that it is in SDK v2."""
    return f'"{version.value!s}"' if isinstance(version, ast.Constant) else f"str({to.source(version)})"


NEWEST = "the newest is the one with the highest number of version"


def matching(name: str, filters: Iterable[tuple[str, ast.expr | None]], to: Rewriter) -> list[str]:
    """Conditions for v1's filters of tags and properties: lists of keys, and of pairs of key and value."""
    found = []
    for member, node in filters:
        if node is None or is_none(node):
            continue
        owner = f"{name}.{member}"
        elements: list[ast.expr | None] = [node]
        if isinstance(node, (ast.List, ast.Dict)):  # of a dict, SDK v1 takes the keys
            elements = [*node.elts] if isinstance(node, ast.List) else node.keys
        pairs = [e.elts for e in elements if isinstance(e, (ast.List, ast.Tuple)) and len(e.elts) == 2]
        keys = [e for e in elements if isinstance(e, ast.Constant)]
        if len(pairs) + len(keys) == len(elements):
            found += [f"{owner}.get({to.source(key)}) == {to.source(value)}" for key, value in pairs]
            found += [f"{to.source(key)} in {owner}" for key in keys]
        else:
            each = f"tag in {owner} if isinstance(tag, str) else {owner}.get(tag[0]) == tag[1]"
            found.append(f"all({each} for tag in {to.source(node)} or [])")
    return found


@rule.converts("Model.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All versions of a model, or all models."""
    client = to.client(use.node, use.argument("workspace", position=0))
    name, run_id = use.argument("name", position=1), use.argument("run_id")
    wanted = matching(
        "model", ((key, use.argument(key, position=at)) for key, at in (("tags", 2), ("properties", 3))), to
    )
    latest = use.argument("latest")
    newest = not is_false(latest)
    if name is not None and (wanted or newest):
        if run_id is not None:
            wanted.append(f"model.job_name == {to.source(run_id)}")
        found = f"{client}.models.list(name={to.source(name)})"
        chosen = f"[model for model in {found} if {' and '.join(wanted)}]" if wanted else found
        return Replace(f"sorted({chosen}, key=lambda model: int(model.version))[-1:]" if newest else chosen, NEWEST)
    if wanted:
        versions = (
            f'{client}.models.get(named.name, label="latest") for named in {client}.models.list()'
            if newest
            else f"version for named in {client}.models.list() for version in {client}.models.list(name=named.name)"
        )
        review = "every model of the workspace is asked for its versions: give the name where it is known"
        return Replace(f"[model for model in ({versions}) if {' and '.join(wanted)}]", review)
    if name is not None and run_id is not None:
        found = f"{client}.models.list(name={to.source(name)})"
        return Replace(f"[model for model in {found} if model.job_name == {to.source(run_id)}]")
    if name is not None:
        return Replace(f"list({client}.models.list(name={to.source(name)}))")
    if newest:
        return Replace(f'[{client}.models.get(named.name, label="latest") for named in {client}.models.list()]')
    # Without a name, SDK v2 lists models, which have neither version nor tags.
    of_run = f" if model.job_name == {to.source(run_id)}" if run_id is not None else ""
    versions = f"for named in {client}.models.list() for model in {client}.models.list(name=named.name)"
    return Replace(f"[model {versions}{of_run}]")


@rule.converts("Workspace.models[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """The latest version of a model of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to, of_assets=True)
    return Replace(f'{to.client(use.node, use.receiver)}.models.get({to.source(use.node.slice)}, label="latest")')


@rule.converts("Workspace.models")
def of_workspace(use: Use, to: Rewriter) -> Outcome:
    """The latest version of each model, by name."""
    client = to.client(use.node, use.receiver)
    names = by_name(use, to, f"{client}.models.list()", "model")
    if not names.startswith("{"):
        return Replace(names)
    latest = f'{client}.models.get(model.name, label="latest")'
    return Replace(f"{{model.name: {latest} for model in {client}.models.list()}}")


# Members ------------------------------------------------------------------------------------------------------------

_SAME = ("name", "description", "tags", "properties")
_READ = {
    "created_time": "creation_context.created_at",
    "created_by": "creation_context.created_by",
    "run_id": "job_name",
    "url": "path",
    "asset_id": "id",
}
_REVIEWED = {
    "url": "the address of the files, azureml://...",
    "asset_id": "the ARM id of the model",
}


@rule.converts(*(f"Model.{name}" for name in (*_SAME, *_READ)))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute of the model."""
    assert use.receiver is not None
    name = use.symbol.rsplit(".", 1)[1]
    return Replace(f"{to.source(use.receiver)}.{_READ.get(name, name)}", _REVIEWED.get(name, ""))


@rule.converts("Model.experiment_name")
def experiment(use: Use, to: Rewriter) -> Outcome:
    """The experiment of the job that made the model; None for a model that no job made, as in SDK v1."""
    model = _named(use, to)
    code = f"{to.client(use.node)}.jobs.get({model}.job_name).experiment_name if {model}.job_name else None"
    around = use.evaluator.scopes.parents.get(use.node)
    whole = isinstance(around, (ast.FormattedValue, ast.Assign, ast.Return, ast.Call))
    return Replace(code if whole else f"({code})")


@rule.converts("Model.version")
def version(use: Use, to: Rewriter) -> Outcome:
    """The version, which is a text now: a number again where the code counts or compares."""
    assert use.receiver is not None
    return Replace(version_numbers.code(use, to))


@rule.converts("Model.version=")
def set_version(use: Use, to: Rewriter) -> Outcome:
    """The object of SDK v2 takes it as well; it is a text there."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.version", "versions are texts in SDK v2")


@rule.converts("Model.id")
def identity(use: Use, to: Rewriter) -> Outcome:
    """What SDK v1 called the id of a model: its name and version. That of SDK v2 is an address of Azure."""
    model = _named(use, to)
    return Replace(f'f"{{{model}.name}}:{{{model}.version}}"')


_BELOW = "the files are below a folder of the model's name"
_COPIED = f"{_BELOW}; they are copied to where SDK v1 had them: read them there, and the copy is not needed"


@rule.converts("Model.download")
def download(use: Use, to: Rewriter) -> Outcome:
    """Downloads the files, into a folder that is named as the model; what is downloaded keeps its name there. Where no
    code takes its path, it is read by the one that SDK v1 gave it."""
    model, target = _named(use, to), use.argument("target_dir", position=0)
    if target is not None and to.evaluator.text(target) == "":
        target = None  # the current folder, as without it
    where = f", download_path={to.source(target)}" if target is not None else ""
    code = f"{to.client(use.node)}.models.download(name={model}.name, version={model}.version{where})"
    if use.is_statement:
        folder = to.source(target) if target is not None else '"."'
        below = f"{to.need_module('os')}.path.join({folder}, {model}.name)" if target is not None else f"{model}.name"
        copy = f"{to.need_module('shutil')}.copytree({below}, {folder}, dirs_exist_ok=True)"
        return Statements(f"{code}\n{copy}", _COPIED)
    if _is_repeated(use, to):
        return Replace(code, f"it returns nothing: {_BELOW}")
    to.before(use.statement, code)
    os = to.need_module("os")
    above = f"{to.source(target)}, " if target is not None else ""
    return Replace(f"{os}.path.join({above}{model}.name, {os}.path.basename({model}.path))", _BELOW)


def _named(use: Use, to: Rewriter) -> str:
    """Code for the model of a use that may stand in several places."""
    assert use.receiver is not None
    model = to.source(use.receiver)
    if isinstance(use.receiver, (ast.Name, ast.Attribute, ast.Subscript)) or _is_repeated(use, to):
        return model
    variable = to.fresh("model")
    to.before(use.statement, f"{variable} = {model}")
    return variable


def _is_repeated(use: Use, to: Rewriter) -> bool:
    """Whether a use is evaluated several times in its statement, so that nothing of it can go above that."""
    inner = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    around = takewhile(lambda node: node is not use.statement, to.evaluator.scopes.ancestors(use.node))
    return isinstance(use.statement, ast.While) or any(isinstance(node, inner) for node in around)


@rule.converts("Model.delete")
def delete(use: Use, to: Rewriter) -> Outcome:
    """Models are archived in v2; an archived one is not listed any more."""
    assert use.receiver is not None
    model = to.source(use.receiver)
    review = "models are archived, not deleted"
    return Replace(f"{to.client(use.node)}.models.archive(name={model}.name, version={model}.version)", review)


@rule.converts("Model.add_tags", "Model.add_properties", "Model.update")
def change(use: Use, to: Rewriter) -> Outcome:
    """Changes tags and properties: the entity is changed and saved."""
    assert use.receiver is not None
    if not isinstance(use.statement, ast.Expr):
        return Leave("change the entity and save it with ml_client.models.create_or_update(model)")
    model, member = to.source(use.receiver), use.symbol.rsplit(".", 1)[1]
    lines = []
    for key in ("tags", "properties", "description"):
        value = use.argument(key, position=0 if member == f"add_{key}" else None)
        if value is None:
            continue
        text = to.source(value)
        changed = key != "description" and member != "update"
        lines.append(f"{model}.{key}.update({text})" if changed else f"{model}.{key} = {text}")
    if not lines:
        return Leave("change the entity and save it with ml_client.models.create_or_update(model)")
    return Statements("\n".join([*lines, f"{to.client(use.node)}.models.create_or_update({model})"]))


@rule.converts("Model.remove_tags")
def remove_tags(use: Use, to: Rewriter) -> Outcome:
    """Removes tags: the entity is changed and saved."""
    tags = use.argument("tags", position=0)
    if tags is None or use.receiver is None or not use.is_statement:
        return Leave("change the entity and save it with ml_client.models.create_or_update(model)")
    model, (key,) = to.source(use.receiver), loop_names(use, to, "key")
    saved = f"{to.client(use.node)}.models.create_or_update({model})"
    return Statements(f"for {key} in {to.source(tags)}:\n    {model}.tags.pop({key}, None)\n{saved}")


#: What a serialized model of SDK v1 and the entity of SDK v2 both tell.
_TOLD = ("id", "name", "version", "description", "tags", "properties")


@rule.converts("Model.serialize")
def serialize(use: Use, to: Rewriter) -> Outcome:
    """A dict of what the model tells."""
    if use.receiver is None or not isinstance(use.receiver, (ast.Name, ast.Attribute)):
        return Leave("give the model a name: its facts are attributes, not a dict")
    model = to.source(use.receiver)
    facts = ", ".join(f'"{key}": {model}.{key}' for key in _TOLD)
    return Replace(f"{{{facts}}}", "the entity of SDK v2 tells no framework, and its times are in creation_context")


@rule.converts("Model.add_dataset_references", "Model.get_sas_urls")
def no_twin(use: Use, to: Rewriter) -> Outcome:
    """What v2 models cannot do."""
    return Leave("models of SDK v2 have no such call: use tags, or the files at model.path", Status.NO_EQUIVALENT)


@rule.converts("Model.profile", "Model.print_configuration")
def profile(use: Use, to: Rewriter) -> Outcome:
    """Models are not tried out before they are deployed."""
    return Leave("SDK v2 does not profile models: load-test the deployment of a managed endpoint", Status.NO_EQUIVALENT)
