"""Azure Open Datasets: ``azureml.opendatasets`` -> the public files themselves, with pandas, fsspec or as a data asset.

SDK v2 has no package of them. A table is read with pandas from its parquet files, with filters for start_date and
end_date, and with the columns that were asked for or kept; files are downloaded with fsspec, or are a data asset at
their address. Where some of the files are taken, or where they are downloaded to is asked for, fsspec lists them, in
the order of their names as SDK v1. All read ``abfs://`` with the package adlfs, which takes the place of
azureml-opendatasets.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.frames import pandas_name
from amlbridge.migrate.models.datasets.open_datasets import ACCOUNT, OPEN, OpenDataset
from amlbridge.migrate.models.datasets.open_files import file_system, is_listed, listed, some
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "open-datasets",
    __doc__,
    cases=[
        Case(
            """\
from azureml.opendatasets import MNIST, Diabetes, NycTlcGreen

trips = NycTlcGreen(start, end, cols=["vendorID", "tripDistance"])
frame = trips.to_pandas_dataframe()
patients = Diabetes.get_tabular_dataset().to_pandas_dataframe().dropna()
images = MNIST.get_file_dataset()
images.download("data", overwrite=True)
""",
            """\
import fsspec
import pandas

frame = pandas.read_parquet(
    "abfs://nyctlc/green",
    storage_options={"account_name": "azureopendatastorage", "anon": True},
    columns=["vendorID", "tripDistance", "lpepPickupDatetime"],
    filters=[
        ("puYear", ">=", start.year),
        ("puYear", "<=", end.year),
        ("lpepPickupDatetime", ">=", start),
        ("lpepPickupDatetime", "<=", end),
    ],
)
patients = pandas.read_parquet(
    "abfs://mlsamples/diabetes",
    storage_options={"account_name": "azureopendatastorage", "anon": True},
).dropna()
fsspec.filesystem("abfs", account_name="azureopendatastorage", anon=True).get(
    "mnist/*.gz", "data"
)
""",
        ),
    ],
)

_READ = "pandas reads the public files, with the package adlfs"
_ALL = f"{_READ}; no dates are given: it reads all that there is, where SDK v1 took a range of its own"
#: Columns of which SDK v1 reads all.
_NONE = ("[]", "()")
_DATES = ("start_date", "end_date")
#: Selections of a table that pandas has as well.
_SELECTIONS = ("keep_columns", "drop_columns", "take", "skip")
#: What may happen to an object that goes.
_TAKEN = (".to_pandas_dataframe", ".get_tabular_dataset", *(f"Dataset.{name}" for name in _SELECTIONS))


@rule.converts(*(name for name, dataset in OPEN.items() if not dataset.pattern))
def opened(use: Use, to: Rewriter) -> Outcome:
    """The object goes: what reads it names the files."""
    if use.call is None:
        return Replace("object")
    return _gone(use, to) or Replace("None")


@rule.converts(*(f"{name}.get_tabular_dataset" for name, dataset in OPEN.items() if not dataset.pattern))
def tabular(use: Use, to: Rewriter) -> Outcome:
    """The same, when it is only read as a data frame."""
    return _gone(use, to) or Replace("None")


def _gone(use: Use, to: Rewriter) -> Outcome | None:
    """What becomes of an object that is only read as a data frame, or a part of it; None where it is read at once."""
    parents = to.evaluator.scopes.parents
    places: list[ast.AST] = [*Objects.of(to).names(use.node), use.node]
    variable = Objects.of(to).variable(use.node)
    for place in places if variable is None else places[:-1]:
        outer = to.use_of(parents.get(parents.get(place, place), place))
        if outer is None or not outer.symbols[-1].endswith(_TAKEN):
            return Leave(
                "read the public files with pandas, or register their address as a data asset", Status.NO_EQUIVALENT
            )
    return Statements("") if variable is not None else None


@rule.converts(*(f"{name}.to_pandas_dataframe" for name, dataset in OPEN.items() if not dataset.pattern))
def frame(use: Use, to: Rewriter) -> Outcome:
    """A data frame of the files."""
    made = to.maker(use.receiver)
    if made is None:
        return Leave("the dataset is made elsewhere: read the public files with pandas")
    return read_frame(made, use, to)


def selected(use: Use, to: Rewriter) -> Outcome | None:
    """A selection of an open dataset: one that is read as a table goes as well, one of files is that of their list.
    None for one of another dataset."""
    if (files_taken := some(use, to)) is not None:
        return files_taken
    public = public_table(use.node, to)
    if public is None or not public[0].symbol.endswith(".get_tabular_dataset"):
        return None
    _selection(use, to)
    return _gone(use, to) or Replace("None")


def public_table(node: ast.expr, to: Rewriter) -> tuple[Use, list[Use]] | None:
    """The call that names the open dataset which an expression is, or is a part of, and how the parts are selected."""
    found: list[Use] = []
    while True:
        made = to.maker(node)
        if made is None or dataset_of(made) is not None:
            return (made, found) if made is not None else None
        if made.receiver is None or made.symbol.rpartition(".")[2] not in _SELECTIONS:
            return None
        found.insert(0, made)
        node = made.receiver


def _selection(use: Use, to: Rewriter) -> str:
    """The code of a selection, behind that of a data frame. Raises ValueError where its columns cannot be told."""
    name = use.symbol.rpartition(".")[2]
    given = use.argument("columns" if "columns" in name else "count", position=0)
    if given is None:
        raise ValueError(f"{name} needs an argument")
    code = to.source(given)
    if name != "keep_columns":
        return {"drop_columns": f".drop(columns={code})", "take": f".head({code})"}.get(name, f".iloc[{code}:]")
    value = to.evaluator.value(given)
    listed = value.node if isinstance(value, Code) else given
    if to.evaluator.text(given) is not None:
        return f"[[{code}]]"
    if not isinstance(listed, (ast.List, ast.ListComp)):
        raise ValueError("whether one column is kept or several cannot be told: give a list")
    return f"[{code}]"


def read_frame(made: Use, use: Use, to: Rewriter, parts: Sequence[Use] = ()) -> Outcome:
    """The code that reads a dataset into a data frame. ``made``: the call that names it; ``use``: where it is read;
    ``parts``: the selections in between."""
    found = _read(made, use, to)
    return replace(found, text=found.text + "".join(_selection(part, to) for part in parts))


def _read(made: Use, use: Use, to: Rewriter) -> Replace:
    dataset = dataset_of(made)
    assert dataset is not None
    origin = to.maker(made.receiver)  # NycTlcGreen(...).get_tabular_dataset()
    given = origin if origin is not None and not made.arguments() else made
    country, places = made.symbol.startswith("PublicHolidays"), (0, 1)
    if country:
        places = (1, 2)
    dates = [given.argument(name, position=at) for name, at in zip(_DATES, places, strict=True)]
    columns = given.passed("cols", "columns", position=places[1] + 1)
    parts = [f'"{dataset.folder}"', f'storage_options={{"account_name": "{ACCOUNT}", "anon": True}}']
    if columns is not None and ast.unparse(columns) not in _NONE:
        parts.append(f"columns={_columns(columns, dataset.always, to)}")
    filters = _filters(dataset, dates, use, to)
    region = given.passed("country_or_region", position=0) if country else None
    if region is not None:
        filters.append(f'("countryOrRegion", "==", {to.source(region)})')
    parts += [f"filters=[{', '.join(filters)}]"] if filters else []
    bounded = not dataset.time or any(date is not None for date in dates)
    return Replace(f"{pandas_name(use, to)}.read_parquet({', '.join(parts)})", _READ if bounded else _ALL)


def _columns(node: ast.expr, always: Sequence[str], to: Rewriter) -> str:
    """The columns that are asked for, and those that SDK v1 always reads."""
    code = to.source(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        there = {element.value for element in node.elts if isinstance(element, ast.Constant)}
        more = [f'"{name}"' for name in always if name not in there]
        return f"[{', '.join([*map(to.source, node.elts), *more])}]" if more else code
    more = [f'"{name}"' for name in always]
    return f"list({{*{code}, {', '.join(more)}}})" if more else code


def _filters(dataset: OpenDataset, dates: list[ast.expr | None], use: Use, to: Rewriter) -> list[str]:
    """The filters of pandas for a range of time: of the folders of the years, and of the rows."""
    years, rows = [], []
    for name, sign, node in zip(_DATES, (">=", "<="), dates, strict=True):
        if node is None or is_none(node) or not dataset.time:
            continue
        code = to.source(node)
        if not isinstance(node, (ast.Name, ast.Attribute)):
            variable = to.fresh(name)
            to.before(use.statement, f"{variable} = {code}")
            code = variable
        years += [f'("{dataset.year}", "{sign}", {code}.year)'] if dataset.year else []
        rows.append(f'("{dataset.time}", "{sign}", {code})')
    return [*years, *rows]


@rule.converts(*(f"{name}.get_file_dataset" for name in OPEN))
def files(use: Use, to: Rewriter) -> Outcome:
    """The files at their address: a data entity that is not registered."""
    dataset = dataset_of(use)
    assert dataset is not None
    if is_listed(use, to):
        return listed(use, to)
    if Objects.of(to).variable(use.node) is not None:
        to.spare.add(use.statement)  # download and others name the files themselves
    entity = to.need("azure.ai.ml.entities", "Data")
    return Replace(f'{entity}(path="{dataset.address}", type="uri_folder")')


def downloaded(made: Use, target: str, to: Rewriter) -> str:
    """The code that downloads the files of a dataset into a folder. ``made``: the call of get_file_dataset."""
    dataset = dataset_of(made)
    assert dataset is not None
    return f'{file_system(to)}.get("{dataset.files}", {target})'


def dataset_of(use: Use | None) -> OpenDataset | None:
    """The open dataset that a use names, or None."""
    return OPEN.get(use.symbol.partition(".")[0]) if use is not None else None


def open_root(node: ast.expr, to: Rewriter) -> Use | None:
    """The call that names the open dataset that an expression stands for, or None."""
    made = to.maker(node)
    return made if dataset_of(made) is not None else None
