"""What a module does with the image of a web service, which decides what the image becomes.

An image that is only the way to a deployment of the same module goes: the deployment names models, environment and
code. One that is used in another way too (its name is written down for another program, a function returns it) becomes
a package of the model, the environment of which such a program finds again and deploys.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: What an image tells of itself.
TOLD = frozenset(
    {"name", "version", "id", "creation_state", "image_location", "image_build_log_uri", "created_time", "description"}
)


def is_packaged(image: Use | None, to: Rewriter) -> bool:
    """Whether an image becomes a package: no deployment of this module makes it, or it is used beside one. None: the
    use that made it is not in the module."""
    if image is None or not image.symbol.endswith("Image.create"):
        return True
    names = Objects.of(to).names(image.node)
    if Objects.of(to).variable(image.node) is None:
        return True
    located = any(_is_located(name, to) and not is_shown(name, to) for name in names)
    if located or not any(_is_deployed(name, to) for name in names):
        return True
    spare = (_is_deployed, _is_waited_for, is_shown, is_checked, _is_deleted, _is_located, _is_asked_for_all)
    return not all(any(test(name, to) for test in spare) for name in names)


def _is_deployed(name: ast.Name, to: Rewriter) -> bool:
    """Whether a web service is made of the image, or changed to it."""
    parent = to.evaluator.scopes.parents.get(name)
    if isinstance(parent, ast.keyword):
        parent = to.evaluator.scopes.parents.get(parent)
    return any(use.node is parent and use.symbol.endswith((".deploy_from_image", ".update")) for use in to.uses)


def _is_waited_for(name: ast.Name, to: Rewriter) -> bool:
    return any(use.receiver is name and use.symbol.endswith(".wait_for_creation") for use in to.uses)


def _is_located(name: ast.Name, to: Rewriter) -> bool:
    told = to.evaluator.scopes.parents.get(name)
    return isinstance(told, ast.Attribute) and told.attr == "image_location"


def _is_deleted(name: ast.Name, to: Rewriter) -> bool:
    return any(use.receiver is name and use.symbol.endswith("Image.delete") and use.is_statement for use in to.uses)


def is_checked(name: ast.Name, to: Rewriter) -> bool:
    """Whether a statement only gives up when the image could not be built, which the client does by itself."""
    told = to.evaluator.scopes.parents.get(name)
    check: ast.AST | None = to.evaluator.scopes.statement_of(name)
    if isinstance(check, ast.Raise):  # raise RuntimeError(image.creation_state)
        check = to.evaluator.scopes.parents.get(check)
    if not (isinstance(told, ast.Attribute) and told.attr in TOLD and isinstance(check, ast.If)):
        return False
    test = check.test
    if not (isinstance(test, ast.Compare) and isinstance(test.left, ast.Attribute)):
        return False
    asks = test.left.attr == "creation_state" and ast.dump(test.left.value) == ast.dump(name)
    return asks and isinstance(check.body[-1], ast.Raise) and not check.orelse and _is_failure(test)


def _is_failure(test: ast.Compare) -> bool:
    word = test.comparators[0]
    if not (isinstance(word, ast.Constant) and len(test.ops) == 1):
        return False
    unlike = isinstance(test.ops[0], ast.NotEq) and word.value == "Succeeded"
    return unlike or (isinstance(test.ops[0], ast.Eq) and word.value == "Failed")


def is_shown(name: ast.Name, to: Rewriter) -> bool:
    """Whether a statement only shows what the image tells: ``print(image.creation_state)``."""
    told = to.evaluator.scopes.parents.get(name)
    statement = to.evaluator.scopes.statement_of(name)
    if not (isinstance(told, ast.Attribute) and told.attr in TOLD and isinstance(statement, ast.Expr)):
        return False
    shown = statement.value
    printed = isinstance(shown, ast.Call) and isinstance(shown.func, ast.Name) and shown.func.id == "print"
    names = {node.id for node in ast.walk(shown) if isinstance(node, ast.Name)} - {name.id}
    return shown is told or (printed and names == {"print"})


def _is_asked_for_all(name: ast.Name, to: Rewriter) -> bool:
    """Whether a loop only shows all images: ``for each in image.list(ws): print(each.name)``."""
    return any(use.receiver is name and use.symbol.endswith(".list") and shows(use, to) for use in to.uses)


def shows(listed: Use, to: Rewriter) -> bool:
    """Whether a loop over all images only prints what they tell."""
    loop = listed.statement
    if not (isinstance(loop, ast.For) and loop.iter is listed.node and isinstance(loop.target, ast.Name)):
        return False
    return all(
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} <= {"print", loop.target.id}
        for statement in loop.body
    )
