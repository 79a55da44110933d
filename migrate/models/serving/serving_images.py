"""The environment of a deployment, of what a configuration of SDK v1 says about the image of a service.

Additional Docker steps (``docker_file`` of an image's configuration, ``extra_docker_file_steps`` of InferenceConfig)
were a file with a part of a Dockerfile, which ran before the conda packages were installed. An environment of SDK v2
has a whole Dockerfile: it is put together of the same files where the program runs. A Dockerfile installs its packages
itself, in the folder that ``AZUREML_CONDA_ENVIRONMENT_PATH`` names, as those of Microsoft's own images do.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.path_objects import text_of
from amlbridge.migrate.models.datasets.paths import joined_parts, path_inside
from amlbridge.migrate.models.environments.environment import IMAGE
from amlbridge.migrate.models.jobs.settings import variables_of
from amlbridge.migrate.rewriter import Rewriter

#: The folder with the Dockerfile, and where the image has its packages.
FOLDER = "serving_image"
_PACKAGES = "/azureml-envs/serving"
#: What follows the additional steps when there is a conda file.
_INSTALL = (
    f"ENV AZUREML_CONDA_ENVIRONMENT_PATH={_PACKAGES}",
    "COPY conda.yml .",
    f"RUN conda env create -p {_PACKAGES} -f conda.yml",
    f"ENV PATH={_PACKAGES}/bin:$PATH",
)
_REVIEW = (
    f'the Dockerfile in "{FOLDER}" has the additional steps between the image and the conda packages: '
    "build it once to see that they fit that image"
)


@dataclass(frozen=True)
class Serving:
    """What a deployment gets for its scripts and packages. ``lines``: statements above it; ``arguments``: of the
    deployment."""

    lines: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    review: str = ""


def serving(node: ast.expr | None, config: Use | None, to: Rewriter, scripts: str = "") -> Serving:
    """Environment and code of a configuration; ``config``: the use that made it, where that is known; ``scripts``: its
    code, where that is not what ``node`` becomes. Raises ValueError for additional Docker steps beside an
    environment."""
    if node is None:
        return Serving()
    code = f"code_configuration={scripts or to.source(node)}"
    if config is None:
        return Serving(arguments=(code,))
    environment, image = config.argument("environment"), config.argument("base_image")
    conda, steps = config.argument("conda_file", position=2), _steps(config)
    if steps is not None:
        if environment is not None:
            raise ValueError("add the Docker steps to the Dockerfile of the environment: BuildContext(path=...)")
        context = to.need("azure.ai.ml.entities", "BuildContext")
        made = f'environment={to.need("azure.ai.ml.entities", "Environment")}(build={context}(path="{FOLDER}"))'
        return Serving(_dockerfile(config, steps, conda, image, to), (made, code), _REVIEW)
    if environment is not None:
        variables = variables_of(environment, to)
        more = [f"environment_variables={variables}"] if variables else []
        return Serving(arguments=(f"environment={to.source(environment)}", *more, code))
    if conda is None and image is None:
        return Serving(arguments=(code,))
    parts = f"image={to.source(image) if image is not None else IMAGE}"
    parts += f", conda_file={_inside(conda, config, to)}" if conda is not None else ""
    return Serving(arguments=(f"environment={to.need('azure.ai.ml.entities', 'Environment')}({parts})", code))


def _steps(config: Use) -> ast.expr | None:
    """The path of the additional Docker steps."""
    if config.symbol == "InferenceConfig":
        return config.argument("extra_docker_file_steps", position=3)
    return config.argument("docker_file", position=3)


def _inside(path: ast.expr, config: Use, to: Rewriter) -> str:
    """Code for a path that InferenceConfig takes relative to its source_directory."""
    folder = config.argument("source_directory") if config.symbol == "InferenceConfig" else None
    return path_inside(path, folder, to)


def _dockerfile(
    config: Use, steps: ast.expr, conda: ast.expr | None, image: ast.expr | None, to: Rewriter
) -> tuple[str, ...]:
    """Statements that make the folder of the Dockerfile."""
    os, file, added = to.need_module("os"), to.fresh("file"), to.fresh("steps")
    start = f'"FROM {ast.literal_eval(IMAGE)}\\n"' if image is None else f'"FROM " + {to.source(image)} + "\\n"'
    parts = [f"{file}.write({start})", f"{file}.write({added}.read())"]
    lines = [f'{os}.makedirs("{FOLDER}", exist_ok=True)']
    if conda is not None:
        lines.append(f'{to.need_module("shutil")}.copy({_inside(conda, config, to)}, "{FOLDER}/conda.yml")')
        parts += [f'{file}.write("\\n{_INSTALL[0]}\\n")', *(f'{file}.write("{line}\\n")' for line in _INSTALL[1:])]
    opened = f'with open({_inside(steps, config, to)}) as {added}, open("{FOLDER}/Dockerfile", "w") as {file}:'
    return (*lines, "\n    ".join([opened, *parts]))


def script_keywords(script: ast.expr, folder: ast.expr | None, to: Rewriter) -> str:
    """The folder of the code and the script in it. Without a source directory SDK v1 takes the script alone, from
    wherever it is."""
    *outer, last = (joined_parts(script) if folder is None else []) or [script]
    inside, _slash, name = (to.evaluator.text(last) or "").rpartition("/")
    if not outer or not name:
        place = text_of(folder, to) if folder is not None else '"."'
        return f"code={place}, scoring_script={text_of(script, to)}"
    assert isinstance(script, ast.Call)
    parts = [*(text_of(part, to) for part in outer), *([json.dumps(inside)] if inside else [])]
    place = parts[0] if len(parts) == 1 else f"{to.source(script.func)}({', '.join(parts)})"
    return f"code={place}, scoring_script={json.dumps(name)}"
