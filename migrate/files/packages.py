"""Which distributions of SDK v1 there are, and what a project needs instead of each.

Sources: the "Upgrade to v2" articles of Microsoft's documentation and the packages' own metadata. Lower bounds are
versions in which everything exists that our rules write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from amlbridge.migrate.findings import Status

#: What converted code may import, with the lowest version that has what our rules write.
LOWER_BOUNDS = {
    "azure-ai-ml": "1.20",
    "azure-identity": "1.15",
    # mlflow 3 cannot read what the clients of Azure ML log with their MLflow 2 plugin.
    "mlflow": "2.8,<3",
    "azureml-mlflow": "1.56",
    "mltable": "1.6",
    "azureml-fsspec": "1.3",
    "adlfs": "2023.1",
    "azureml-inference-server-http": "1.0",
    "azureml-ai-monitoring": "1.0",
}
_CLIENT = ("azure-ai-ml", "azure-identity")
_LOGGING = ("mlflow", "azureml-mlflow")
_DATA = ("mltable", "azureml-fsspec")


@dataclass(frozen=True)
class Replacement:
    """What takes a package's place. No ``packages`` and ``status`` converted: it just goes. ``stays``: SDK v2 uses it,
    too."""

    packages: tuple[str, ...]
    status: Status
    message: str
    stays: bool = False

    @property
    def is_left(self) -> bool:
        """Whether the package keeps its line."""
        return self.stays or self.status is Status.NO_EQUIVALENT


_ALL = Replacement(
    (*_CLIENT, *_LOGGING),
    Status.REVIEW,
    "replaced by the client of SDK v2 and by MLflow, which converted code logs with; drop what yours does not import",
)
_SUBMITTING = Replacement(_CLIENT, Status.CONVERTED, "replaced by the client of SDK v2")
_DEFAULTS = Replacement(
    (*_LOGGING, "azureml-inference-server-http"),
    Status.REVIEW,
    "replaced by what it brought: logging (MLflow), the scoring server, and the client where scripts need it; drop "
    "what yours do not need",
)
_SERVER = Replacement(
    ("azureml-inference-server-http",),
    Status.CONVERTED,
    "replaced by the scoring server, which has AMLRequest and rawhttp",
)
_SCHEMAS = Replacement(
    ("inference-schema",),
    Status.REVIEW,
    "replaced by inference-schema, which declares what a web service takes and gives; drop it where nothing imports it",
)
_INNER = Replacement((), Status.CONVERTED, "removed: an inner part of SDK v1, which came with azureml-core")
_MONITORED = Replacement(
    (), Status.REVIEW, "removed: monitors of SDK v2 run in the service; code that still imports it needs the old one"
)
_TENSORBOARD = Replacement(
    ("tensorboard",), Status.CONVERTED, "replaced by TensorBoard itself, which shows the logs that a job has uploaded"
)
_TABLES = Replacement(
    _DATA, Status.REVIEW, "replaced by mltable and azureml-fsspec; scripts that get their data as paths need neither"
)
_PUBLIC = Replacement(
    ("adlfs",),
    Status.REVIEW,
    "replaced by adlfs, with which pandas and fsspec read the public files of Azure Open Datasets",
)
_GONE = Replacement(
    (), Status.CONVERTED, "removed: ml_client.jobs.stream() and the studio show what its widgets showed"
)


def _none(way_out: str) -> Replacement:
    return Replacement((), Status.NO_EQUIVALENT, f"SDK v2 has nothing like it: {way_out}")


_EXPLAIN = Replacement(
    ("interpret-community",),
    Status.REVIEW,
    "replaced by interpret-community, which it was built on; explanations are kept in the files of the run",
)
_COLLECTORS = Replacement(
    ("azureml-ai-monitoring",),
    Status.REVIEW,
    "replaced by azureml-ai-monitoring; the deployment says with data_collector which of its collections are kept",
)
_FAIRNESS = Replacement(("fairlearn",), Status.REVIEW, "replaced by fairlearn, which makes the same dashboards")
_DASHBOARD = _none("use the Responsible AI dashboard's components, or raiwidgets and interpret-community themselves")
_AUTOML_RUNTIME = Replacement(
    (),
    Status.REVIEW,
    "stays: models that AutoML has trained are loaded with it, in SDK v2 as well; drop it where none is loaded",
    stays=True,
)

_KNOWN: dict[str, Replacement] = {
    "azureml-sdk": _ALL,
    "azureml-core": _ALL,
    "azureml-defaults": _DEFAULTS,
    **dict.fromkeys(
        (
            "azureml-pipeline",
            "azureml-pipeline-core",
            "azureml-pipeline-steps",
            "azureml-train",
            "azureml-train-core",
            "azureml-train-automl",
            "azureml-train-automl-client",
            "azureml-train-restclients-hyperdrive",
            "azureml-automl-core",
            "azureml-telemetry",
            "azureml-contrib-pipeline-steps",
            "azureml-contrib-automl-pipeline-steps",
            "azureml-contrib-run",
            "azureml-contrib-server",
            "azureml-contrib-dataset",
        ),
        _SUBMITTING,
    ),
    "azureml-contrib-services": _SERVER,
    "azureml-dataprep": _TABLES,
    "azureml-dataprep-native": _TABLES,
    "azureml-dataprep-rslex": _TABLES,
    "azureml-dataset-runtime": _TABLES,
    "azureml-widgets": _GONE,
    "azureml-contrib-notebook": _GONE,
    "azureml-tensorboard": _TENSORBOARD,
    "azureml-contrib-tensorboard": _TENSORBOARD,
    "azureml-explain-model": _EXPLAIN,
    "azureml-interpret": _EXPLAIN,
    "azureml-contrib-interpret": _EXPLAIN,
    "azureml-contrib-explain-model": _EXPLAIN,
    "azureml-contrib-fairness": _FAIRNESS,
    "azureml-responsibleai": _DASHBOARD,
    "azureml-train-automl-runtime": _AUTOML_RUNTIME,
    "azureml-automl-runtime": _AUTOML_RUNTIME,
    "azureml-automl-common-tools": _AUTOML_RUNTIME,
    "azureml-training-tabular": _AUTOML_RUNTIME,
    "azureml-automl-dnn-nlp": _AUTOML_RUNTIME,
    "azureml-automl-dnn-vision": _AUTOML_RUNTIME,
    "azureml-cli-common": _INNER,
    "azureml-model-management-sdk": _SCHEMAS,
    "azureml-opendatasets": _PUBLIC,
    "azureml-datadrift": _MONITORED,
    "azureml-monitoring": _COLLECTORS,
    "azureml-accel-models": _none("deploy to a managed online endpoint"),
    "azureml-contrib-reinforcementlearning": _none("run Ray's own code in a command job"),
    "azure-cli-ml": _none("it is replaced by the extension `ml` of the Azure CLI: `az extension add -n ml`"),
}
#: Packages called azureml that belong to v2 or to no SDK.
_OF_V2 = re.compile(
    r"azureml-(mlflow|fsspec|inference-server-http|evaluate|metrics|assets?|ai-monitoring|featurestore|rag|rai-utils|acft"
    r"|registry-tools|model-catalog|nlp-tools|designer)\b"
)
#: What packages of SDK v1 begin with. Other names are none of packages: of resource groups, containers, headers.
_OF_V1 = re.compile(
    r"azureml-(accel|automl|cli|contrib|core|data|defaults|explain|infra|interpret|k8s|model-management|monitoring|ngc"
    r"|opendatasets|pipeline|responsibleai|sdk|serving|synapse|telemetry|tensorboard|train|webservice-schema|widgets)"
    r"[a-z]*(-|$)"
)
#: What has a version in its name is a branch or a tag.
_TAG = re.compile(r"-\d+-\d+(-\d+)*$")
_CONTRIB = _none("it was a preview of SDK v1; see what its part of the v2 documentation names instead")

#: A requirement of SDK v1 in any text: name, extras, version specifiers.
REQUIREMENT = re.compile(
    r"(?<![\w./@=:-])(?P<name>azureml[-_.][a-z][\w.-]*[a-z\d]|azure-cli-ml)(?![\w/-])"
    r"(?P<extras>\s*\[[^\]\n]*\])?"
    r"(?P<version>\s*(?:===?|~=|!=|<=?|>=?)\s*[\w.*+!-]+(?:\s*,\s*(?:===?|~=|!=|<=?|>=?)\s*[\w.*+!-]+)*)?",
    re.IGNORECASE,
)


def canonical(name: str) -> str:
    """The name of a distribution as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def replacement(name: str, imported: tuple[str, ...] = (), by_code: tuple[str, ...] = ()) -> Replacement | None:
    """What takes the place of a distribution; None for one that is not of SDK v1. ``imported``: what the scripts that
    run with it import in SDK v2; ``by_code``: what all converted code beside it imports that the client does not
    bring."""
    found = canonical(name)
    if found in _KNOWN:
        known = _KNOWN[found]
        more = imported if known is _DEFAULTS else by_code if known is _ALL else ()
        return replace(known, packages=tuple(dict.fromkeys((*known.packages, *more))))
    if _OF_V2.match(found) or not _OF_V1.match(found) or _TAG.search(found):
        return None
    return _CONTRIB


def with_bound(package: str) -> str:
    """A requirement with its lower bound: ``mlflow>=2.8,<3``."""
    bound = LOWER_BOUNDS.get(package)
    return f"{package}>={bound}" if bound else package


def missing(packages: Iterable[str], text: str) -> tuple[str, ...]:
    """Those that a text does not name yet."""
    return tuple(item for item in packages if not re.search(rf"(?<![\w-]){re.escape(item)}(?![\w-])", text))
