"""A statement at the top of a module → whether it may do more than define when it is loaded.

Operators and attributes are taken to change nothing; calls only where it is known of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from reporter.meaning import known
from reporter.meaning.modules import Module, evaluated
from reporter.meaning.syntax import FUNCTIONS, called

Named = Callable[[Module, ast.expr], tuple[Module, ast.stmt] | None]  # what a name stands for
MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__setattr__", "__init_subclass__"})


def does_more(named: Named, module: Module, statement: ast.stmt) -> bool:
    """Tell whether a statement may do more than define.

    Args:
        named: finds the definition of the project that a name stands for in a module.
        module: where the statement stands.
        statement: at its top.
    """
    return any(_acts(named, module, node) for node in evaluated(statement))


def _acts(named: Named, module: Module, node: ast.AST) -> bool:  # noqa: PLR0911 - one per kind
    match node:
        case ast.Call(func=function):
            return not _is_quiet(named, module, function)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not all(_decorates(module, one) for one in node.decorator_list)
        case ast.ClassDef():
            return not (
                all(_decorates(module, one) for one in node.decorator_list)
                and all(_is_base(named, module, called(one)) for one in node.bases)
            )
        case ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
            return not isinstance(context, ast.Load)
        case ast.Expr(value=value):
            return not isinstance(value, ast.Constant)
        case ast.stmt():
            return not isinstance(node, ast.Assign | ast.AnnAssign | ast.Pass)
        case ast.keyword(arg="metaclass"):
            return True
    return isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr)


def _decorates(module: Module, decorator: ast.expr) -> bool:
    """Tell whether a decorator does nothing but give back what it makes of a definition."""
    name = module.dotted(called(decorator))
    return any(kind.fullmatch(name) for kind in (known.HARMLESS, known.EXPERIMENT))


def _is_quiet(named: Named, module: Module, function: ast.expr) -> bool:
    """Tell whether a call changes nothing but what it gives back."""
    name = module.dotted(function)
    if any(kind.fullmatch(name) for kind in (known.HARMLESS, known.EXPERIMENT, known.INERT)):
        return True
    made = _plain_class(named, module, function)
    return made is not None and not made.bases and "default_factory" not in ast.dump(made)


def _is_base(named: Named, module: Module, base: ast.expr) -> bool:
    """Tell whether nothing is done when a class is made from this one."""
    is_known = known.BASES.match(module.dotted(base)) is not None
    return is_known or _plain_class(named, module, base) is not None


def _plain_class(named: Named, module: Module, node: ast.expr) -> ast.ClassDef | None:
    """Return the class of the project that a name stands for, if making it does nothing else."""
    found = named(module, node)
    if found is None or not isinstance(found[1], ast.ClassDef):
        return None
    methods = {one.name for one in found[1].body if isinstance(one, FUNCTIONS)}
    return None if methods & MAKERS or does_more(named, *found) else found[1]
