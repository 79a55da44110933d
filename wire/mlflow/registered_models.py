"""MLflow's registered models: names of the workspace's models, with what only MLflow says of a name.

A name is there when SDK v1, SDK v2 or MLflow has registered a version under it, or when MLflow has created it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.schema import resource as table
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call
from amlbridge.wire.identity import USER_NAME
from amlbridge.wire.mlflow import model_versions
from amlbridge.wire.mlflow.api import MlflowRoutes, arguments, as_pairs, milliseconds, page, page_of, pairs, text, texts
from amlbridge.wire.mlflow.errors import NOT_IMPLEMENTED, MlflowError, exists, invalid
from amlbridge.wire.mlflow.filters import MODELS, parse
from amlbridge.wire.mlflow.matching import Subject, matches, sort
from amlbridge.wire.mlflow.model_names import KIND, Name, change, name_of
from amlbridge.wire.routing import REST, Reply

routes = MlflowRoutes("mlflow registry")

#: The rule of Azure's registry.
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_ALIAS = re.compile(r"[\w\-]{1,255}")
_PROMPT = "mlflow.prompt.is_prompt"
_NO_PROMPTS = "prompts are not kept in an Azure ML workspace: keep their text in your code or in a file"
_LARGEST_PAGE = 1000
#: In which order stages are shown.
_STAGES = model_versions.STAGES


def check_name(name: str) -> str:
    """A name that a model can have. Raises INVALID_PARAMETER_VALUE."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Invalid model name {name!r}: up to 255 letters, digits, '-', '.' and '_', a letter or digit first"
        )
    return name


def _names(call: Call) -> list[Name]:
    """Every name, with its versions."""
    own = {item.name: item for item in call.records.resources.list(call.workspace.id, KIND)}
    versions: dict[str, list[Resource]] = {name: [] for name in own}
    for item in registry.versions(call.service, call.workspace):
        versions.setdefault(item.name, []).append(item)
    return [Name(name, own.get(name), items) for name, items in versions.items()]


def _entity(call: Call, name: Name) -> dict[str, Any]:
    latest: dict[str, Resource] = {}
    for item in name.versions:
        latest[model_versions.stage_of(item)] = item
    found = {
        "name": name.name,
        "creation_timestamp": milliseconds(name.created),
        "last_updated_timestamp": milliseconds(name.modified),
        "user_id": USER_NAME,
        "latest_versions": [
            model_versions.entity(call, latest[stage], name.aliases) for stage in _STAGES if stage in latest
        ],
        "tags": as_pairs(name.tags),
        "aliases": [{"alias": alias, "version": version} for alias, version in name.aliases.items()],
    }
    return found if name.description is None else {**found, "description": name.description}


@routes.post("/registered-models/create")
def create_registered_model(call: Call) -> Reply:
    """A new name; one that SDK v1 or v2 has registered a model under is taken."""
    given = arguments(call)
    tags = pairs(given, "tags")
    if _PROMPT in tags:
        raise MlflowError(501, NOT_IMPLEMENTED, _NO_PROMPTS)
    body = {"tags": tags, "description": text(given, "description", None), "aliases": {}}
    with call.records.database.write():
        name = check_name(text(given, "name"))
        if any(item.name == name for item in _names(call)):
            raise exists(f"Registered Model (name={name}) already exists.")
        call.records.resources.add(call.workspace.id, KIND, name, body)
    return {"registered_model": _entity(call, name_of(call, name))}


@routes.get("/registered-models/get")
def get_registered_model(call: Call) -> Reply:
    """A name with its tags, aliases and the latest version of each stage."""
    return {"registered_model": _entity(call, name_of(call, text(arguments(call), "name")))}


@routes.post("/registered-models/rename")
def rename_registered_model(call: Call) -> Reply:
    """Gives all versions another name; numbers of the old name are not given again."""
    given = arguments(call)
    with call.records.database.write() as connection:
        old = name_of(call, text(given, "name"))
        new = check_name(text(given, "new_name"))
        if any(item.name == new for item in _names(call)):
            raise exists(f"Registered Model (name={new}) already exists.")
        change(call, old.name, lambda body: None)
        last = registry.next_number(call.service, call.workspace, old.name) - 1
        here = (table.c.workspace_id == call.workspace.id, table.c.name == old.name)
        connection.execute(update(table).where(*here, table.c.kind.in_((KIND, registry.KIND))).values(name=new))
        registry.keep_number(call.service, call.workspace, new, last)
    return {"registered_model": _entity(call, name_of(call, new))}


@routes.patch("/registered-models/update")
def update_registered_model(call: Call) -> Reply:
    """Sets the description of a name."""
    given = arguments(call)
    return _changed(call, lambda body: body.update(description=text(given, "description", None)))


def _changed(call: Call, apply: Callable[[dict[str, Any]], None]) -> Reply:
    name = text(arguments(call), "name")
    change(call, name, apply)
    return {"registered_model": _entity(call, name_of(call, name))}


@routes.delete("/registered-models/delete")
def delete_registered_model(call: Call) -> Reply:
    """Deletes a name with all its versions; their files stay, since other assets may refer to them."""
    with call.records.database.write():
        name = name_of(call, text(arguments(call), "name"))
        for item in name.versions:
            registry.delete(call.service, call.workspace, f"{item.name}:{item.version}")
        call.records.resources.delete(call.workspace.id, KIND, name.name)
    return {}


@routes.post("/registered-models/set-tag")
def set_registered_model_tag(call: Call) -> Reply:
    """Sets a tag of a name."""
    given = arguments(call)
    key, value = text(given, "key"), text(given, "value", "")
    change(call, text(given, "name"), lambda body: body["tags"].update({key: value}))
    return {}


@routes.delete("/registered-models/delete-tag")
def delete_registered_model_tag(call: Call) -> Reply:
    """Deletes a tag of a name; one that is not there is gone already, as MLflow has it."""
    given = arguments(call)
    change(call, text(given, "name"), lambda body: body["tags"].pop(text(given, "key"), None))
    return {}


@routes.post("/registered-models/alias")
def set_registered_model_alias(call: Call) -> Reply:
    """Points an alias to a version."""
    given = arguments(call)
    alias = text(given, "alias")
    if not _ALIAS.fullmatch(alias) or alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise invalid(
            f"Invalid alias name {alias!r}: letters, digits, '_' and '-', but neither 'latest' nor 'v' and a number"
        )
    with call.records.database.write():
        model = model_versions.version_of(call, text(given, "name"), text(given, "version"))
        change(call, model.name, lambda body: body["aliases"].update({alias: model.version}))
    return {}


@routes.delete("/registered-models/alias")
def delete_registered_model_alias(call: Call) -> Reply:
    """Deletes an alias; one that is not there is gone already."""
    given = arguments(call)
    change(call, text(given, "name"), lambda body: body["aliases"].pop(text(given, "alias"), None))
    return {}


@routes.get("/registered-models/alias")
def get_model_version_by_alias(call: Call) -> Reply:
    """The version that an alias points to."""
    given = arguments(call)
    name, alias = name_of(call, text(given, "name")), text(given, "alias")
    if alias not in name.aliases:
        # MLflow answers so, and not that there is none: its client tells the two apart.
        raise invalid(f"Registered model alias {alias} not found.")
    model = model_versions.version_of(call, name.name, name.aliases[alias])
    return {"model_version": model_versions.entity(call, model, name.aliases)}


def _latest(call: Call) -> Reply:
    given = arguments(call)
    name = name_of(call, text(given, "name"))
    wanted = [model_versions.check_stage(item) for item in texts(given, "stages")] or list(_STAGES)
    latest = {model_versions.stage_of(item): item for item in name.versions}
    found = [latest[stage] for stage in _STAGES if stage in latest and stage in wanted]
    return {"model_versions": [model_versions.entity(call, item, name.aliases) for item in found]}


@routes.post("/registered-models/get-latest-versions")
def get_latest_versions(call: Call) -> Reply:
    """The latest version of each stage."""
    return _latest(call)


@routes.operation("GET", "/registered-models/get-latest-versions", others=REST)
def get_latest_versions_by_query(call: Call) -> Reply:
    """The latest version of each stage; the fields are in the query."""
    return _latest(call)


@routes.get("/registered-models/search")
def search_registered_models(call: Call) -> Reply:
    """Names by filter (name, tags) and order, in pages."""
    given = arguments(call)
    size, offset = page_of(given, 100, _LARGEST_PAGE)
    clauses = parse(text(given, "filter", ""), MODELS)
    subjects = []
    for name in _names(call):
        times = {
            "creation_timestamp": milliseconds(name.created),
            "last_updated_timestamp": milliseconds(name.modified),
        }
        subject = Subject(name, {"name": name.name, **times}, tags=name.tags)
        if matches(subject, clauses):
            subjects.append(subject)
    ordered = sort(subjects, [*texts(given, "order_by"), "name ASC"], MODELS)
    found = [_entity(call, item.entity) for item in ordered[offset : offset + size + 1]]
    return page("registered_models", found, size, offset)
