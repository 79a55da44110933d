"""Steps that are recorded and not run: what `amlbridge trace` needs of the engine.

A traced step completes at once. Its outputs are empty folders (a file, where the Plan says so), so that the script
that submitted it goes on: it can wait for the run, name its outputs and download nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from amlbridge.engine.errors import EngineError
from amlbridge.engine.execution import Execution, Step
from amlbridge.engine.host import StepContext
from amlbridge.engine.step_runner import StepRunner

#: The first line of the log of a traced step.
NOTE = "this step was traced and not run: its outputs are empty"


class TracedRunner(StepRunner):
    """A :class:`StepRunner` that starts no process, takes no earlier results and leaves none behind for reuse."""

    async def _attempt(self, context: StepContext, execution: Execution, step: Step) -> dict[str, Any] | None:
        """Records the step as one that has run well."""
        await asyncio.get_running_loop().run_in_executor(None, self._pretend, context, step)
        return None

    def _pretend(self, context: StepContext, step: Step) -> None:
        for name, output in context.node.outputs.items():
            path = output.path.replace("{run-id}", context.run_id).replace("{output-name}", name)
            place = context.outputs[name] = self._host.output_place(context, name, output, path)
            step.outputs[name] = {"datastore": place.datastore, "path": place.path}
            if output.type == "uri_file":
                place.final.parent.mkdir(parents=True, exist_ok=True)
                place.final.touch()
            elif not place.final.exists():
                place.final.mkdir(parents=True)
        self._record_start(context, step)
        self._note(context, NOTE)
        try:
            self._host.completed(context)
        except EngineError as error:
            # Nothing may be registered of nothing: the trace has the registration all the same.
            self._note(context, f"nothing is registered: {error}")
