"""What a hyperparameter may be: the distributions that both SDKs know, each as a function of a number in [0, 1).

Their JSON form is that of the services: ``["uniform", [0.1, 0.9]]``, ``["choice", [[16, 32]]]``. A value of a choice
may be any JSON; one that is an object may hold further distributions, which are drawn when that value was chosen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist
from typing import Any

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Json

CHOICE = "choice"
#: Name -> the names of its numbers, in the order in which they stand.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "randint": ("upper",),
    "uniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "loguniform": ("min_value", "max_value"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
}
NAMES = frozenset((CHOICE, *_NUMBERS))
#: So many steps of a quantised distribution are told apart: beyond, its values count as a continuum.
_MOST_STEPS = 10**9
#: math.exp overflows a little above this.
_HIGHEST_EXPONENT = 700.0

#: Gives the next number in [0, 1).
Draw = Callable[[], float]


@dataclass(frozen=True)
class Distribution:
    """One hyperparameter. ``numbers`` as the SDKs order them (``min_value, max_value, q``); ``values`` of a choice."""

    name: str
    numbers: tuple[float, ...] = ()
    values: tuple[Json, ...] = ()

    def json(self) -> Json:
        """The form of the services."""
        if self.name == CHOICE:
            return [CHOICE, [[_value_json(item) for item in self.values]]]
        return [self.name, list(self.numbers)]

    def draw(self, draw: Draw, base: float = math.e) -> Json:
        """A value; ``base`` is that of the logarithmic distributions."""
        if self.name == CHOICE:
            chosen = self.values[min(int(draw() * len(self.values)), len(self.values) - 1)]
            return _filled(chosen, draw, base)
        return self._at(draw(), base)

    def _at(self, share: float, base: float) -> int | float:
        """The value below which ``share`` of all values lie."""
        if self.name == "randint":
            return min(int(share * self.numbers[0]), int(self.numbers[0]) - 1)
        if "uniform" in self.name:
            low, high = self.numbers[:2]
            found = min(high, max(low, low + share * (high - low)))
        else:
            mu, sigma = self.numbers[:2]
            # Neither end of the open interval has a quantile.
            inside = min(max(share, 1e-12), 1 - 1e-12)
            found = NormalDist(mu, sigma).inv_cdf(inside) if sigma > 0 else mu
        if "log" in self.name:
            found = base**found
        return self._rounded(found, base) if self.name.startswith("q") else found

    def _rounded(self, value: float, base: float) -> int | float:
        count = math.floor(value / self.numbers[2] + 0.5)
        bounds = self._steps(base)
        if bounds is not None:
            count = min(max(count, bounds[0]), bounds[1])
        return self.at_step(count)

    def at_step(self, count: int) -> int | float:
        """So many times ``q``; a whole number as one, so that a script may read it with ``int``."""
        found = count * self.numbers[2]
        return int(found) if float(found).is_integer() else found

    @property
    def steps(self) -> tuple[int, int]:
        """The first and the last multiple of ``q`` of a quniform."""
        found = self._steps(math.e)
        assert found is not None, self.name
        return found

    def _steps(self, base: float) -> tuple[int, int] | None:
        """The first and the last multiple of ``q`` within the bounds; None without bounds."""
        if "uniform" not in self.name or not self.name.startswith("q"):
            return None
        low, high, step = self.numbers
        if "log" in self.name:
            low, high = base**low, base**high
        slack = 1e-9
        return math.ceil(low / step - slack), math.floor(high / step + slack)

    def size(self, base: float = math.e) -> int | None:
        """How many values there are; None for a continuum."""
        if self.name == CHOICE:
            sizes = {_key(item): _value_size(item, base) for item in self.values}
            known = [item for item in sizes.values() if item is not None]
            return sum(known) if len(known) == len(sizes) else None
        if self.name == "randint":
            return int(self.numbers[0])
        bounds = self._steps(base)
        if bounds is not None:
            count = bounds[1] - bounds[0] + 1
            return count if count <= _MOST_STEPS else None
        return 1 if "normal" in self.name and self.numbers[1] == 0 else None

    def all(self) -> Iterator[Json]:
        """Every value of a choice, in its order; those of the choices within one before the next."""
        for item in self.values:
            yield from _every(item)

    @property
    def nested(self) -> bool:
        """Whether a value of the choice holds distributions."""
        return any(isinstance(item, dict) and any(_inner(item)) for item in self.values)

    def inside(self) -> Iterator[Distribution]:
        """The distributions within the values of a choice."""
        for item in self.values:
            if isinstance(item, dict):
                for found in _inner(item):
                    yield found
                    yield from found.inside()


def parse(content: Any, spot: str) -> Distribution:
    """A distribution from its JSON form. Raises :class:`PlanError` that begins with ``spot``."""
    if not _looks_like(content):
        raise PlanError(f"{spot}: a distribution is [name, [arguments]] with a name among {', '.join(sorted(NAMES))}")
    name, arguments = content[0].lower(), content[1]
    if name == CHOICE:
        return _choice(arguments, spot)
    wanted = _NUMBERS[name]
    if len(arguments) != len(wanted):
        raise PlanError(f"{spot}: {name} takes {', '.join(wanted)}, not {len(arguments)} values")
    for label, value in zip(wanted, arguments, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise PlanError(f"{spot}: {label} of {name} must be a finite number, not {value!r}")
    found = Distribution(name, tuple(arguments))
    _check(found, spot)
    return found


def _check(item: Distribution, spot: str) -> None:
    numbers = item.numbers
    if item.name == "randint":
        if numbers[0] < 1 or not float(numbers[0]).is_integer():
            raise PlanError(f"{spot}: upper of randint must be a whole number of at least 1, not {numbers[0]!r}")
        return
    if item.name.startswith("q") and numbers[2] <= 0:
        raise PlanError(f"{spot}: q of {item.name} must be greater than 0, not {numbers[2]!r}")
    if "normal" in item.name:
        if numbers[1] < 0:
            raise PlanError(f"{spot}: sigma of {item.name} must not be negative, and is {numbers[1]!r}")
        highest = numbers[0] + 8 * numbers[1]
    else:
        if numbers[0] > numbers[1]:
            raise PlanError(f"{spot}: min_value of {item.name} ({numbers[0]!r}) is above max_value ({numbers[1]!r})")
        highest = numbers[1]
    if "log" in item.name and highest > _HIGHEST_EXPONENT:
        raise PlanError(
            f"{spot}: {item.name} takes the logarithms of its bounds, and exp({highest:g}) is no number: did you mean "
            f"log({numbers[-1 if len(numbers) < 3 else 1]!r})?"
        )
    steps = item._steps(math.e)
    if steps is not None and steps[0] > steps[1]:
        raise PlanError(f"{spot}: no multiple of q={numbers[2]!r} lies between the bounds of {item.name}")


def _choice(arguments: list[Any], spot: str) -> Distribution:
    values = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
    if not values:
        raise PlanError(f"{spot}: choice needs at least one value")
    return Distribution(CHOICE, values=tuple(_value(item, f"{spot}[{index}]") for index, item in enumerate(values)))


def _value(item: Any, spot: str) -> Json:
    if not isinstance(item, Mapping):
        return item
    return {str(name): parse(inner, f"{spot}.{name}") if _looks_like(inner) else inner for name, inner in item.items()}


def _looks_like(content: Any) -> bool:
    return (
        isinstance(content, list | tuple)
        and len(content) == 2
        and isinstance(content[0], str)
        and content[0].lower() in NAMES
        and isinstance(content[1], list | tuple)
    )


def _inner(item: Mapping[str, Json]) -> Iterator[Distribution]:
    return (inner for inner in item.values() if isinstance(inner, Distribution))


def _value_json(item: Json) -> Json:
    if not isinstance(item, dict):
        return item
    return {name: inner.json() if isinstance(inner, Distribution) else inner for name, inner in item.items()}


def _filled(item: Json, draw: Draw, base: float) -> Json:
    if not isinstance(item, dict):
        return item
    return {name: inner.draw(draw, base) if isinstance(inner, Distribution) else inner for name, inner in item.items()}


def _value_size(item: Json, base: float) -> int | None:
    sizes = [inner.size(base) for inner in _inner(item)] if isinstance(item, dict) else []
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def _every(item: Json) -> Iterator[Json]:
    if not isinstance(item, dict):
        yield item
        return
    columns = [list(inner.all()) if isinstance(inner, Distribution) else [inner] for inner in item.values()]
    for row in product(*columns):
        yield dict(zip(item, row, strict=True))


def _key(item: Json) -> str:
    return json.dumps(_value_json(item), sort_keys=True)
