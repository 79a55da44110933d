"""The models that two runs have registered: names, tags and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from amlbridge.compare.files.compare import compare_paths
from amlbridge.compare.files.walk import Walk
from amlbridge.compare.place import Place
from amlbridge.compare.recorded import MODEL, Recorded
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, Verdict, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.engine.records.resources import Resource


def compare(left: Recorded, right: Recorded, references: References, rules: Rules) -> Iterator[Check]:
    """The models of two runs. Of several versions the last one counts."""
    ours, theirs = ({model.name: model for model in side.models()} for side in (left, right))
    return compare_models(ours, theirs, (left.place, right.place), references, rules)


def since(place: Place, moment: float) -> list[Resource]:
    """The models that were registered at this moment (seconds since the epoch) or later."""
    return [model for model in place.records.resources.list(place.workspace.id, MODEL) if model.created >= moment]


def compare_models(
    ours: Mapping[str, Resource],
    theirs: Mapping[str, Resource],
    places: tuple[Place, Place],
    references: References,
    rules: Rules,
) -> Iterator[Check]:
    """One check for each name, and one for each file."""
    for name in sorted({*ours, *theirs}):
        subject = f"model {name}"
        if name not in ours or name not in theirs:
            side = "left" if name not in ours else "right"
            shown = [f"{name}:{found[name].version}" if name in found else "(missing)" for found in (ours, theirs)]
            yield different("assets", subject, f"not registered on the {side}", *shown)
            continue
        yield _labels(ours[name], theirs[name], subject, rules, references)
        paths = places[0].model_path(ours[name]), places[1].model_path(theirs[name])
        if paths[0] is None or paths[1] is None:
            yield not_compared("assets", f"{subject}: files", "its files are not in the state folder")
        else:
            code = {*_code(paths[0]), *_code(paths[1])}
            yield from compare_paths(paths[0], paths[1], subject, rules, references, "assets", left_out=code)


def _code(model: Path) -> Iterator[str]:
    """The modules of the project that an MLflow model has with it: what code does is compared, not the code."""
    if (model / "MLmodel").is_file():
        yield from (path.relative_to(model).as_posix() for path in (model / "code").rglob("*.py"))


def _labels(left: Resource, right: Resource, subject: str, rules: Rules, references: References) -> Check:
    walk = Walk(rules, references)
    walk.values(_told(left), _told(right), subject)
    if not walk.count:
        return Check("assets", subject)
    return Check(
        "assets", subject, Verdict.DIFFERENT, "not registered alike", tuple(walk.kept), walk.count, walk.spread
    )


def _told(model: Resource) -> dict[str, object]:
    """What the user says of a model, in whatever form its client has sent it."""
    tags = model.body.get("kvTags") or model.body.get("tags") or {}
    if isinstance(tags, list):
        tags = {item["key"]: item["value"] for item in tags if isinstance(item, dict) and "key" in item}
    return {"tags": tags, "description": model.body.get("description") or ""}
