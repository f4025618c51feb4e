"""A statement → its meaning as text, and the names that it uses; words and layout do not count."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from reporter.meaning.imports import Target, bound
from reporter.meaning.known import HARMLESS, TELLING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Origin = str | Target  # a name of the module, or what an import inside a function binds
Function = ast.FunctionDef | ast.AsyncFunctionDef

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTS = (ast.Import, ast.ImportFrom)
REFLECTIVE = frozenset({"getattr", "setattr", "hasattr", "delattr", "vars", "dir"})
NAMESPACES = frozenset({"locals", "vars", "dir"})  # of the module, where they stand at its top
UNREAD = frozenset({"ctx", "kind", "type_comment"})  # parts of nodes that say nothing more
MARKERS = re.compile("ClassVar|InitVar|KW_ONLY")  # make a field of a dataclass another thing


class Use(NamedTuple):
    """A name that is read: where it comes from, the attributes asked of it, and where that is.

    Attributes:
        origin: "" where only the attribute counts.
        by: "getattr" and the like, if such a function is what it is given to.
    """

    origin: Origin
    chain: tuple[str, ...]
    line: int
    by: str = ""


@dataclass(frozen=True)
class Meaning:
    """What a statement says, free of words and layout; what it uses and imports, in order."""

    text: str
    uses: tuple[Use, ...]
    imports: tuple[Target, ...]


@dataclass
class _Scope:
    """What a function binds is hidden from the module; of all else it may be the module's, too."""

    hides: bool = False
    keeps: bool | None = None  # of a class: whether the annotations of its fields count
    names: set[str] = field(default_factory=set)
    imports: dict[str, list[Target]] = field(default_factory=dict)
    loads: list[Use] = field(default_factory=list)


def _function(node: Function | ast.Lambda) -> _Scope:
    """Return the scope of a function, which binds its arguments."""
    names = {one.arg for one in ast.iter_child_nodes(node.args) if isinstance(one, ast.arg)}
    return _Scope(hides=True, names=names)


class Reader:
    """Reads one statement, scope by scope.

    Args:
        package: from which relative imports start.
        dotted: the full name of a decorator, base class or annotation outside the module.
    """

    def __init__(self, package: str, dotted: Callable[[ast.expr], str]) -> None:
        self._package, self._dotted = package, dotted
        self._scopes = [_Scope()]
        self._is_annotated = False  # the function whose arguments are read
        self._uses: dict[tuple[Any, ...], Use] = {}
        self._imports: list[Target] = []

    def read(self, node: Any, *, keeps: bool = False) -> Meaning:
        """Return the meaning of a statement or a module; of a function that `keeps` its types."""
        text = self._read_functiondef(node, keeps=True) if keeps else self._node(node)
        self._leave(self._scopes.pop())
        return Meaning(text, tuple(self._uses.values()), tuple(self._imports))

    def _node(self, node: ast.AST) -> str:
        """Return the text of a node: of a Name by `_read_name`, and so on."""
        name = f"_read_{node.__class__.__name__.lower()}"
        read: Callable[[Any], str] = getattr(self, name, self._plain)
        return read(node)

    def _plain(self, node: ast.AST) -> str:
        """Return a node of no special kind: its name and its parts, the empty ones empty."""
        names = [name for name in node._fields if name not in UNREAD]
        parts = [self._part(name, getattr(node, name, None)) for name in names]
        return f"{node.__class__.__name__}({','.join(parts).rstrip(',')})"

    def _part(self, name: str, value: Any) -> str:
        if isinstance(value, ast.AST):
            return self._node(value)
        if value.__class__ is list:
            if name in ("body", "orelse", "finalbody"):
                return self._body(value)
            return f"[{' '.join(self._part('', item) for item in value)}]" if value else ""
        return "" if value is None else str(value)

    def _body(self, statements: Iterable[ast.stmt]) -> str:
        """Return statements without words; neighbouring imports have no order."""
        texts: list[str] = []
        counted = (one for one in statements if not is_idle(one, self._dotted))
        for is_import, group in groupby(counted, lambda one: isinstance(one, IMPORTS)):
            nodes = [*group]
            texts += self._imported(nodes) if is_import else map(self._node, nodes)
        return "{" + ";".join(texts) + "}"

    def _imported(self, statements: Iterable[Any]) -> list[str]:
        """Note what imports bind and load; they have an order where a name is bound twice."""
        texts, names = [], set()
        for name, target, loaded in (one for s in statements for one in bound(s, self._package)):
            self._imports.append((loaded, target[1]))
            self._scopes[-1].imports.setdefault(name, []).append(target)
            texts.append(f"import {loaded} {target} {name}")
            names.add(name)
        return sorted(texts) if len(names - {"*"}) == len(texts) else texts

    def _use(self, origin: Origin, chain: tuple[str, ...], line: int, by: str = "") -> None:
        self._uses.setdefault((origin, chain, by), Use(origin, chain, line, by))

    def _load(self, name: str, chain: tuple[str, ...], line: int, by: str = "") -> None:
        self._scopes[-1].loads.append(Use(name, chain, line, by))

    def _leave(self, scope: _Scope) -> None:
        """Pass on what a scope reads and does not bind itself."""
        for use in scope.loads:
            name = str(use.origin)
            if not self._scopes:
                self._use(*use)
                continue
            for target in scope.imports.get(name, ()):
                self._use(target, *use[1:])
            if not (scope.hides and (name in scope.names or name in scope.imports)):
                self._scopes[-1].loads.append(use)

    def _inside(self, scope: _Scope, read: Callable[[], str]) -> str:
        """Return what `read` gives in a scope of its own."""
        self._scopes.append(scope)
        text = read()
        self._leave(self._scopes.pop())
        return text

    def _read_name(self, node: ast.Name) -> str:
        if isinstance(node.ctx, ast.Load):
            self._load(node.id, (), node.lineno)
        else:
            self._scopes[-1].names.add(node.id)
        return node.id

    def _read_attribute(self, node: ast.Attribute) -> str:
        """Read a.b.c as one: who a is decides what the rest means."""
        base, chain = parted(node)
        for name in TELLING.intersection(chain):
            self._use("", (name,), node.lineno)
        if not isinstance(base, ast.Name):
            return f"{self._node(base)}.{'.'.join(chain)}"
        if isinstance(node.ctx, ast.Load):
            self._load(base.id, chain, node.lineno)
        else:  # what is assigned to may be a module, and is no longer what its file says
            self._load(base.id, chain[:-1], node.lineno, "an assignment")
        return f"{base.id}.{'.'.join(chain)}"

    def _read_constant(self, node: ast.Constant) -> str:
        if node.value.__class__ is str and node.value in TELLING:
            self._use("", (node.value,), node.lineno)
        return repr(node.value)

    def _read_call(self, node: ast.Call) -> str:
        """Know what a module is given to, and what gives all names of one."""
        name = getattr(node.func, "id", "")
        base, chain = parted(node.args[0]) if node.args else (None, ())
        if name in REFLECTIVE and isinstance(base, ast.Name):
            self._load(base.id, chain, node.lineno, name)
        if name in NAMESPACES and not node.args:
            self._use("", ("globals",), node.lineno)
        return self._plain(node)

    def _read_functiondef(self, node: Function, *, keeps: bool = False) -> str:
        self._scopes[-1].names.add(node.name)
        keeps = keeps or not all(map(self._is_plain, node.decorator_list))
        self._is_annotated = keeps
        returns = self._typed(node.returns) if keeps and node.returns else ""
        head = f"{node.name}({self._node(node.args)}){returns}"
        body = self._inside(_function(node), lambda: self._body(node.body))
        return f"{node.__class__.__name__}({self._part('', node.decorator_list)};{head}{body})"

    _read_asyncfunctiondef = _read_functiondef

    def _read_lambda(self, node: ast.Lambda) -> str:
        body = self._inside(_function(node), lambda: self._node(node.body))
        return f"Lambda({self._node(node.args)};{body})"

    def _read_arg(self, node: ast.arg) -> str:
        has = self._is_annotated and node.annotation
        return f"{node.arg}:{self._typed(node.annotation)}" if has else node.arg  # type: ignore[arg-type] # `has` says it is there

    def _read_classdef(self, node: ast.ClassDef) -> str:
        self._scopes[-1].names.add(node.name)
        heads = [*node.decorator_list, *node.bases]
        keeps = bool(node.keywords) or not all(map(self._is_plain, heads))
        head = self._part("", heads) + self._part("", node.keywords) + str(len(node.bases))
        body = self._inside(_Scope(keeps=keeps), lambda: self._body(node.body))
        return f"ClassDef({head};{node.name}{body})"

    def _is_plain(self, head: ast.expr) -> bool:
        """Tell whether a decorator or base class leaves annotations without effect."""
        return HARMLESS.fullmatch(self._dotted(called(head))) is not None

    def _read_annassign(self, node: ast.AnnAssign) -> str:
        """Read an annotated assignment as a plain one; in a class it is a field."""
        keeps = self._scopes[-1].keeps
        if keeps is None and node.value:
            return self._plain(ast.Assign(targets=[node.target], value=node.value))
        kept = self._typed(node.annotation) if keeps or self._is_marked(node.annotation) else ""
        value = self._node(node.value) if node.value else ""
        return f"Field({self._node(node.target)}:{kept}={value})"

    def _typed(self, annotation: ast.expr) -> str:
        """Read an annotation that counts; words in it may be names."""
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for word in re.findall(r"[^\W\d]\w*", node.value):
                    self._load(word, (), node.lineno)
        return self._node(annotation)

    def _is_marked(self, annotation: ast.expr) -> bool:
        """Tell whether an annotation makes a field another thing than one with a default."""
        names = [self._dotted(one) for one in names_in(annotation)]
        return MARKERS.search(" ".join([ast.dump(annotation), *names])) is not None

    def _read_augassign(self, node: ast.AugAssign) -> str:
        """Read what is assigned to, too: in a class it may be the module's."""
        if isinstance(node.target, ast.Name):
            self._load(node.target.id, (), node.lineno)
        return self._plain(node)

    def _read_global(self, node: ast.Global) -> str:
        """Read what is bound anew."""
        for name in node.names:
            self._use(name, (), node.lineno)
        return self._plain(node)

    def _read_listcomp(self, node: ast.expr) -> str:
        """Bind nothing outside; that its own names may be the module's is taken into account."""
        return self._inside(_Scope(), lambda: self._plain(node))

    _read_setcomp = _read_dictcomp = _read_generatorexp = _read_listcomp


def is_idle(node: ast.stmt, dotted: Callable[[ast.expr], str]) -> bool:
    """Tell whether a statement does nothing: words, `pass`, what an import passes over."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If) and not node.orelse:
        is_main = ast.unparse(node.test) == "__name__ == '__main__'"
        return is_main or dotted(node.test) == "typing.TYPE_CHECKING"
    return isinstance(node, ast.Pass)


def parted(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    """Return what a chain of attributes starts from, and their names."""
    chain: list[str] = []
    while isinstance(node, ast.Attribute):
        chain.append(node.attr)
        node = node.value
    return node, tuple(reversed(chain))


def called(node: ast.expr) -> ast.expr:
    """Return `f` of `f(…)`, and what is subscripted of `f[…]`."""
    if isinstance(node, ast.Call):
        return node.func
    return node.value if isinstance(node, ast.Subscript) else node


def names_in(node: ast.AST) -> list[ast.Name]:
    """Return the names that stand in an expression."""
    return [one for one in ast.walk(node) if isinstance(one, ast.Name)]
