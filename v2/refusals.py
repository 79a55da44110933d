"""What SDK v2 asks of a workspace that only Azure has: refused, with the way out."""

from __future__ import annotations

from amlbridge.v2.assets.routes import REGISTRY_BASES
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

routes = Routes("v2 elsewhere")

_PACKAGE = (
    "Models of a registry are not packaged: register the model in the workspace and package that, or deploy it "
    "with an environment and a scoring script."
)
_CONNECTIONS = (
    "Connections lead to services outside of this machine (Git, feeds, Snowflake, Azure OpenAI) that amlbridge does "
    "not reach: put the data on a datastore, and what a step needs into its environment variables."
)
_FEATURES = "Feature sets and their entities need a feature store in Azure: write the features to a data asset."
_MARKET = "Models of the marketplace and serverless endpoints run in Azure only: deploy a model of your own."
_NETWORK = "The service is reached on this machine only: it has no managed network and no outbound rules."
_INDEXES = "Indexes are made and searched by services in Azure: build the index in a step and register it as data."
_REFUSED = (
    ("POST", f"{REGISTRY_BASES[0]}/models/{{name}}/versions/{{version}}/package", _PACKAGE),
    *((method, "/WS/connections/{name}", _CONNECTIONS) for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("POST", "/WS/connections/{name}/listsecrets", _CONNECTIONS),
    *((method, "/WS/featuresets/{path*}", _FEATURES) for method in ("GET", "PUT", "POST", "DELETE")),
    *((method, "/WS/featurestoreEntities/{path*}", _FEATURES) for method in ("GET", "PUT", "DELETE")),
    *((method, "/WS/marketplaceSubscriptions/{name}", _MARKET) for method in ("GET", "PUT", "DELETE")),
    *((method, "/WS/serverlessEndpoints/{path*}", _MARKET) for method in ("GET", "PUT", "PATCH", "POST", "DELETE")),
    *((method, "/WS/outboundRules/{name}", _NETWORK) for method in ("GET", "PUT", "DELETE")),
    *((method, "/WS/capabilityHosts/{name}", _MARKET) for method in ("GET", "PUT", "DELETE")),
    *((method, "/genericasset/WS/indexes/{path*}", _INDEXES) for method in ("GET", "PUT", "POST", "DELETE")),
)
#: Of these there are none, which is a true answer.
_NONE = ("connections", "featuresets", "featurestoreEntities", "marketplaceSubscriptions", "serverlessEndpoints")


def _refused(call: Call) -> Reply:
    """Packages, connections, feature sets, marketplace models, serverless endpoints, networks, indexes."""
    raise AssertionError(call.path)


for _method, _path, _reason in _REFUSED:
    routes.operation(_method, _path, refused=_reason)(_refused)


def list_none(call: Call) -> Reply:
    """What only Azure has: there is none here."""
    return {"value": []}


for _kind in (*_NONE, "outboundRules"):
    routes.get(f"/WS/{_kind}")(list_none)
routes.get("/genericasset/WS/indexes")(list_none)
