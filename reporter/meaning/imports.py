"""An import → the full names of what it binds and of the module that it loads."""

from __future__ import annotations

import ast

Target = tuple[str, str | None]  # what an import binds: a module, or a name in it


def bound(statement: ast.Import | ast.ImportFrom, package: str) -> list[tuple[str, Target, str]]:
    """Return, for each alias of an import, the name it binds, its target and the module it loads.

    Args:
        statement: the import.
        package: from which relative imports start; "." is that of the experiment files.
    """
    if isinstance(statement, ast.ImportFrom):
        module = absolute(statement.module or "", statement.level, package)
        return [(a.asname or a.name, (module, a.name), module) for a in statement.names]
    targets = [a.name if a.asname else a.name.partition(".")[0] for a in statement.names]
    return [
        (a.asname or target, (target, None), a.name)
        for a, target in zip(statement.names, targets, strict=True)
    ]


def absolute(module: str, level: int, package: str) -> str:
    """Return the full name of what an import names; "?" for one that leaves the top package."""
    if not level:
        return module
    for _ in range(level - 1):
        package = "?" if package == "." else parent(package) or "?"
    return join(package, module) if module else package


def join(package: str, name: str) -> str:
    """Return the full name of a member; the experiments' own package is "."."""
    return f".{name}" if package == "." else f"{package}.{name}"


def parent(name: str) -> str:
    """Return the package of a module: "." for ".toy", "" for a module at the top."""
    return name.rpartition(".")[0] or "." * name.startswith(".")
