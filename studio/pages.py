"""The pages behind ``run.get_portal_url()``: plain HTML, made whole by the service, without scripts.

Everything that a user can name (runs, steps, metrics, files) passes through :func:`html.escape` or :func:`quote`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from html import escape
from typing import Any
from urllib.parse import quote

from amlbridge.engine.records.runs import Run

#: Seconds after which the page of an unfinished run loads itself again.
_REFRESH = 5
#: At most so many values of one metric are shown.
_MOST_VALUES = 20
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}a{color:#0b5cad}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top}
th{border-bottom:1px solid #999;font-weight:600}td{border-bottom:1px solid #e5e5e5;overflow-wrap:anywhere}
pre{background:#f6f6f6;padding:.8rem;overflow:auto}.Completed{color:#0a7a2f}.Failed{color:#b3001b}.Canceled{color:#8a5a00}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}a{color:#7db8f5}pre{background:#222}
td{border-color:#333}.Completed{color:#4ccb74}.Failed{color:#ff6b81}.Canceled{color:#e0ac55}}
"""


@dataclass(frozen=True)
class RunView:
    """What the page of a run shows. ``base``: the URL path that all links begin with, without a slash at the end.
    ``metrics``: name -> values as they were logged. ``files``: paths of the run's artifacts, ``logs`` among them."""

    base: str
    run: Run
    experiment: str
    children: Sequence[Run] = ()
    metrics: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    logs: Sequence[str] = ()
    files: Sequence[str] = ()
    now: float = 0.0


def run_page(view: RunView) -> str:
    """The page of one run."""
    run = view.run
    facts = {
        "status": _status(run.status),
        "experiment": _link(f"{view.base}/experiments/id/{quote(run.experiment_id)}", view.experiment),
        "part of": _link(_run_path(view.base, run.parent_id), run.parent_id) if run.parent_id else "",
        "id": escape(run.id),
        "created": _time(run.created),
        "duration": _duration(run, view.now),
        "compute": escape(run.target or ""),
        "tags": _pairs(run.tags),
        "properties": _pairs(run.properties),
    }
    parts = [_table((), ([f"<b>{name}</b>", value] for name, value in facts.items() if value))]
    if run.error:
        message = run.error.get("message") if isinstance(run.error, dict) else run.error
        parts += ["<h2>Error</h2>", f"<pre>{escape(str(message))}</pre>"]
    if view.children:
        title = "Steps" if run.kind == "pipeline" else "Child runs"
        parts += [f"<h2>{title}</h2>", _runs(view.base, view.children, view.now)]
    if view.metrics:
        rows = ([escape(name), _values(values)] for name, values in view.metrics.items())
        parts += ["<h2>Metrics</h2>", _table(("metric", "values"), rows)]
    for title, paths in (("Logs", view.logs), ("Outputs", [path for path in view.files if path not in view.logs])):
        if paths:
            files = f"{_run_path(view.base, run.id)}/files"
            items = "".join(f"<li>{_link(f'{files}/{quote(path)}', path)}</li>" for path in paths)
            parts += [f"<h2>{title}</h2>", f"<ul>{items}</ul>"]
    return _page(_name(run), view.base, parts, refresh=not run.finished)


def runs_page(title: str, base: str, runs: Sequence[Run], now: float) -> str:
    """A list of runs: of an experiment, or of the whole workspace."""
    empty = "<p>There are no runs yet.</p>"
    return _page(title, base, [_runs(base, runs, now) if runs else empty], refresh=False)


def _runs(base: str, runs: Iterable[Run], now: float) -> str:
    rows = (
        [
            _link(_run_path(base, run.id), _name(run)),
            _status(run.status),
            _time(run.created),
            _duration(run, now),
            escape(run.target or ""),
        ]
        for run in runs
    )
    return _table(("run", "status", "created", "duration", "compute"), rows)


def _page(title: str, base: str, parts: Iterable[str], *, refresh: bool) -> str:
    again = f'<meta http-equiv="refresh" content="{_REFRESH}">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - amlbridge</title>{again}'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<p>{_link(base, 'all runs of this workspace')}</p><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{top}</tr>' if head else ''}{body}</table>"


def _link(path: str, text: str) -> str:
    return f'<a href="{escape(path)}">{escape(text)}</a>'


def _run_path(base: str, run_id: str) -> str:
    return f"{base}/runs/{quote(run_id)}"


def _name(run: Run) -> str:
    return run.display_name or run.name or run.id


def _status(status: str) -> str:
    return f'<span class="{escape(status)}">{escape(status)}</span>'


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(run: Run, now: float) -> str:
    if run.started is None:
        return ""
    return f"{max(0.0, (run.ended if run.ended is not None else now) - run.started):.1f} s"


def _pairs(found: Mapping[str, Any]) -> str:
    return "<br>".join(escape(f"{name}: {value}" if value is not None else name) for name, value in found.items())


def _values(values: Sequence[Any]) -> str:
    shown = ", ".join(str(value) for value in values[-_MOST_VALUES:])
    left = len(values) - _MOST_VALUES
    return escape(f"({left} earlier values) {shown}" if left > 0 else shown)
