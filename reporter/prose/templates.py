"""What authors write → templates: Jinja in a sandbox, with claims, over the names it may call."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from inspect import signature
from types import MethodType
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment

from reporter.errors import ReportError, nearest
from reporter.prose.cells import TableView
from reporter.prose.claims import ClaimExtension, Court
from reporter.prose.limits import (
    CALL,
    METHODS,
    OUTSIDE,
    SIZED,
    Budget,
    bound,
    kept_filters,
    kept_tests,
    size_of,
)
from reporter.prose.markdown import ID_CLOSE, ID_OPEN
from reporter.prose.tools import filters
from reporter.prose.values import Missing, Value
from reporter.prose.views import Runs, RunView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import CodeType

    from jinja2.runtime import Context

CLOSED = frozenset(
    {"desk", "style", "numbers", "metrics", "meaning", "raw"}
)  # of values: prose reads, filters print


@pass_context
def _printable(context: Context, value: object) -> object:
    """Return what a template prints; ReportError for what has no words of its own."""
    if isinstance(value, str | int | float | Value | Missing | Undefined):
        return context.environment.budget.written(value)  # type: ignore[attr-defined] # of Templates
    kind = KINDS.get(type(value), f"a {type(value).__name__}")
    raise ReportError(f"{kind} can't be printed; name a value of it, or call it")


KINDS = {RunView: "a run", Runs: "all runs", TableView: "a table", MethodType: "a function"}
PYTHONS = (str, bytes, int, float, list, tuple, dict, set, range, type, zip)
SETTING: Mapping[str, Any] = {
    "finalize": _printable,
    "undefined": StrictUndefined,
    "keep_trailing_newline": True,
    "trim_blocks": True,  # so that claims on lines of their own flow in one paragraph
    "lstrip_blocks": True,
}
TOO_MUCH = "too much stands within each other; take some brackets or blocks away"
TAGS = ("claim", "else", "endclaim", "if", "elif", "endif", "for", "endfor", "set", "raw", "endraw")
SIGNS = {"'end of print statement'": "'}}'", "'end of statement block'": "'%}'"}
HEADING_ID = re.compile(r"\{#(sec-[\w.-]+)\}")
OTHER_ID = re.compile(r"\{#[\w.:-][^#{}\n]*\}")  # which Jinja takes for a comment's beginning


class Templates(SandboxedEnvironment):
    """Jinja for sections: sandboxed; undefined names are errors; values' inner parts are closed.

    Nothing is read from files, and a report's templates together have a budget of work.
    """

    court: Court
    budget: Budget
    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Keep the {#id} of headings from being read as the beginning of a comment."""
        text = HEADING_ID.sub(f"{ID_OPEN}\\1{ID_CLOSE}", super().preprocess(source, name, filename))
        wrong = OTHER_ID.search(text)
        if wrong:
            told = (
                f"{wrong[0]}: a heading's id is {{#sec-name}}, an equation's (eq-name), a "
                f'figure\'s id="fig-name"; a comment ends with #}}'
            )
            raise TemplateSyntaxError(told, text.count("\n", 0, wrong.start()) + 1)
        return text

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Keep templates away from what values carry along, and from most of Python's own."""
        is_ours = attr in METHODS or not isinstance(obj, PYTHONS)
        return is_ours and attr not in CLOSED and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, _value: Any) -> None:
        """Leave str.format to `is_safe_attribute`, which refuses it."""

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call something, as far as the budget goes."""
        self.budget.spend(CALL)
        for value in (getattr(obj, "__self__", None), *args, *kwargs.values()):
            if isinstance(value, SIZED):
                self.budget.seen(value)
        if isinstance(obj, LoopContext):
            args = tuple(map(self.budget.rounds, args))
        return self.budget.written(super().call(context, obj, *args, **kwargs))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look something up; a key of many parts is hashed part by part."""
        return super().getitem(obj, self.budget.seen(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate what can't grow out of bounds."""
        self.budget.spend(size_of(operator, left, right))
        return super().call_binop(context, operator, left, right)


def syntax(exc: TemplateSyntaxError) -> str:
    """Return what is wrong with the syntax of a template, in the signs that authors write."""
    told = (exc.message or "").rstrip(".")
    for words, signs in SIGNS.items():
        told = told.replace(words, signs)
    tag = re.match("Encountered unknown tag '(\\w+)'", told)
    if tag and tag[1] in TAGS:
        return f"template syntax: {tag[1]!r} belongs to no block that is open"
    hint = nearest(tag[1], TAGS) if tag else ""
    return f"template syntax: {told}{hint if 'mean' in hint else ''}"


def said(exc: BaseException, names: Mapping[str, Any]) -> str:
    """Return what went wrong in a template that may call `names`, where it can be with a remedy."""
    told = re.sub(r"\b[A-Z]\w*\.(?=\w+\()", "", str(exc))
    unknown = re.fullmatch(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'", told)
    if unknown:
        words = signature(names.get(unknown[1], str)).parameters
        return f"{unknown[1]} knows no {unknown[2]}={nearest(unknown[2], words)}"
    missing = re.fullmatch(r"(\w+)\(\) missing \d+ required .*?: (.*)", told)
    if missing:
        return f"{missing[1]} needs {missing[2]}"
    if told == "no loader for this environment specified":
        return "a section takes in no other file; write the text here"
    is_sum = isinstance(exc, ZeroDivisionError) or "unsupported operand" in told
    return f"{told}; templates do no arithmetic: use diff(a, b)" if is_sum else told


def with_lines(tree: nodes.Template) -> nodes.Template:
    """Keep the lines of what is written between tags, which Jinja joins and forgets.

    Every call of `observe` is told the line that it stands in, for the claims that it makes.
    """
    for text in tree.find_all(nodes.TemplateData):
        text.as_const = _not_constant  # type: ignore[assignment, method-assign] # no subclasses
    for call in tree.find_all(nodes.Call):
        is_ours = isinstance(call.node, nodes.Name) and call.node.name == "observe"
        if is_ours and all(one.key != "line" for one in call.kwargs):
            call.kwargs.append(nodes.Keyword("line", nodes.Const(call.lineno), lineno=call.lineno))
    return tree


def _not_constant(_context: Any = None) -> str:
    raise nodes.Impossible


def bare(names: Iterable[str]) -> Templates:
    """Return an environment that knows all names and can render nothing: for a look at texts."""
    environment = Templates(extensions=[ClaimExtension])
    environment.globals = dict.fromkeys(("runs", "range", "zip", *names))
    environment.filters = kept_filters() | filters()
    environment.tests = kept_tests()
    return environment


def templates(court: Court, names: Mapping[str, Any]) -> Templates:
    """Return the environment in which a report's texts are rendered."""
    environment = Templates(extensions=[ClaimExtension], **SETTING)
    environment.court, environment.budget = court, Budget()
    environment.globals = {"range": environment.budget.range, "zip": zip, **names}
    environment.filters = kept_filters() | filters()
    environment.tests = kept_tests()
    return environment


@lru_cache(maxsize=256)
def compiled(text: str, path: str) -> CodeType:
    """Compile a text that is to be set; a preview sets most texts again as they were.

    Raises:
        TemplateSyntaxError: what Jinja does not understand, or asks for another file.
    """
    environment = _reader()
    tree = with_lines(parsed(environment, text, path))
    bound(tree)
    try:
        return environment.compile(tree, name=path, filename=path)
    except (SyntaxError, RecursionError) as exc:  # of the Python that it becomes
        raise TemplateSyntaxError(TOO_MUCH, 1) from exc


def parsed(environment: Templates, text: str, path: str | None = None) -> nodes.Template:
    """Return the tree of a text; TemplateSyntaxError for a tag that reads another file."""
    try:
        tree = environment.parse(text, name=path, filename=path)
    except RecursionError as exc:
        raise TemplateSyntaxError(TOO_MUCH, 1) from exc
    for tag in tree.find_all(OUTSIDE):
        told = "templates read no files; write the text into a section"
        raise TemplateSyntaxError(told, tag.lineno)
    return tree


@cache
def _reader() -> Templates:
    environment = Templates(extensions=[ClaimExtension], **SETTING)
    environment.filters = kept_filters() | filters()
    environment.tests = kept_tests()
    return environment
