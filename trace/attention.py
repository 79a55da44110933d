"""What of a Plan SDK v2 has no place for, in sentences for the reader."""

from __future__ import annotations

from amlbridge.engine.plan import Node, Plan

#: Options of a node that are written elsewhere, or that only say how SDK v1 names the kind of step.
_WRITTEN = frozenset({"automl", "sweep", "parallel", "step_type", "backend", "settings", "resources"})
_SENTENCES = {
    "docker": "settings of its container ({value}) are not carried over",
    "history": "settings of its run history ({value}) have no equal in SDK v2",
    "dockerfile": "its image is built from a Dockerfile: write a build context into its environment.yml",
    "build_context": "its image is built from the context {value}: write it into its environment.yml as build.path",
    "image_registry": "its image lies in the registry {value}: write the full name of the image",
    "base_conda_environment": "it extends the conda environment {value} of its image, which SDK v2 cannot",
    "priority": "its priority ({value}) is to be set in the queue settings of the job",
    "bound_settings": "pipeline parameters set fields of its run ({value}): SDK v2 fixes them in the pipeline",
    "outputs": "outputs are taken from paths or by patterns ({value}): let the script write to the path of its output",
    "force": "it alone is to run again each time: SDK v2 has that for the whole pipeline only",
}


def of_plan(plan: Plan) -> list[str]:
    """What the settings of the whole pipeline cannot say."""
    found = []
    if plan.settings.timeout is not None:
        found.append(f"The timeout of the whole pipeline ({plan.settings.timeout:g} s) has no equal in SDK v2.")
    return found


def of_node(node: Node) -> list[str]:
    """What a step cannot say."""
    found = [
        _SENTENCES.get(name, f"the setting {name!r} ({{value}}) is not carried over").format(value=value)
        for name, value in sorted(node.options.items())
        if name not in _WRITTEN
    ]
    files = [name for name, item in node.outputs.items() if item.type == "any" and not item.training]
    if files:
        names = ", ".join(map(repr, files))
        found.append(
            f"SDK v1 does not say whether {names} is a file or a folder: a folder is declared. Declare a uri_file "
            "where the script opens the path itself for writing"
        )
    found += [
        f"its input {name!r} wants the path {item.path_on_compute!r}, which SDK v2 cannot: take it from the argument"
        for name, item in node.inputs.items()
        if item.path_on_compute
    ]
    if node.retries:
        found.append(f"its {node.retries} retries have no equal in SDK v2")
    if not (node.resources.compute) and node.kind == "unsupported":
        found.append("it names no compute")
    return [f"Step {node.name!r}: {text}." for text in found]
