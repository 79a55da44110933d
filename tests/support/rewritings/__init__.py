"""Ways to write the same program differently: what the codemod makes of it must not depend on them.

A rewriting takes the tree of a module and gives the tree of one that does the same, or None where it has nothing to
rewrite or cannot be sure. ``REWRITINGS`` has all of them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.support.rewritings import (
    blocks,
    calls,
    classes,
    functions,
    helpers,
    imports,
    kept,
    made,
    names,
    notebooks,
    spelling,
)
from tests.support.rewritings.code import Program

Rewriting = Callable[[str], Program | None]

_ALL: tuple[Rewriting, ...] = (
    *(blocks.in_main, blocks.in_guard, blocks.in_try, blocks.in_with, blocks.in_two_functions),
    *(calls.keywords_reversed, calls.by_keyword, calls.by_position, calls.keyword_dicts),
    *(calls.constants_on_top, calls.named_arguments),
    *(classes.in_class, classes.constants_in_class),
    *(helpers.in_helpers, helpers.in_helper_module, helpers.constants_in_module),
    *(imports.of_module, imports.of_full_name, imports.under_another_name, imports.of_submodule, imports.inside),
    *(names.renamed, names.annotated, names.in_pairs, names.inlined),
    *(functions.in_coroutine, functions.in_decorated, functions.helpers_decorated, functions.in_typed_functions),
    *(kept.in_dict, kept.in_dataclass, kept.in_globals, kept.in_nonlocals),
    *(kept.in_attributes_of_loops, kept.in_attributes_of_with),
    *(made.walrus, made.conditional, made.of_lambda, made.lazily, made.each_in_with, made.each_in_try),
    *(made.in_try_else, made.in_match, made.by_properties),
    *(spelling.in_f_strings, spelling.in_format, spelling.in_percent, spelling.unchained, spelling.starred),
    *(notebooks.in_one_cell, notebooks.in_cells, notebooks.functions_in_cells),
)
REWRITINGS: Mapping[str, Rewriting] = MappingProxyType({rewriting.__name__: rewriting for rewriting in _ALL})
#: Those that must not change the new code either, but for its imports and the order of keywords.
SAME_RESULT = frozenset(
    {"keywords_reversed", "by_keyword", "by_position", "of_module", "of_full_name", "under_another_name"}
    | {"of_submodule"}
)
