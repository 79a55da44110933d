"""An MLflow model without a scoring script. Loaded by ``scorer.py``, in its process.

A request is JSON with one of ``input_data`` (Azure's own form), ``dataframe_split``, ``dataframe_records``,
``instances`` and ``inputs`` (MLflow's forms), and ``params``; or CSV. As in Azure, the answer to ``input_data`` is the
list of predictions; the answer to MLflow's forms is ``{"predictions": [...]}``, as MLflow's own server gives it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Headers = dict[str, Any]
_JSON = {"content-type": "application/json"}
_FORMS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs")


def load(path: Path, bad_input: Any) -> Callable[[Headers, bytes], tuple[Headers, bytes]]:
    """Loads the model. Raises what MLflow raises."""
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(str(path))

    def handle(header: Headers, body: bytes) -> tuple[Headers, bytes]:
        if header["method"] == "OPTIONS":
            return {"status": 200, "headers": {}}, b""
        if header["method"] == "GET":
            raise bad_input("send the input as the body of a POST")
        kind = header["headers"].get("content-type", "application/json").partition(";")[0].strip().lower()
        form, data, parameters = _csv(body, bad_input) if kind == "text/csv" else _read(model, body, bad_input)
        predictions = _predict(model, _as_asked(model, data), parameters, bad_input)
        text = json.dumps(_plain(predictions))
        if form != "input_data":
            text = f'{{"predictions": {text}}}'
        return {"status": 200, "headers": _JSON}, text.encode()

    return handle


def _predict(model: Any, data: Any, parameters: Any, bad_input: Any) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return model.predict(data, params=parameters) if parameters is not None else model.predict(data)
    except MlflowException as error:
        # What does not fit the model's signature is the caller's mistake.
        raise bad_input(f"the input does not fit the model: {error}") from error


def _csv(body: bytes, bad_input: Any) -> tuple[str, Any, Any]:
    import pandas as pd

    try:
        return "csv", pd.read_csv(io.BytesIO(body)), None
    except ValueError as error:
        raise bad_input(f"the body is not CSV: {error}") from error


def _read(model: Any, body: bytes, bad_input: Any) -> tuple[str, Any, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise bad_input(f"the body is not JSON: {error}") from None
    named = [form for form in _FORMS if isinstance(content, dict) and form in content]
    if len(named) != 1:
        raise bad_input(f"the body must be a JSON object with exactly one of {', '.join(_FORMS)}")
    form, value, parameters = named[0], content[named[0]], content.get("params")
    if parameters is not None and not isinstance(parameters, dict):
        raise bad_input("params must be an object")
    try:
        return form, _input(model, form, value), parameters
    except (ValueError, TypeError, KeyError, AssertionError) as error:
        raise bad_input(f"{form} cannot be read: {error}") from error


def _input(model: Any, form: str, value: Any) -> Any:
    import numpy as np
    import pandas as pd

    signature = model.metadata.get_input_schema()
    tensors = signature is not None and signature.is_tensor_spec()
    if form in ("dataframe_split", "input_data") and isinstance(value, dict) and "data" in value:
        return pd.DataFrame(value["data"], index=value.get("index"), columns=value.get("columns"))
    if form == "dataframe_split":
        raise ValueError('it must be an object with "columns" and "data"')
    if form == "dataframe_records":
        return pd.DataFrame.from_records(value)
    if form == "instances" and isinstance(value, list) and value and isinstance(value[0], dict):
        return pd.DataFrame.from_records(value)
    if isinstance(value, dict):
        return {name: np.array(item) for name, item in value.items()} if tensors else pd.DataFrame(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return pd.DataFrame.from_records(value)
    if not isinstance(value, list):
        raise ValueError("it must be a list or an object")
    if tensors:
        array = np.array(value)
        kinds = signature.numpy_types()
        return array.astype(kinds[0]) if len(kinds) == 1 else array
    names = signature.input_names() if signature is not None and signature.has_input_names() else None
    return pd.DataFrame(value, columns=names)


def _as_asked(model: Any, data: Any) -> Any:
    """A table with the number types of the model's signature: JSON does not tell 1 from 1.0."""
    import numpy as np
    import pandas as pd

    signature = model.metadata.get_input_schema()
    if signature is None or signature.is_tensor_spec() or not isinstance(data, pd.DataFrame):
        return data
    for column in signature.inputs:
        if column.name not in data.columns or not hasattr(column.type, "to_numpy"):
            continue
        kind, values = np.dtype(column.type.to_numpy()), data[column.name]
        numbers = kind.kind in "iuf" and values.dtype.kind in "iuf"
        if numbers and (kind.kind == "f" or (values.notna().all() and (values % 1 == 0).all())):
            data[column.name] = values.astype(kind)
        elif kind.kind == "M":
            data[column.name] = pd.to_datetime(values)
    return data


def _plain(value: Any) -> Any:
    """Predictions as JSON values."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return json.loads(value.to_json(orient="records", date_format="iso"))
    if isinstance(value, pd.Series):
        return json.loads(value.to_json(orient="values", date_format="iso"))
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
