"""A statement → its meaning as text, and the names that it uses; words and layout do not count."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from reporter.meaning.imports import Target, bound
from reporter.meaning.known import TELLING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Origin = str | Target  # a name of the module, or what an import inside a function binds

REFLECTIVE = frozenset({"getattr", "setattr", "hasattr", "delattr", "vars", "dir"})
PERHAPS = "perhaps"  # given as `by` where a name need not be the module's
MARKERS = ("ClassVar", "InitVar", "KW_ONLY")  # annotations that make a field another thing


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
    names: set[str]
    kind: str = "function"  # or "class", "comprehension"
    keeps: bool = False  # the annotations of a class's fields
    outer: set[str] = field(default_factory=set)  # bound elsewhere by `global` and `nonlocal`
    imports: dict[str, list[Target]] = field(default_factory=dict)
    loads: list[Use] = field(default_factory=list)


class Reader:
    """Reads one statement, function scope by function scope.

    Args:
        package: from which relative imports start.
        known: what the module's own imports bind.
        is_plain: tells whether a decorator or base class leaves annotations without effect.
    """

    def __init__(
        self, package: str, known: Mapping[str, Target], is_plain: Callable[[ast.expr], bool]
    ) -> None:
        self._package, self._known, self._is_plain = package, known, is_plain
        self._scopes = [_Scope(set())]
        self._uses: dict[tuple[Any, ...], Use] = {}
        self._imports: list[Target] = []
        self._own: dict[type, Callable[[Any], str]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Constant: self._constant,
            ast.Call: self._call,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Lambda: self._lambda,
            ast.AnnAssign: self._annotated,
            ast.ExceptHandler: self._catching,
            ast.MatchAs: self._catching,
            ast.MatchStar: self._catching,
            ast.MatchMapping: self._catching,
            ast.NamedExpr: self._named,
            ast.Global: self._declared,
            ast.Nonlocal: self._declared,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
        }

    def read(self, node: ast.AST, *, annotated: bool = False) -> Meaning:
        """Return the meaning of a statement or a module; of a function `annotated` if asked."""
        if annotated and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = self._function(node, keeps=True)
        else:
            text = self._node(node)
        self._leave(self._scopes.pop())
        return Meaning(text, tuple(self._uses.values()), tuple(self._imports))

    def _node(self, node: ast.AST) -> str:
        own = self._own.get(node.__class__)
        return own(node) if own else self._plain(node)

    def _plain(self, node: ast.AST) -> str:
        """Return a node of no special kind: its name and its parts, the empty ones empty."""
        parts = [
            self._part(name, getattr(node, name, None)) for name in node._fields if name != "ctx"
        ]
        return f"{node.__class__.__name__}({','.join(parts).rstrip(',')})"

    def _part(self, name: str, value: Any) -> str:
        if isinstance(value, ast.AST):
            return self._node(value)
        if value.__class__ is list:
            if name in ("body", "orelse", "finalbody"):
                return self._body(value)
            return f"[{' '.join(self._part('', item) for item in value)}]" if value else ""
        return "" if value is None or name in ("type_comment", "kind") else str(value)

    def _body(self, statements: Iterable[ast.stmt]) -> str:
        """Return statements without words; neighbouring imports have no order."""
        texts: list[str] = []
        run: dict[str, str] = {}
        for node in statements:
            if is_idle(node, self._is_typing):
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported = self._import(node)
                if "*" in imported or run.keys() & imported.keys():
                    texts += [run[name] for name in sorted(run)]
                    run = {}
                run |= imported
                continue
            texts += [run[name] for name in sorted(run)]
            run = {}
            texts.append(self._node(node))
        return "{" + ";".join([*texts, *(run[name] for name in sorted(run))]) + "}"

    def _is_typing(self, test: ast.expr) -> bool:
        return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") and self._is_plain(
            test
        )

    def _import(self, node: ast.Import | ast.ImportFrom) -> dict[str, str]:
        """Note what an import binds and loads; return the text of each alias by the name bound."""
        texts = {}
        scope = self._scopes[-1]
        for name, target, loaded in bound(node, self._package):
            texts[name] = f"import {loaded} {target} {name}"
            self._imports.append((loaded, target[1]))
            if len(self._scopes) > 1:
                scope.imports.setdefault(name, []).append(target)
            elif self._known.get(name) != target and name != "*":
                self._use(target, (), node.lineno)
        return texts

    def _use(self, origin: Origin, chain: tuple[str, ...], line: int, by: str = "") -> None:
        self._uses.setdefault((origin, chain, by), Use(origin, chain, line, by))

    def _leave(self, scope: _Scope) -> None:
        """Pass on what a scope reads and does not bind itself."""
        for use in scope.loads:
            name, passed = str(use.origin), use
            for target in scope.imports.get(name, ()):
                self._use(target, use.chain, use.line, use.by)
            if name in scope.names or name in scope.imports:
                if scope.kind != "class":
                    continue
                passed = use._replace(by=PERHAPS)  # a class may read a name before it binds it
            if self._scopes:
                self._scopes[-1].loads.append(passed)
            else:
                self._use(name, use.chain, use.line, passed.by)

    def _inside(self, read: Callable[[], str], names: Iterable[str] = (), **more: Any) -> str:
        """Return what `read` gives in a scope of its own."""
        self._scopes.append(_Scope(set(names), **more))
        text = read()
        self._leave(self._scopes.pop())
        return text

    def _bind(self, name: str) -> None:
        if len(self._scopes) > 1 and name not in self._scopes[-1].outer:
            self._scopes[-1].names.add(name)

    def _named(self, node: ast.NamedExpr) -> str:
        """Bind in the function around the comprehensions that this stands in."""
        for scope in reversed(self._scopes[1:]):
            scope.names.add(node.target.id)
            if scope.kind != "comprehension":
                break
        return self._plain(node)

    def _name(self, node: ast.Name) -> str:
        if isinstance(node.ctx, ast.Load):
            self._scopes[-1].loads.append(Use(node.id, (), node.lineno))
        else:
            self._bind(node.id)
        return node.id

    def _attribute(self, node: ast.Attribute) -> str:
        """Read a.b.c as one: who a is decides what the rest means."""
        base, chain = self._parted(node)
        if not isinstance(base, ast.Name):
            return f"{self._node(base)}.{'.'.join(chain)}"
        if isinstance(node.ctx, ast.Load):
            self._scopes[-1].loads.append(Use(base.id, chain, node.lineno))
        else:  # what is assigned to may be a module, and is no longer what its file says
            self._scopes[-1].loads.append(Use(base.id, chain[:-1], node.lineno, "an assignment"))
        return f"{base.id}.{'.'.join(chain)}"

    def _parted(self, node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
        """Part a chain of attributes, and note those that see more of the code."""
        base, chain = parted(node)
        for name in TELLING.intersection(chain):
            self._use("", (name,), node.lineno)
        return base, chain

    def _constant(self, node: ast.Constant) -> str:
        if node.value.__class__ is str and node.value in TELLING:
            self._use("", (node.value,), node.lineno)
        return repr(node.value)

    def _call(self, node: ast.Call) -> str:
        """Read getattr(a, "b") as a.b, and know what a module is given to."""
        function = node.func
        if isinstance(function, ast.Name) and function.id in REFLECTIVE and node.args:
            base, chain = self._parted(node.args[0])
            if isinstance(base, ast.Name):
                second = node.args[1] if function.id == "getattr" and len(node.args) > 1 else None
                if isinstance(second, ast.Constant) and isinstance(second.value, str):
                    chain = (*chain, second.value)
                use = Use(base.id, chain, node.lineno, function.id)
                self._scopes[-1].loads += [Use(function.id, (), node.lineno), use]
                rest = [self._node(part) for part in (*node.args[1:], *node.keywords)]
                return f"Call({function.id},{ast.unparse(node.args[0])},{' '.join(rest)})"
        if isinstance(function, ast.Name) and function.id in ("locals", "vars", "dir"):
            self._use("", ("globals",), node.lineno)  # which these are at the top of a module
        return self._plain(node)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, *, keeps: bool | None = None
    ) -> str:
        self._bind(node.name)
        if keeps is None:
            keeps = not all(self._is_plain(decorator) for decorator in node.decorator_list)
        decorators = " ".join(self._node(decorator) for decorator in node.decorator_list)
        arguments = self._arguments(node.args, keeps=keeps)
        returns = self._typed(node.returns) if keeps and node.returns else ""
        types = [one.name for one in getattr(node, "type_params", ())]
        body = self._inside(lambda: self._body(node.body), [*names_of(node.args), *types])
        kind = node.__class__.__name__
        return f"{kind}({decorators};{node.name}({arguments}){returns}{body})"

    def _arguments(self, arguments: ast.arguments, *, keeps: bool) -> str:
        """Return names and defaults, which are read where the function is defined."""

        def text(argument: ast.arg | None) -> str:
            if argument is None:
                return ""
            has = keeps and argument.annotation is not None
            return f"{argument.arg}:{self._typed(argument.annotation)}" if has else argument.arg  # type: ignore[arg-type] # `has` says it is there

        def texts(some: list[ast.arg]) -> str:
            return " ".join(map(text, some))

        parts = [
            texts(arguments.posonlyargs),
            texts(arguments.args),
            text(arguments.vararg),
            texts(arguments.kwonlyargs),
            text(arguments.kwarg),
            self._part("", arguments.defaults),
            self._part("", arguments.kw_defaults),
        ]
        return ",".join(parts)

    def _lambda(self, node: ast.Lambda) -> str:
        arguments = self._arguments(node.args, keeps=False)
        body = self._inside(lambda: self._node(node.body), names_of(node.args))
        return f"Lambda({arguments};{body})"

    def _class(self, node: ast.ClassDef) -> str:
        self._bind(node.name)
        heads = [*node.decorator_list, *node.bases]
        keeps = bool(node.keywords) or not all(self._is_plain(head) for head in heads)
        head = self._part("", heads) + self._part("", node.keywords) + str(len(node.bases))
        body = self._inside(lambda: self._body(node.body), kind="class", keeps=keeps)
        return f"ClassDef({head};{node.name}{body})"

    def _annotated(self, node: ast.AnnAssign) -> str:
        """Read an annotated assignment as a plain one; in a class it is a field."""
        scope = self._scopes[-1]
        if scope.kind != "class":
            if node.value is None:
                return f"Declared({self._node(node.target)})"
            return self._plain(ast.Assign(targets=[node.target], value=node.value))
        keeps = scope.keeps or self._is_marked(node.annotation)
        kept = self._typed(node.annotation) if keeps else ""
        value = self._node(node.value) if node.value else ""
        return f"Field({self._node(node.target)}:{kept}={value})"

    def _typed(self, annotation: ast.expr) -> str:
        """Read an annotation that counts; words in it may be names."""
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = re.findall(r"[^\W\d]\w*", node.value)
                self._scopes[-1].loads += [Use(word, (), node.lineno, PERHAPS) for word in words]
        return self._node(annotation)

    def _is_marked(self, annotation: ast.expr) -> bool:
        """Tell whether an annotation makes a field another thing than one with a default."""
        for node in ast.walk(annotation):
            words = [str(getattr(node, name, "")) for name in ("id", "attr", "value")]
            words.append(str(self._known.get(words[0])))
            if any(marker in word for marker in MARKERS for word in words):
                return True
        return False

    def _catching(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> str:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self._bind(name)
        return self._plain(node)

    def _declared(self, node: ast.Global | ast.Nonlocal) -> str:
        """Read names that are bound elsewhere; what is bound anew there counts as read."""
        self._scopes[-1].outer.update(node.names)
        if isinstance(node, ast.Global):
            for name in node.names:
                self._use(name, (), node.lineno)
        return self._plain(node)

    def _comprehension(self, node: ast.ListComp | ast.DictComp) -> str:
        """Read the first iterable outside, all else in a scope of its own."""
        first = self._node(node.generators[0].iter)

        def rest() -> str:
            parts = [
                f"{self._node(g.target)}{self._node(g.iter) if index else ''}"
                f"{self._part('', g.ifs)}{g.is_async}"
                for index, g in enumerate(node.generators)
            ]
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return ";".join(parts + [self._node(one) for one in made])

        return f"{node.__class__.__name__}({first};{self._inside(rest, kind='comprehension')})"


def is_idle(node: ast.stmt, is_typing: Callable[[ast.expr], bool]) -> bool:
    """Tell whether a statement does nothing: words, `pass`, what only type checkers read."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If) and not node.orelse:
        return is_typing(node.test)
    return isinstance(node, ast.Pass)


def parted(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    """Return what a chain of attributes starts from, and their names."""
    chain: list[str] = []
    while isinstance(node, ast.Attribute):
        chain.append(node.attr)
        node = node.value
    return node, tuple(reversed(chain))


def names_of(arguments: ast.arguments) -> list[str]:
    """Return the names of a function's arguments."""
    others = [one for one in (arguments.vararg, arguments.kwarg) if one]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *others]
    return [one.arg for one in every]
