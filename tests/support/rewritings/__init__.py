"""Ways to write the same program differently: what the codemod makes of it must not depend on them.

A rewriting takes the tree of a module and gives the tree of one that does the same, or None where it has nothing to
rewrite or cannot be sure. ``REWRITINGS`` has all of them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.support.rewritings import blocks, calls, classes, helpers, imports, names
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
)
REWRITINGS: Mapping[str, Rewriting] = MappingProxyType({rewriting.__name__: rewriting for rewriting in _ALL})
#: Those that must not change the new code either, but for its imports and the order of keywords.
SAME_RESULT = frozenset(
    {"keywords_reversed", "by_keyword", "by_position", "of_module", "of_full_name", "under_another_name"}
    | {"of_submodule"}
)
