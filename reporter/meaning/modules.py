"""A Python file → what it defines and imports, and why it has to count whole, if it has to."""

from __future__ import annotations

import ast
import builtins
import copy
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from reporter.meaning.imports import bound
from reporter.meaning.known import EXPERIMENT, PLAIN_TYPE
from reporter.meaning.syntax import (
    FUNCTIONS,
    IMPORTS,
    Function,
    Meaning,
    Reader,
    called,
    is_idle,
    names_in,
    parted,
)
from reporter.shipped import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.meaning.imports import Target

EFFECTS = {
    ast.Expr: "a call",
    ast.If: "a condition",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.AugAssign: "an assignment in place",
    ast.Assign: "an assignment to a part",
    ast.AnnAssign: "an assignment to a part",
    ast.Delete: "del",
}


@dataclass(eq=False)
class Module:
    """What stands at the top of a file.

    Attributes:
        name: as imports name it; ".toy" lies in the folder of the experiments.
        package: from which its relative imports start.
        statements: by the name that each defines.
        imports: what each name is bound to by an import.
        loads: modules that it imports at its top, in order, with the name asked of each.
        reason: why the module counts whole, "" if it need not.
    """

    name: str
    package: str
    content: bytes
    tree: ast.Module
    statements: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, list[Target]] = field(default_factory=dict)
    loads: list[Target] = field(default_factory=list)
    reason: str = ""
    _meanings: dict[str | None, Meaning] = field(default_factory=dict)

    def meaning(self, name: str | None) -> Meaning:
        """Return the meaning of a definition, of an experiment "@toy", of the module for None."""
        if name not in self._meanings:
            reader = Reader(self.package, self.dotted)
            if name and name.startswith("@"):
                self._meanings[name] = reader.read(self._as_run(name[1:]), keeps=True)
            else:
                self._meanings[name] = reader.read(self.statements[name] if name else self.tree)
        return self._meanings[name]

    def has_experiment(self, name: str) -> bool:
        """Tell whether a function is plainly defined as an experiment."""
        node = self.statements.get(name)
        return isinstance(node, FUNCTIONS) and any(map(self._registers, node.decorator_list))

    def dotted(self, node: ast.expr) -> str:
        """Return the full name that `a.b.c` has outside this module, "" for anything else."""
        base, chain = parted(node)
        if not isinstance(base, ast.Name) or base.id in self.statements:
            return ""
        first = self.imports.get(base.id, [("builtins", base.id)])[-1]
        return ".".join([*filter(None, first), *chain])

    def count_whole(self, words: str, node: ast.stmt | ast.expr) -> None:
        """Give the first reason why all of the module counts."""
        self.reason = self.reason or f"{words} at line {node.lineno}"

    def _registers(self, decorator: ast.expr) -> bool:
        return EXPERIMENT.fullmatch(self.dotted(called(decorator))) is not None

    def _as_run(self, name: str) -> Function:
        """Return an experiment's function as it is called: with all parameters.

        What its decorator and plain defaults say reaches it as parameters, which the key holds.
        """
        node = self.statements[name]
        assert isinstance(node, FUNCTIONS)
        made, given = copy.copy(node), copy.copy(node.args)
        made.args, made.returns = given, None
        made.decorator_list = [one for one in node.decorator_list if not self._registers(one)]
        given.args = [ast.arg(arg=one.arg) for one in given.args]
        given.kwonlyargs = [
            ast.arg(arg=one.arg) if self._is_plain(one.annotation) else one
            for one in given.kwonlyargs
        ]
        given.kw_defaults = [one if one and names_in(one) else None for one in given.kw_defaults]
        return made

    def _is_plain(self, annotation: ast.expr | None) -> bool:
        """Tell whether the value of a parameter tells all that its type does."""
        if annotation is None:
            return True
        names = [self.dotted(one) for one in names_in(annotation)]
        may_be_quoted = names == ["typing.Literal"]
        has_words = any(isinstance(getattr(n, "value", 0), str) for n in ast.walk(annotation))
        return all(map(PLAIN_TYPE.fullmatch, names)) and (may_be_quoted or not has_words)


@lru_cache(maxsize=1024)
def parsed(name: str, package: str, content: bytes) -> Module:
    """Return the module that a file's content makes.

    Raises:
        SyntaxError, ValueError: it is not valid Python.
    """
    module = Module(name, package, content, ast.parse(content))
    for statement in module.tree.body:
        if is_idle(statement, module.dotted):
            continue
        for node in evaluated(statement):
            if isinstance(node, IMPORTS):
                _import(module, node)
            elif isinstance(node, ast.NamedExpr):
                module.count_whole(":=", node)
        if not isinstance(statement, IMPORTS):
            _define(module, statement)
    for node in ast.walk(module.tree) if b"global" in content else ():
        if isinstance(node, ast.Global):
            module.count_whole("global", node)
    return module


def _import(module: Module, statement: ast.Import | ast.ImportFrom) -> None:
    for name, target, loaded in bound(statement, module.package):
        module.loads.append((loaded, target[1]))
        if name == "*" and loaded != "reporter":
            module.count_whole("star import", statement)
        for one in _face() if name == "*" else (name,):
            targets = module.imports.get(one, [])
            wanted = ("reporter", one) if name == "*" else target
            if wanted not in targets:
                _bind(module, one, statement)
                module.imports[one] = [*targets, wanted]


def _define(module: Module, statement: ast.stmt) -> None:
    names = targets_of(statement)
    if names is None:
        words = EFFECTS.get(type(statement), type(statement).__name__.lower())
        module.count_whole(words, statement)
    decorators = [module.dotted(one) for one in getattr(statement, "decorator_list", ())]
    for name in names or () if "typing.overload" not in decorators else ():
        _bind(module, name, statement)
        module.statements[name] = statement


def _bind(module: Module, name: str, statement: ast.stmt) -> None:
    """Count a module whole in which it matters where a name is bound."""
    if name in module.statements or name in module.imports:
        module.count_whole(f"{name} is bound again", statement)
    elif name == "__getattr__":
        module.count_whole(name, statement)
    elif hasattr(builtins, name) and (module.statements or not isinstance(statement, IMPORTS)):
        module.count_whole(f"{name} replaces Python's own", statement)


@cache
def _face() -> tuple[str, ...]:
    """Return the names of `from reporter import *`."""
    face = parsed("reporter", "reporter", (PACKAGE / "__init__.py").read_bytes())
    listed = face.statements["__all__"]
    assert isinstance(listed, ast.Assign)
    return tuple(ast.literal_eval(listed.value))


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is worked out when a statement runs, not when a function is called; in order."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            waiting += getattr(node, "decorator_list", ())
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            waiting += [*ast.iter_child_nodes(node)][::-1]


def targets_of(statement: ast.stmt) -> list[str] | None:
    """Return the names that a statement defines; None if it does more or other than that."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target] * (statement.value is not None)
    else:
        return None
    inner = [getattr(target, "elts", [target]) for target in targets]
    names = [one.id for ones in inner for one in ones if isinstance(one, ast.Name)]
    return names if len(names) == sum(map(len, inner)) else None
