"""Explainers of ``azureml.explain`` and the dashboard of explanations come from the open packages that they became.

The explainers of the first releases of SDK v1 are classes of interpret-community, with the same parameters and methods;
``ExplanationDashboard`` is one of raiwidgets, whose keywords have other names.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "explainers",
    __doc__,
    cases=[
        Case(
            """\
from azureml.contrib.interpret.visualize import ExplanationDashboard
from azureml.explain.model.tabular_explainer import TabularExplainer

explainer = TabularExplainer(model, x_train, features=names)
explanation = explainer.explain_global(x_test)
ExplanationDashboard(explanation, model, datasetX=x_test)
""",
            """\
from interpret.ext.blackbox import TabularExplainer
from raiwidgets import ExplanationDashboard

explainer = TabularExplainer(model, x_train, features=names)
explanation = explainer.explain_global(x_test)
ExplanationDashboard(explanation, model, dataset=x_test)
""",
        )
    ],
)

#: Class -> where it is now.
_MODULES = {
    "TabularExplainer": "interpret.ext.blackbox",
    "MimicExplainer": "interpret.ext.blackbox",
    "PFIExplainer": "interpret.ext.blackbox",
    "KernelExplainer": "interpret_community.shap",
    "DeepExplainer": "interpret.ext.greybox",
    "LinearExplainer": "interpret.ext.greybox",
    "TreeExplainer": "interpret.ext.greybox",
    "ExplanationDashboard": "raiwidgets",
}
#: Keyword of the dashboard -> what it is called now.
_KEYWORDS = {"explanationObject": "explanation", "learner": "model", "datasetX": "dataset", "trueY": "true_y"}
_NEEDS = "the environment needs interpret-community"
_NEEDS_WIDGETS = "the environment needs raiwidgets, which shows the dashboard"


@rule.converts(*_MODULES)
def explainer(use: Use, to: Rewriter) -> Outcome:
    """The class of the same name."""
    name = to.need(_MODULES[use.symbol], use.symbol)
    return Replace(_called(name, use, to), _NEEDS_WIDGETS if use.symbol == "ExplanationDashboard" else _NEEDS)


@rule.converts(*(f"{kind}.{method}" for kind in sorted(_MODULES) for method in ("explain_global", "explain_local")))
def explain(use: Use, to: Rewriter) -> Outcome:
    """The same method."""
    assert use.receiver is not None
    return Replace(_called(f"{to.source(use.receiver)}.{use.symbol.rpartition('.')[2]}", use, to))


def _called(name: str, use: Use, to: Rewriter) -> str:
    """Code for the same call of something else."""
    if use.call is None:
        return name
    arguments = [to.source(argument) for argument in use.call.args]
    for keyword in use.call.keywords:
        value = to.source(keyword.value)
        arguments.append(f"{_KEYWORDS.get(keyword.arg, keyword.arg)}={value}" if keyword.arg else f"**{value}")
    return f"{name}({', '.join(arguments)})"
