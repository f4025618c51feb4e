"""A statement at the top of a module → whether it does nothing but define when it is loaded.

Operators and attributes are taken to change nothing; calls only where it is known of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeGuard

from reporter.meaning import known
from reporter.meaning.modules import FUNCTIONS, Module, called

Named = Callable[[Module, ast.expr], tuple[Module, ast.stmt] | None]  # what a name stands for
MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__setattr__", "__init_subclass__"})
FACTORIES = frozenset({"builtins.list", "builtins.dict", "builtins.set", "builtins.tuple"})


def defines(named: Named, module: Module, node: ast.AST) -> bool:
    """Tell whether a statement only defines.

    Args:
        named: finds the definition of the project that a name stands for in a module.
        module: where the statement stands.
        node: the statement.
    """
    if isinstance(node, FUNCTIONS):
        given = (*node.args.defaults, *node.args.kw_defaults)
        return all(_is_inert(named, module, one) for one in given) and all(
            _decorates(named, module, one) for one in node.decorator_list
        )
    if isinstance(node, ast.ClassDef):
        return (
            all(_decorates(named, module, one) for one in node.decorator_list)
            and all(k.arg != "metaclass" for k in node.keywords)
            and all(_is_inert(named, module, k.value) for k in node.keywords)
            and all(_is_base(named, module, called(base)) for base in node.bases)
            and all(defines(named, module, one) for one in node.body)
        )
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _is_inert(named, module, node.value)
    return isinstance(node, ast.Pass) or _is_words(node)


def _decorates(named: Named, module: Module, node: ast.expr) -> bool:
    """Tell whether a decorator does nothing but give back what it makes of a definition."""
    if isinstance(node, ast.Attribute) and node.attr in ("setter", "getter", "deleter"):
        return True
    given = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
    if not all(_is_inert(named, module, one) for one in given):
        return False
    return _is_known(module, node) or _wraps(named, module, node)


def _is_known(module: Module, decorator: ast.expr) -> bool:
    name = module.dotted(called(decorator))
    return name in known.HARMLESS or name in known.EXPERIMENT


def _wraps(named: Named, module: Module, node: ast.expr) -> bool:
    """Tell whether a decorator of the project only returns a function that it defines.

    One that is called with arguments has to return a function that does so.
    """
    found = named(module, called(node))
    home, made = found or (module, node)
    for _ in range(2 if isinstance(node, ast.Call) else 1):
        returned = _returned(made)
        if returned is None or not all(_is_known(home, one) for one in returned.decorator_list):
            return False
        given = (*returned.args.defaults, *returned.args.kw_defaults)
        if not all(_is_inert(named, home, one) for one in given):
            return False
        made = returned
    return True


def _returned(made: ast.AST) -> ast.FunctionDef | None:
    """Return the function that another defines and returns, if it does nothing else."""
    body = [one for one in made.body if not _is_words(one)] if _is_function(made) else []
    match body:
        case [ast.FunctionDef(name=name) as inner, ast.Return(value=ast.Name(id=returned))]:
            return inner if name == returned else None
    return None


def _is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def _is_base(named: Named, module: Module, base: ast.expr) -> bool:
    """Tell whether nothing is done when a class is made from this one."""
    if known.BASES.match(module.dotted(base)):
        return True
    found = named(module, base)
    if found is None or not isinstance(found[1], ast.ClassDef):
        return False
    return not _methods(found[1]) & MAKERS and defines(named, *found)


def _is_inert(named: Named, module: Module, node: ast.expr | None) -> bool:
    """Tell whether working out an expression does nothing else."""
    if node is None or isinstance(node, ast.Lambda):
        return True
    if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
        return False
    if isinstance(node, ast.Call) and not (
        known.INERT_CALL.fullmatch(module.dotted(node.func)) or _makes(named, module, node)
    ):
        return False
    return _are_inert(named, module, node)


def _are_inert(named: Named, module: Module, node: ast.AST) -> bool:
    parts = (one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr_context))
    return all(
        _is_inert(named, module, one)
        if isinstance(one, ast.expr)
        else _are_inert(named, module, one)
        for one in parts
    )


def _makes(named: Named, module: Module, node: ast.Call) -> bool:
    """Tell whether a call makes an instance of a dataclass of the project, and that is all."""
    found = named(module, node.func)
    if found is None or not isinstance(found[1], ast.ClassDef):
        return False
    home, made = found[0], found[1]
    given = (one for one in ast.walk(made) if isinstance(one, ast.keyword))
    return (
        [home.dotted(called(one)) for one in made.decorator_list] == ["dataclasses.dataclass"]
        and not made.bases
        and not _methods(made) & MAKERS
        and all(k.arg != "default_factory" or home.dotted(k.value) in FACTORIES for k in given)
    )


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _methods(made: ast.ClassDef) -> set[str]:
    return {one.name for one in made.body if isinstance(one, FUNCTIONS)}
