"""AutoMLImageConfig as a v2 job of AutoML for images: its search space becomes SearchSpaces of the job."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.models.jobs.automl import check_settings, minutes
from amlbridge.migrate.models.jobs.sweeps import SAMPLINGS, options
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.signatures.table import v2_table

#: Task, as a text or a constant of ImageTask -> function of azure.ai.ml.automl.
_TASKS = {
    "image-classification": "image_classification",
    "image-classification-multilabel": "image_classification_multilabel",
    "image-object-detection": "image_object_detection",
    "image-instance-segmentation": "image_instance_segmentation",
}
_LIMITS = {
    "iterations": "max_trials",
    "max_concurrent_iterations": "max_concurrent_trials",
    "experiment_timeout_hours": "timeout_minutes",
}
#: Hyperparameters that SDK v2 has under another name.
_RENAMED = {
    "box_detections_per_img": "box_detections_per_image",
    "box_score_thresh": "box_score_threshold",
    "grad_accumulation_step": "gradient_accumulation_step",
    "img_size": "image_size",
    "lr_scheduler": "learning_rate_scheduler",
    "nms_iou_thresh": "nms_iou_threshold",
    "tile_predictions_nms_thresh": "tile_predictions_nms_threshold",
    "train_crop_size": "training_crop_size",
    "valid_crop_size": "validation_crop_size",
    "valid_resize_size": "validation_resize_size",
}
_KNOWN = frozenset(
    {*_LIMITS, "task", "compute_target", "training_data", "validation_data", "validation_size", "primary_metric"}
    | {"hyperparameter_sampling", "early_termination_policy", "policy"}
)


@dataclass
class ImageJob:
    """An AutoMLImageConfig. ``data``: keyword -> the expression of its data; ``spaces``: the hyperparameters of each
    search space, by their v2 name; all else is code."""

    task: str
    data: dict[str, ast.expr] = field(default_factory=dict)
    job: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    spaces: list[dict[str, ast.expr]] = field(default_factory=list)
    sweep: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)

    def statements(self, name: str, bound: dict[str, str], to: Rewriter) -> list[str]:
        """The statements that make the job. ``bound``: code of its data."""
        automl = to.need("azure.ai.ml", "automl")
        keywords = [*(f"{key}={code}" for key, code in bound.items()), *self.job, 'target_column_name="label"']
        lines = [f"{name} = {automl}.{self.task}({', '.join(keywords)})"]
        if self.limits:
            lines.append(f"{name}.set_limits({', '.join(self.limits)})")
        single = self._fixed(to)
        if single is not None:
            parameters = [f"{key}={to.source(value)}" for key, value in single.items()]
            lines.append(f"{name}.set_training_parameters({', '.join(parameters)})")
        elif self.spaces:
            make = to.need("azure.ai.ml.automl", "SearchSpace")
            spaces = [
                f"{make}({', '.join(f'{key}={to.source(value)}' for key, value in space.items())})"
                for space in self.spaces
            ]
            lines.append(f"{name}.extend_search_space([{', '.join(spaces)}])")
            lines.append(f"{name}.set_sweep({', '.join(self.sweep)})")
        return lines

    def _fixed(self, to: Rewriter) -> dict[str, ast.expr] | None:
        """The values of a space in which nothing is searched for: choices of one option. None for other spaces."""
        found: dict[str, ast.expr] = {}
        for key, value in self.spaces[0].items() if len(self.spaces) == 1 else ():
            use = to.use_of(value)
            only = options(use, to) if use is not None and use.symbol == "choice" and use.call is not None else None
            if not isinstance(only, list) or len(only) != 1:
                return None
            found[key] = only[0]
        return found or None


def read_images(use: Use, to: Rewriter) -> ImageJob:
    """Reads a call of AutoMLImageConfig. Raises ValueError for what cannot be told."""
    from amlbridge.migrate.rules.computes import compute_of

    check_settings(use, to)
    given = use.named()
    found = ImageJob(_task(given.get("task"), to))
    for name in ("training_data", "validation_data"):
        if name in given:
            found.data[name] = given[name]
    if "training_data" not in found.data:
        raise ValueError("the training data has to be given in the call")
    if "compute_target" in given:
        found.job.append(f"compute={compute_of(given['compute_target'], to)}")
    for old, new in (("primary_metric", "primary_metric"), ("validation_size", "validation_data_size")):
        if old in given:
            found.job.append(f"{new}={to.source(given[old])}")
    for old, new in _LIMITS.items():
        if old in given:
            code = minutes(given[old], to) if old.endswith("_hours") else to.source(given[old])
            found.limits.append(f"{new}={code}")
    sampling = sampling_of(use, to)
    if sampling is not None:
        found.spaces = _spaces(sampling.argument("parameter_space", position=0), to)
        _drop_unknown(found)
        found.sweep.append(f'sampling_algorithm="{SAMPLINGS[sampling.symbol][0]}"')
    policy = given.get("early_termination_policy", given.get("policy"))
    if policy is not None and to.evaluator.type_of(policy) != "NoTerminationPolicy":
        found.sweep.append(f"early_termination={to.source(policy)}")
    found.reviews.append("assumed that the column with the labels is called label; images are in a column image_url")
    lost = sorted(name for name in given if name not in _KNOWN)
    if lost:
        found.reviews.append(f"AutoML for images of SDK v2 has no {', '.join(lost)} here")
    return found


def sampling_of(use: Use, to: Rewriter) -> Use | None:
    """The call that made the sampling of an AutoMLImageConfig. Raises ValueError where it cannot be told."""
    given = use.argument("hyperparameter_sampling")
    if given is None:
        return None
    found = to.maker(given)
    if found is None or found.symbol not in SAMPLINGS:
        raise ValueError("the sampling of the hyperparameters cannot be told")
    return found


def samples_images(sampling: Use, to: Rewriter) -> bool:
    """Whether a sampling is that of an AutoMLImageConfig."""
    for use in to.uses:
        if use.symbol == "AutoMLImageConfig" and use.call is not None:
            try:
                if sampling_of(use, to) is sampling:
                    return True
            except ValueError:
                continue
    return False


def _drop_unknown(job: ImageJob) -> None:
    """Hyperparameters that SDK v2 does not have go, and are said."""
    name = "".join(part.capitalize() for part in job.task.split("_"))
    known = v2_table().entries[f"azure.ai.ml.automl.{name}Job.set_training_parameters"].keywords
    lost = sorted({key for space in job.spaces for key in space if key not in known})
    job.spaces = [{key: value for key, value in space.items() if key in known} for space in job.spaces]
    if lost:
        job.reviews.append(f"AutoML for images of SDK v2 has no hyperparameter {', '.join(lost)}")


def _task(node: ast.expr | None, to: Rewriter) -> str:
    use = to.use_of(node) if node is not None else None
    text = to.evaluator.text(node) if node is not None else None
    if use is not None and use.symbol.startswith("ImageTask."):
        text = use.symbol.partition(".")[2].lower().replace("_", "-")
    if text not in _TASKS:
        raise ValueError("the task cannot be told: call its function of azure.ai.ml.automl, image_classification or so")
    return _TASKS[text]


def _dict(node: ast.expr | None, to: Rewriter) -> dict[str, ast.expr]:
    value = to.evaluator.value(node) if node is not None else None
    if not (isinstance(value, Code) and isinstance(value.node, ast.Dict) and value.evaluator is to.evaluator):
        raise ValueError("the search space is put together at run time")
    found: dict[str, ast.expr] = {}
    for key, item in zip(value.node.keys, value.node.values, strict=True):
        text = to.evaluator.text(key) if key is not None else None
        if text is None:
            raise ValueError("the search space is put together at run time")
        found[_RENAMED.get(text, text)] = item
    return found


def _spaces(node: ast.expr | None, to: Rewriter) -> list[dict[str, ast.expr]]:
    """The search spaces: one for each group of ``"model": choice({...}, {...})``, each with what all have."""
    common = _dict(node, to)
    models = common.pop("model", None)
    if models is None:
        return [common]
    use = to.use_of(models)
    groups = options(use, to) if use is not None and use.symbol == "choice" and use.call is not None else None
    if isinstance(groups, (ast.List, ast.Tuple)):
        groups = groups.elts
    if not isinstance(groups, list):
        groups = [groups] if groups is not None else []
    if not groups:
        raise ValueError("the search space is put together at run time")
    return [{**_dict(group, to), **common} for group in groups]
