"""A template's syntax tree → one that counts its work; and what Python's own parts may do in it."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, Any, cast

from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.sandbox import safe_range
from jinja2.tests import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2.runtime import Context

MOST = 10_000_000  # units of work for all templates of a report, a few seconds; a letter is one
ROUND, CALL = 10, 100  # units
LONGEST = 10_000  # letters or parts of what an operator makes
MOST_DIGITS = 15
HOLDERS: tuple[type[Any], ...] = (list, tuple, dict, set, KeysView, ValuesView, ItemsView)
SIZED: tuple[type[Any], ...] = (str, bytes, *HOLDERS)
LARGEST = 10**15  # number that is reckoned with
METHODS = frozenset(  # of texts, lists and the like: none fills up to a width, none changes them
    "capitalize casefold count endswith find get index isalpha isdigit items keys lower "  # noqa: SIM905 - else thirty lines
    "lstrip "
    "partition removeprefix removesuffix rfind rpartition rsplit rstrip split splitlines "
    "startswith strip swapcase title upper values".split()
)
FILTERS_KEPT = (  # those of Jinja's that make nothing much longer than what they get
    "abs capitalize count d default dictsort first float int items last length list "  # noqa: SIM905 - as above
    "lower map max min reject rejectattr reverse round select selectattr sort title trim unique "
    "upper".split()
)
OUTSIDE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class Budget:
    """The work that the templates of one report may still do."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def spend(self, units: int) -> None:
        """Count work; SecurityError once it is too much."""
        self.left -= units
        if self.left < 0:
            raise SecurityError("the templates go on without end; shorten loops and macros")

    def written(self, value: Any) -> Any:
        """Count the letters or parts of what is printed, or was made by a call; return it."""
        self.spend(len(value) if isinstance(value, SIZED) else 1)
        return value

    def seen(self, value: Any) -> Any:
        """Count all that is looked at when a value is compared, sorted or written; return it.

        What a list holds twice counts twice, for whoever compares looks at it twice.
        """
        if isinstance(value, Iterator):
            value = list(self.rounds(value))
        left: list[Any] = [value]
        while left:
            part = left.pop()
            self.spend(ROUND + (len(part) if isinstance(part, str) else 0))
            if isinstance(part, HOLDERS):
                left += part.items() if isinstance(part, dict) else part
        return value

    def rounds(self, items: Iterable[Any], length: int = 0) -> Iterator[Any]:
        """Yield what a loop goes over, whose body holds a text of `length` letters."""
        for item in items:
            self.spend(ROUND + length)
            yield item

    def range(self, *bounds: int) -> range:
        """Return whole numbers, each of which may become a part of a list."""
        numbers = safe_range(*bounds)
        self.spend(len(numbers))
        return numbers

    def joined(self, *values: Any, between: str = "") -> str:
        """Return the texts of values, one after the other."""
        texts = [str(self.seen(value)) for value in values]
        self.spend(sum(map(len, texts)) + len(texts) * len(between))
        return between.join(texts)


def kept_filters() -> dict[str, Callable[..., Any]]:
    """Return the filters of Jinja's own that a template may use."""
    kept = {name: FILTERS[name] for name in FILTERS_KEPT} | {"round": _round}
    return {name: _counting(one) for name, one in kept.items()} | {"join": _join}


def kept_tests() -> dict[str, Any]:
    """Return Jinja's tests, such as in `x is defined`."""
    return {name: _counting(cast("Any", one)) for name, one in TESTS.items()}


def _counting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or test that counts what it gets and what it makes."""
    passes = getattr(function, "jinja_pass_arg", None)

    @pass_context
    def counted(context: Context, *values: Any, **options: Any) -> Any:
        environment = context.environment
        budget = environment.budget  # type: ignore[attr-defined] # of Templates
        seen = [budget.seen(value) for value in values]
        for value in options.values():
            budget.seen(value)
        first = {"context": (context,), "eval_context": (context.eval_ctx,)}
        more = first.get(passes.name, (environment,)) if passes else ()
        return budget.written(function(*more, *seen, **options))

    return counted


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    """Round as Jinja does, but to no billion digits."""
    if abs(precision) > MOST_DIGITS:
        raise SecurityError(f"round knows {MOST_DIGITS} digits at most")
    rounded: float = FILTERS["round"](value, precision, method)
    return rounded


@pass_context
def _join(context: Context, values: Iterable[Any], between: str = "") -> str:
    joined: str = context.environment.budget.joined(*values, between=between)  # type: ignore[attr-defined] # of Templates
    return joined


def size_of(sign: str, left: Any, right: Any) -> int:
    """Return how long a text or list an operator makes; SecurityError where it is too large."""
    numbers = [abs(one) for one in (left, right) if isinstance(one, int | float)]
    parts = sum(len(one) for one in (left, right) if isinstance(one, str | list | tuple))
    if sign == "%" and isinstance(left, str):
        raise SecurityError("% fills in no text here; join texts with ~")
    if not parts and len(numbers) == 2 and _is_large(sign, *numbers):  # noqa: PLR2004 - both
        raise SecurityError(f"{sign} makes too large a number here")
    size = parts * (max(numbers, default=1) if sign == "*" else 1)
    if size > LONGEST:
        raise SecurityError(f"{sign} makes more than {LONGEST:,} letters or parts here")
    return int(size)


def _is_large(sign: str, left: float, right: float) -> bool:
    is_high = sign == "**" and (left > 1000 or right > 10)  # noqa: PLR2004 - 100 bits at most
    return is_high or max(left, right) > LARGEST


def bound(tree: nodes.Template) -> None:
    """Let a template count its rounds and what it joins; its environment has the budget."""
    for loop in tree.find_all(nodes.For):
        length = sum(len(text.data) for text in loop.find_all(nodes.TemplateData))
        items = cast("nodes.Expr", loop.iter)
        loop.iter = _asked("rounds", [items, nodes.Const(length)], loop.lineno)
    for parent in [tree, *tree.find_all(nodes.Node)]:
        for name, value in list(parent.iter_fields()):
            if isinstance(value, list):
                value[:] = map(_counted, value)
            else:
                setattr(parent, name, _counted(value))


def _counted(value: Any) -> Any:
    """Return what takes the place of a ~ b, a[1:], and of what is compared; or it as it is."""
    match value:
        case nodes.Concat():
            return _asked("joined", value.nodes, value.lineno)
        case nodes.Getitem(arg=nodes.Slice()):
            return _asked("written", [value], value.lineno)
        case nodes.Compare():
            value.expr = _seen(value.expr)
            for operand in value.ops:
                operand.expr = _seen(operand.expr)
        case nodes.Pair():  # of a dict: its key is hashed
            value.key = _seen(value.key)
    return value


def _seen(value: nodes.Expr) -> nodes.Expr:
    is_plain = isinstance(value, nodes.Const)
    return value if is_plain else _asked("seen", [_counted(value)], value.lineno)


def _asked(name: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    function = nodes.Getattr(nodes.EnvironmentAttribute("budget"), name, "load")
    call = nodes.Call(function, arguments, [], None, None)
    call.set_lineno(line)
    return call
