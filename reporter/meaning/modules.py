"""A Python file → what it defines and imports, and why it has to count whole, if it has to."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from reporter.meaning.imports import bound
from reporter.meaning.known import EXPERIMENT, HARMLESS, PLAIN_TYPE
from reporter.meaning.syntax import Meaning, Reader, is_idle, parted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.meaning.imports import Target

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.stmt
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TYPING = ("typing", "TYPE_CHECKING")
EFFECTS = {
    ast.Expr: "a call",
    ast.If: "a condition",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.With: "with",
    ast.Try: "try",
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
        imports: by the name that each binds.
        bound_at: the line of each name that is bound.
        loads: modules that it imports at its top, in order, with the name asked of each.
        reason: why the module counts whole, "" if it need not.
        has_face: whether it has all names of the public face, by `from reporter import *`.
    """

    name: str
    package: str
    content: bytes
    tree: ast.Module
    statements: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, Target] = field(default_factory=dict)
    bound_at: dict[str, int] = field(default_factory=dict)
    loads: list[Target] = field(default_factory=list)
    reason: str = ""
    has_face: bool = False
    _meanings: dict[str | None, Meaning] = field(default_factory=dict)

    def meaning(self, name: str | None) -> Meaning:
        """Return the meaning of a definition, of the whole module for None."""
        if name not in self._meanings:
            node = self.tree if name is None else self.statements[name]
            self._meanings[name] = self._reader().read(node)
        return self._meanings[name]

    def root(self, name: str) -> Meaning | None:
        """Return the meaning of an experiment, called with all its parameters; None if it is none.

        What its decorator and plain defaults say reaches it as parameters, which the key holds.
        """
        node = self.statements.get(name)
        if not isinstance(node, FUNCTIONS):
            return None
        decorators = [d for d in node.decorator_list if self.dotted(called(d)) not in EXPERIMENT]
        if len(decorators) == len(node.decorator_list):
            return None
        named = [self._parameter(one) for one in node.args.kwonlyargs]
        defaults = [
            None if one is None or is_literal(one) else one for one in node.args.kw_defaults
        ]
        first = [ast.arg(arg=one.arg) for one in node.args.args]
        changed = {"args": first, "kwonlyargs": named, "kw_defaults": defaults}
        arguments = ast.arguments(**{**dict(ast.iter_fields(node.args)), **changed})
        parts = dict(ast.iter_fields(node))
        parts |= {"decorator_list": decorators, "args": arguments, "returns": None}
        return self._reader().read(type(node)(**parts), annotated=True)

    def late(self, name: str) -> list[str]:
        """Return what a definition needs at once, but the module binds only after it."""
        node = self.statements[name]
        needed = {one.id for one in evaluated(node)} & self.bound_at.keys()
        return sorted(one for one in needed if self.bound_at[one] > node.lineno)

    def dotted(self, node: ast.expr) -> str:
        """Return the full name that `a.b.c` has outside this module, "" for anything else."""
        base, chain = parted(node)
        if not isinstance(base, ast.Name) or base.id in self.statements:
            return ""
        if base.id in self.imports:
            names = [part for part in self.imports[base.id] if part]
        elif not hasattr(builtins, base.id) and self.has_face:
            names = ["reporter", base.id]
        else:
            names = ["builtins", base.id]
        return ".".join([*names, *chain])

    def _parameter(self, one: ast.arg) -> ast.arg:
        is_plain = one.annotation is None or self._is_plain_type(one.annotation)
        return ast.arg(arg=one.arg) if is_plain else one

    def _is_plain_type(self, annotation: ast.expr) -> bool:
        if isinstance(annotation, ast.BinOp):
            return self._is_plain_type(annotation.left) and self._is_plain_type(annotation.right)
        if isinstance(annotation, ast.Constant):
            return annotation.value is None
        if isinstance(annotation, ast.Subscript):
            return self.dotted(annotation.value) == "typing.Literal" and is_literal(
                annotation.slice
            )
        return PLAIN_TYPE.fullmatch(self.dotted(annotation)) is not None

    def _reader(self) -> Reader:
        def is_plain(node: ast.expr) -> bool:
            return self.dotted(called(node)) in HARMLESS

        return Reader(self.package, self.imports, is_plain)


@lru_cache(maxsize=1024)
def parsed(name: str, package: str, content: bytes) -> Module:
    """Return the module that a file's content makes."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError) as exc:
        line = getattr(exc, "lineno", None) or 1
        reason = f"it can't be parsed, line {line}"
        return Module(name, package, content, ast.parse(f"content = {content!r}"), reason=reason)
    module = Module(name, package, content, tree)
    for imported in executed(tree):
        for bind, target, loaded in bound(imported, package):
            module.loads.append((loaded, target[1]))
            if bind == "*":
                module.has_face |= loaded == "reporter"
            else:
                module.imports[bind] = target
                module.bound_at[bind] = imported.lineno
    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom) and not _is_idle(statement):
            _define(module, statement)
    module.reason = _reason(module)
    return module


def executed(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run when a module is loaded."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, (*FUNCTIONS, ast.expr)) and not (
            isinstance(node, ast.stmt) and _is_idle(node)
        ):
            yield from executed(node)


def evaluated(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the names that are read when a statement runs, not when a function is called."""
    parts = [*ast.iter_child_nodes(node)]
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        parts = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        parts += [] if isinstance(node, ast.Lambda) else node.decorator_list
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node
    for part in parts:
        yield from evaluated(part)


def called(node: ast.expr) -> ast.expr:
    """Return `f` of `f(…)`, and what is subscripted of `f[…]`."""
    if isinstance(node, ast.Call):
        return node.func
    return node.value if isinstance(node, ast.Subscript) else node


def is_literal(node: ast.expr) -> bool:
    """Tell whether an expression is made of constants alone."""
    parts = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.expr_context)
    return all(isinstance(part, (*parts, ast.unaryop)) for part in ast.walk(node))


def targets_of(statement: ast.stmt) -> list[str] | None:
    """Return the names that a statement defines; None if it does more or other than that."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) or type(statement).__name__ == "TypeAlias":
        targets = [statement.target if isinstance(statement, ast.AnnAssign) else statement.name]  # type: ignore[attr-defined] # of a TypeAlias
    else:
        return None
    names = []
    for target in targets:
        for one in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if not isinstance(one, ast.Name):
                return None
            names.append(one.id)
    return names


def _is_idle(statement: ast.stmt) -> bool:
    """Tell whether a statement at the top of a module does nothing when it is imported."""

    def never_runs(test: ast.expr) -> bool:
        words = ast.unparse(test)
        return words in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'")

    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return isinstance(statement.target, ast.Name)
    return is_idle(statement, never_runs)


def _define(module: Module, statement: ast.stmt) -> None:
    names = targets_of(statement)
    if names is None:
        words = EFFECTS.get(type(statement), type(statement).__name__.lower())
        module.reason = module.reason or f"{words} at line {statement.lineno}"
        return
    if isinstance(statement, FUNCTIONS) and any(
        module.dotted(decorator) == "typing.overload" for decorator in statement.decorator_list
    ):
        return
    for name in names:
        if name in module.statements or name in module.imports:
            reason = f"{name} is bound again at line {statement.lineno}"
            module.reason = module.reason or reason
        module.statements[name] = statement
        module.bound_at[name] = statement.lineno


def _reason(module: Module) -> str:
    """Return why a module counts whole whatever is reached in it, "" if it need not."""
    typing = module.imports.get("TYPE_CHECKING", TYPING)
    if typing != TYPING or "TYPE_CHECKING" in module.statements:
        return "TYPE_CHECKING is not that of typing"
    if "__getattr__" in module.statements:
        return f"__getattr__ at line {module.statements['__getattr__'].lineno}"
    return _import_reason(module) or module.reason or _binding_reason(module)


def _import_reason(module: Module) -> str:
    names: dict[str, Target] = {}
    for statement in executed(module.tree):
        for name, target, _ in bound(statement, module.package):
            if name == "*" and target[0] != "reporter":
                return f"star import at line {statement.lineno}"
            if names.setdefault(name, target) != target:
                return f"{name} is bound again at line {statement.lineno}"
    return ""


def _binding_reason(module: Module) -> str:
    """Return where a name of the module is bound inside a function or an expression."""
    if b"global" not in module.content and b":=" not in module.content:
        return ""
    for statement in module.statements.values():
        is_value = not isinstance(statement, (*FUNCTIONS, ast.ClassDef))
        for node in ast.walk(statement):
            if isinstance(node, ast.Global) or (is_value and isinstance(node, ast.NamedExpr)):
                word = "global" if isinstance(node, ast.Global) else ":="
                return f"{word} at line {node.lineno}"
    return ""
