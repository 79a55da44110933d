"""Calls of published pipelines over REST: the bodies, answers and addresses that a module writes by hand.

The body of SDK v1's pipeline services has ``ParameterAssignments``, ``DataSetDefinitionValueAssignments`` and
``DataPathAssignments``; that of a batch endpoint has all inputs in ``properties.InputData``, each with its type. The
answer's ``Id`` is ``name`` there, and a version of the endpoint is a deployment that a header names.
Source: the REST reference of batch endpoints, and what azure-ai-ml sends.
"""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.values import Symbol
from amlbridge.migrate.models.datasets.data import follow, is_unregistered, kind_of
from amlbridge.migrate.models.datasets.paths import upload_of
from amlbridge.migrate.rewriter import Rewriter

_ASSIGNMENTS = ("ParameterAssignments", "DataSetDefinitionValueAssignments", "DataPathAssignments")
#: Other keys of a v1 body -> where they stand below "properties".
_PLAIN = {"Description": ("description",), "Tags": ("tags",), "DisplayName": ("displayName",)}
_KEYS = {"ExperimentName": ("properties", "experimentName"), **_PLAIN}
#: What the SDK told of itself.
_SAYS_NOTHING = frozenset({"RunSource"})
_HEADER = "azureml-model-deployment"
#: What is told of the calls.
ANSWER = 'the answer of a batch endpoint has "name" where it had "Id"; versions are deployments, which have names'


class RestCalls:
    """Converts all REST calls of a module, once."""

    def __init__(self, to: Rewriter) -> None:
        self.to = to
        self._nodes = list(to.evaluator.scopes.parents)
        #: What all calls send, and what those of a published pipeline's address send.
        self._sent = [node for call in _named(to, "post", "request") for node in self._bodies(call)]
        self._sent_there = [node for call in self._posts() if self._is_there(call) for node in self._bodies(call)]

    @classmethod
    def convert(cls, to: Rewriter) -> bool:
        """Converts what the module has of bodies, answers and versions. Returns whether there was something. Raises
        ValueError where a part of it has no counterpart."""
        if "rest calls" not in to.memory:
            calls = cls(to)
            found = [calls.to_endpoints()]
            found += [calls.body(node) for node in calls._nodes if isinstance(node, ast.Dict)]
            found += [calls.added(node) for node in calls._nodes if isinstance(node, ast.Assign)]
            if any(found):
                calls.answers()
            calls.versions()
            to.memory["rest calls"] = any(found)
        return bool(to.memory["rest calls"])

    # Calls ------------------------------------------------------------------------------------------------------

    def to_endpoints(self) -> bool:
        """Whether an address of a published pipeline is called here. Raises ValueError where it is not seen what the
        call sends."""
        calls = [call for call in self._posts() if self._is_there(call)]
        if any(_payload(call) and not self._bodies(call) for call in calls):
            raise ValueError(_UNSEEN)
        return bool(calls)

    def _is_there(self, call: ast.Call) -> bool:
        value = self.to.evaluator.value(call.args[0])
        return isinstance(value, Symbol) and value.name in ("PublishedPipeline.endpoint", "PipelineEndpoint.endpoint")

    def _bodies(self, call: ast.Call) -> list[ast.Dict]:
        """The dicts that a call sends: written there or in a variable, as they are or as JSON."""
        found: list[ast.Dict] = []
        seen: set[ast.expr] = set()
        todo = _payload(call)
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, ast.Dict):
                found.append(node)
            elif isinstance(node, ast.Name):
                bindings = self.to.evaluator.scopes.lookup(node.id, node)
                todo += [binding.value for binding in bindings if isinstance(binding.value, ast.expr)]
            elif isinstance(node, ast.IfExp):
                todo += [node.body, node.orelse]
            elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
                name = ast.unparse(node.func)
                if name.endswith("dumps"):
                    todo += node.args[:1]
                elif isinstance(node.func, ast.Attribute) and node.func.attr in ("encode", "copy"):
                    todo.append(node.func.value)
        return found

    # Bodies -----------------------------------------------------------------------------------------------------

    def body(self, node: ast.Dict) -> bool:
        """A body that is written out, or one that other statements add to."""
        keys = self._keys(node)
        added = self._added_to(node)
        if not self._is_one(node, [*keys, *added]):
            return False
        if None in keys:
            raise ValueError(_UNSEEN)
        self.to.rename(node, self._body(node, [str(key) for key in keys], added))
        return True

    def _is_one(self, node: ast.Dict, keys: list[str | None]) -> bool:
        """Whether a dict is the body of a published pipeline's call. An experiment's name alone does not tell, unless
        something sends the dict."""
        if any(key in _ASSIGNMENTS for key in keys):
            return True
        return (node in self._sent and "ExperimentName" in keys) or (node in self._sent_there and bool(keys))

    def _keys(self, node: ast.Dict) -> list[str | None]:
        return [self.to.evaluator.text(key) if key is not None else None for key in node.keys]

    def _body(self, node: ast.Dict, keys: list[str], added: list[str]) -> str:
        """``added``: the keys that other statements add, which need the dicts that they are added to."""
        parts: list[str] = []
        if "ExperimentName" in added and "ExperimentName" not in keys:
            parts.append('"properties": {}')
        data: list[str] = []
        for key, value in zip(keys, node.values, strict=True):
            if key in _ASSIGNMENTS:
                data += self._inputs(key, value)
            elif key not in _SAYS_NOTHING:
                *outer, name = _place(key)
                code = f'"{name}": {self.to.source(value)}'
                parts.append(f'"{outer[0]}": {{{code}}}' if outer else code)
        if data or any(key in _ASSIGNMENTS for key in added):
            parts.append(f'"InputData": {{{", ".join(data)}}}')
        return f'{{"properties": {{{", ".join(parts)}}}}}'

    def _inputs(self, kind: str, node: ast.expr) -> list[str]:
        """The entries of InputData for one group of assignments."""
        if not isinstance(node, ast.Dict):
            if kind != "ParameterAssignments":
                raise ValueError(f"the {kind} of the REST call are put together in a way that cannot be followed")
            literal = '{"JobInputType": "Literal", "Value": str(value)}'
            return [f"**{{key: {literal} for key, value in {self.to.source(node)}.items()}}"]
        found = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise ValueError(f"the {kind} of the REST call are put together in a way that cannot be followed")
            found.append(f"{self.to.source(key)}: {self._input(kind, value)}")
        return found

    def _input(self, kind: str, node: ast.expr) -> str:
        if kind == "ParameterAssignments":
            return f'{{"JobInputType": "Literal", "Value": {self._literal(node)}}}'
        if isinstance(node, ast.Name):  # a variable: its dict is converted where it is written
            parents = self.to.evaluator.scopes.lookup(node.id, node)
            dicts = [binding.value for binding in parents if isinstance(binding.value, ast.Dict)]
            if len(dicts) == 1 and len(parents) == 1:
                self.to.rename(dicts[0], self._data(dicts[0]))
                return node.id
        if isinstance(node, ast.Dict):
            return self._data(node)
        raise ValueError(f"the {kind} of the REST call are put together in a way that cannot be followed")

    def _literal(self, node: ast.expr) -> str:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str):
            return self.to.source(node)
        return json.dumps(str(value)) if value is not None else f"str({self.to.source(node)})"

    def _data(self, node: ast.Dict) -> str:
        """``{"DataStoreName", "RelativePath"}`` and ``{"SavedDataSetReference": {"Id"}}``."""
        given = dict(zip(self._keys(node), node.values, strict=True))
        store, path = given.get("DataStoreName"), given.get("RelativePath")
        if store is not None and path is not None:
            return f'{{"JobInputType": "UriFolder", "Uri": {self._address(store, path)}}}'
        saved = given.get("SavedDataSetReference")
        inner = saved.values[0] if isinstance(saved, ast.Dict) and self._keys(saved) == ["Id"] else None
        if not isinstance(inner, ast.Attribute) or inner.attr != "id":
            raise ValueError("give the data asset of this REST call: an id of SDK v1's datasets is none of SDK v2's")
        asset = self.to.source(inner.value)
        data = follow(inner.value, self.to)
        if data is not None and is_unregistered(data, self.to):
            kind = kind_of(data, self.to).title().replace("_", "")
            return f'{{"JobInputType": "{kind}", "Uri": {asset}.path}}'
        kind = f'{asset}.type.title().replace("_", "")'
        return f'{{"JobInputType": {kind}, "Uri": "azureml:" + {asset}.id}}'

    def _address(self, store: ast.expr, path: ast.expr) -> str:
        uploaded = upload_of(path, self.to)
        if uploaded is not None:
            return uploaded
        name, inside = self.to.evaluator.text(store), self.to.source(path)
        if name is None and '"' not in (code := self.to.source(store)):
            name = f"{{{code}}}"
        if name is None:
            return f'"azureml://datastores/" + {self.to.source(store)} + "/paths/" + {inside}'
        if isinstance(path, ast.JoinedStr) and inside.startswith('f"'):
            return f'f"azureml://datastores/{name}/paths/{inside[2:]}'
        return f'f"azureml://datastores/{name}/paths/" + {inside}'

    def _added_to(self, node: ast.Dict) -> list[str]:
        """The keys that other statements give the variable of a dict."""
        parent = self.to.evaluator.scopes.parents.get(node)
        if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name):
            return []
        name = parent.targets[0].id
        scope = self.to.evaluator.scopes.of(parent)
        found = []
        for other in self._nodes:
            key = self._added_key(other, name) if isinstance(other, ast.Assign) else None
            if key is not None and self.to.evaluator.scopes.of(other) is scope:
                found.append(key)
        return found

    def _added_key(self, statement: ast.Assign, name: str | None = None) -> str | None:
        target = statement.targets[0]
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return None
        if name is not None and target.value.id != name:
            return None
        key = self.to.evaluator.text(target.slice)
        return key if key in _ASSIGNMENTS or key in _KEYS else None

    def added(self, statement: ast.Assign) -> bool:
        """``body["ParameterAssignments"] = {...}``."""
        key = self._added_key(statement)
        target = statement.targets[0]
        if key is None or not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return False
        if not self._is_body(target.value):
            return False
        start = f'{target.value.id}["properties"]'
        if key not in _ASSIGNMENTS:
            place = "".join(f'["{part}"]' for part in _place(key))
            self.to.replace_statement(statement, f"{start}{place} = {self.to.source(statement.value)}")
            return True
        entries = self._inputs(key, statement.value)
        lines = [_assignment(f'{start}["InputData"]', entry) for entry in entries]
        self.to.replace_statement(statement, "\n".join(lines))
        return True

    def _is_body(self, name: ast.Name) -> bool:
        """Whether a variable holds a body: its dict says so, or what is added to it."""
        bindings = self.to.evaluator.scopes.lookup(name.id, name)
        dicts = [binding.value for binding in bindings if isinstance(binding.value, ast.Dict)]
        if len(dicts) != 1:
            raise ValueError(_UNSEEN)
        return self._is_one(dicts[0], [*self._keys(dicts[0]), *self._added_to(dicts[0])])

    # Answers and versions ---------------------------------------------------------------------------------------

    def answers(self) -> None:
        """``response.json()["Id"]`` and ``response.json().get("Id")``: the job's name."""
        for node in self._nodes:
            if isinstance(node, ast.Constant) and node.value == "Id":
                parent = self.to.evaluator.scopes.parents.get(node)
                answer = parent.value if isinstance(parent, ast.Subscript) else None
                if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute):
                    answer = parent.func.value if parent.func.attr == "get" and parent.args[:1] == [node] else None
                if isinstance(answer, (ast.Call, ast.Name)) and self._is_answer(answer):
                    self.to.rename(node, '"name"')

    def _is_answer(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            bindings = self.to.evaluator.scopes.lookup(node.id, node)
            made = [binding.value for binding in bindings if binding.value is not None]
            return bool(made) and all(isinstance(value, ast.Call) and self._is_answer(value) for value in made)
        function = node.func if isinstance(node, ast.Call) else None
        return isinstance(function, ast.Attribute) and (
            function.attr == "json" or (function.attr == "loads" and ast.unparse(function.value) == "json")
        )

    def versions(self) -> None:
        """``f"{url}/{version}"``: the version becomes a header of the call."""
        for node in self._nodes:
            if not isinstance(node, ast.JoinedStr) or (found := self._versioned(node)) is None:
                continue
            url, version = found
            statement = self.to.evaluator.scopes.parents.get(node)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = self.to.fresh("deployment_name")
                bindings = self.to.evaluator.scopes.lookup(url.id, url)
                made = (b.statement for b in bindings if b.value is not node)
                first = next(s for s in made if isinstance(s, ast.Assign))
                posts = [call for call in self._posts() if _names(call.args[0], statement.targets[0].id)]
                if not posts or statement.targets[0].id != url.id:
                    raise ValueError(_VERSION)
                self.to.after(first, f"{name} = None  # the default one")
                self.to.replace_statement(statement, f"{name} = {self.to.source(version)}")
                for call in posts:
                    self._with_header(call, name)
            elif isinstance(statement, ast.Call) and statement in self._posts() and statement.args[0] is node:
                self.to.rename(node, url.id)
                self._with_header(statement, self.to.source(version))
            else:
                raise ValueError(_VERSION)

    def _versioned(self, node: ast.JoinedStr) -> tuple[ast.Name, ast.expr] | None:
        if len(node.values) != 3:
            return None
        first, slash, last = node.values
        if not isinstance(first, ast.FormattedValue) or not isinstance(last, ast.FormattedValue):
            return None
        url = first.value
        if not isinstance(url, ast.Name) or not isinstance(slash, ast.Constant) or slash.value != "/":
            return None
        value = self.to.evaluator.value(url)
        of_endpoint = isinstance(value, Symbol) and value.name == "PipelineEndpoint.endpoint"
        return (url, last.value) if of_endpoint else None

    def _posts(self) -> list[ast.Call]:
        return [call for call in _named(self.to, "post") if call.args]

    def _with_header(self, call: ast.Call, deployment: str) -> None:
        headers = next((keyword.value for keyword in call.keywords if keyword.arg == "headers"), None)
        if headers is None:
            raise ValueError(_VERSION)
        self.to.rename(headers, f'{{**{self.to.source(headers)}, "{_HEADER}": {deployment}}}')


def calls_endpoints(to: Rewriter) -> bool:
    """Whether what a module calls over REST are published pipelines, and nothing of Azure Resource Manager: then its
    headers are for batch endpoints. Converts the calls, also those of an address that is read from elsewhere. Raises
    ValueError where a part of them has no counterpart."""
    return RestCalls.convert(to) and "management.azure.com" not in to.lines.text


_UNSEEN = "the body of the REST call is put together in a way that cannot be followed"
_VERSION = f"a version of a batch endpoint is a deployment: name it in the header {_HEADER}, not in the address"


def _named(to: Rewriter, *names: str) -> list[ast.Call]:
    return [call for name in names for call in to.evaluator.calls().get(name, ())]


def _payload(call: ast.Call) -> list[ast.expr]:
    """What a call of requests sends: post(url, data, json)."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("json", "data")]
    given = [*named, *(call.args[1:3] if ast.unparse(call.func).endswith("post") else [])]
    return [node for node in given if not is_none(node)]


def _place(key: str) -> tuple[str, ...]:
    if key not in _KEYS:
        raise ValueError(f"the body of a batch endpoint's REST call has no {key}")
    return _KEYS[key]


def _assignment(start: str, entry: str) -> str:
    """A statement that adds an entry of a dict: ``"x": 1`` -> ``start["x"] = 1``."""
    if entry.startswith("**"):
        return f"{start}.update({entry[2:]})"
    pair = ast.parse(f"{{{entry}}}", mode="eval").body
    assert isinstance(pair, ast.Dict) and pair.keys[0] is not None
    text = f"{{{entry}}}"
    key = ast.get_source_segment(text, pair.keys[0])
    value = ast.get_source_segment(text, pair.values[0])
    return f"{start}[{key}] = {value}"


def _names(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
