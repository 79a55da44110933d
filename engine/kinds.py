"""The kinds of nodes that the engine runs, and the scripts of ours that run some of them.

A node of kind ``command`` is its command. A node with a driver runs the driver in its place, in the step's own
interpreter and folder: the driver gets the node's settings and the user's filled-in arguments as a JSON file, works
with processes of its own, and ends with exit code 0 or with a sentence for the user on standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.automl import node as automl
from amlbridge.engine.databricks import task as databricks
from amlbridge.engine.host import StepContext
from amlbridge.engine.parallel import task as parallel
from amlbridge.engine.plan import Json, Node, NodeKind
from amlbridge.engine.transfer import task as transfer

#: What the services accept; everything else is refused when it is submitted.
RUNNABLE: frozenset[NodeKind] = frozenset({"command", "automl", "parallel", "sweep", "transfer", "databricks"})
#: Those that a controller runs (:mod:`amlbridge.engine.control`): they hold no node, their runs do.
CONTROLLED: frozenset[NodeKind] = frozenset({"sweep"})
#: The exit code of a driver whose last line on standard error is the sentence for the user.
SAID_WHY = 113


@dataclass(frozen=True)
class Driver:
    """A script that runs the nodes of one kind. ``settings(context, arguments)`` is what it is told, as JSON;
    ``arguments`` are those of the node's command, filled in. ``tables(node)``: the inputs that it wants as tables, see
    :meth:`amlbridge.engine.host.Host.table`. ``scripts(node)``: what it runs in processes that it forks, see
    :class:`amlbridge.engine.launch.Launch`."""

    script: Path
    settings: Callable[[StepContext, Sequence[str]], Json]
    tables: Callable[[Node], Collection[str]] = lambda node: ()
    scripts: Callable[[Node], tuple[str, ...]] = lambda node: ()


#: Kind -> its driver.
DRIVERS: Mapping[NodeKind, Driver] = {
    "automl": Driver(automl.SCRIPT, automl.driver_settings),
    "transfer": Driver(Path(transfer.__file__).with_name("copy.py"), transfer.document),
    "databricks": Driver(Path(databricks.__file__).with_name("submit.py"), databricks.document),
    "parallel": Driver(
        Path(parallel.__file__).with_name("main.py"), parallel.document, parallel.tables, parallel.scripts
    ),
}
