"""What determines a result, hashed: parameters, seed, code, inputs, and the runs it builds on.

The code of a run is its experiment file and every module of the project that this file reaches by
import, at the top or inside functions. Each module counts as its syntax tree without comments,
docstrings, annotations and layout, so only a change of meaning changes a key.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from reporter.shipped import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 1  # of the store's entries; a new number makes every old result unreadable


def digest(value: Any) -> str:
    """Return the sha-256 of the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def key(
    *,
    experiment: str,
    parameters: Mapping[str, Any],
    seed: int,
    code: Mapping[str, str],
    needs: tuple[str, ...],
) -> str:
    """Return the key of one run and seed; inputs stand in `parameters` as their digests."""
    return digest(
        {
            "format": FORMAT,
            "experiment": experiment,
            "parameters": dict(parameters),
            "seed": seed,
            "code": sorted(code.items()),
            "needs": sorted(needs),
        }
    )


def fingerprint(path: Path) -> dict[str, str]:
    """Return a digest for every project module that the experiment file `path` reaches.

    Modules are named as imports name them ("reporter.learn.train", ".finetune"), so moving a
    workspace changes nothing.
    """
    found: dict[str, str] = {}
    waiting = [(f".{path.stem}", path)]
    while waiting:
        name, file = waiting.pop()
        if name in found:
            continue
        found[name] = tree_digest(file, file.stat().st_mtime_ns)
        waiting += _imports(file, file.stat().st_mtime_ns)
    return dict(sorted(found.items()))


@cache
def tree_digest(file: Path, _mtime: int) -> str:
    """Return the sha-256 of a module's normalised syntax tree."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return hashlib.sha256(ast.dump(_Meaning().visit(tree)).encode()).hexdigest()


class _Meaning(ast.NodeTransformer):
    """Drops what changes no result: docstrings and annotations."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined] # has a body
        return super().generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Drop the annotation of a variable."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Drop the annotation of what a function returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Drop the annotation of what a coroutine returns."""
        node.returns = None
        return self.generic_visit(node)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _imports(file: Path, _mtime: int) -> tuple[tuple[str, Path], ...]:
    """Return name and file of each project module that `file` imports anywhere."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return tuple(found for node in ast.walk(tree) for found in _targets(node, file))


def _targets(node: ast.AST, file: Path) -> Iterator[tuple[str, Path]]:
    """Yield the project modules that one import statement reaches."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _from_face("*") if alias.name == "reporter" else _project_module(alias.name)
    elif isinstance(node, ast.ImportFrom) and node.level:
        for module in [node.module] if node.module else [alias.name for alias in node.names]:
            sibling = file.parent / f"{module}.py"
            if sibling.is_file():
                yield f".{module}", sibling
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from _project_module(node.module)
        for alias in node.names:
            is_face = node.module == "reporter"
            name = f"{node.module}.{alias.name}"
            yield from _from_face(alias.name) if is_face else _project_module(name)


def _from_face(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the module that a public name comes from; all of them for "*"."""
    face = _face(PACKAGE / "__init__.py")
    for module in face.values() if name == "*" else (face.get(name, f"reporter.{name}"),):
        yield from _project_module(module)


def _project_module(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the module of this project called `name`, if there is one and it holds code."""
    first, *rest = name.split(".")
    if first == "reporter" and rest:
        file = PACKAGE.joinpath(*rest).with_suffix(".py")
        if file.is_file():
            yield name, file


@cache
def _face(file: Path) -> dict[str, str]:
    """Return, for each public name, the module that it really comes from."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
