"""Computes of other services, which SDK v2 attaches none of, and clusters of AKS, which it does not make."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.rewriter import Rewriter

#: Their classes in SDK v1.
SERVICES = (
    *("AdlaCompute", "BatchCompute", "DatabricksCompute"),
    *("DataFactoryCompute", "HDInsightCompute", "KustoCompute"),
)
#: Their configurations, which ComputeTarget.attach and .create get.
CONFIGURATIONS = frozenset(
    {"BatchAttachConfiguration", "DatabricksAttachConfiguration", "DataFactoryAttachConfiguration"}
    | {"DataFactoryProvisioningConfiguration", "DataLakeAnalyticsAttachConfiguration"}
    | {"HDInsightAttachConfiguration", "KustoAttachConfiguration", "AksComputeProvisioningConfiguration"}
)


def is_of_service(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is such a compute, or its name."""
    compute = node.value if isinstance(node, ast.Attribute) and node.attr == "name" else node
    bindings = to.evaluator.scopes.bindings_of(compute)
    values = [to.evaluator.value(compute), *(to.evaluator.binding_value(binding) for binding in bindings)]
    return any(isinstance(value, Instance) and _made_of_service(value, to) for value in values)


def _made_of_service(value: Instance, to: Rewriter) -> bool:
    if value.type in SERVICES:
        return True
    use = to.use_of(value.origin) if value.type == "ComputeTarget" and value.origin is not None else None
    config = use.argument("attach_configuration", "provisioning_configuration", position=2) if use is not None else None
    return config is not None and to.evaluator.type_of(config) in CONFIGURATIONS
