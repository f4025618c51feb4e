"""A name where it is used → what it means: a definition of the project, a module, or a library's.

The project is the folder of an experiment file, this program, and what else is imported from a
folder on Python's path that holds no installed packages.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import sys
import warnings
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from reporter.errors import ReportError
from reporter.meaning import effects, known
from reporter.meaning.imports import join, parent
from reporter.meaning.modules import Module, parsed
from reporter.shipped import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.meaning.imports import Target
    from reporter.meaning.syntax import Origin, Use

    Meant = tuple[str, tuple[Target, ...], tuple[tuple[Use, "Found"], ...]]

INSTALLED = frozenset({"site-packages", "dist-packages"})
HEX = 16  # 64 bits: enough to tell versions of one definition apart, and short in the lock
DEEPEST = 50  # imports of imports; beyond it they go in a circle


class Found(NamedTuple):
    """What a name means.

    Attributes:
        kind: a "definition" at the top of a module, a "module" as a value, or a library's
            ("external").
        module: of a definition, or the module itself.
        name: of the definition, or the attribute that the module lacks; of a library's, all of it.
    """

    kind: Literal["definition", "module", "external"]
    module: str
    name: str


class Codebase:
    """The modules that the experiments of one folder can reach, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: dict[str, Module | None] = {}
        self._files: dict[str, Path | None] = {}
        self._active: dict[str, tuple[str, ...]] = {}
        self._meant: dict[tuple[str, str | None], Meant] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of the project, None for any other.

        Raises:
            ReportError: its file is not valid Python.
        """
        if name not in self._modules:
            located = self._locate(name)
            self._modules[name] = None
            if located:
                file, is_package = located
                self._files[name] = file
                package = name if is_package else parent(name)
                self._modules[name] = _parsed(name, package, file)
        return self._modules[name]

    def meant(self, module: Module, name: str | None) -> Meant:
        """Return the digest of a definition, what it imports, and what names in it lead on to.

        Args:
            module: where it is defined.
            name: "@toy" for the experiment toy as it is run, None for the whole module.
        """
        if (module.name, name) not in self._meant:
            meaning = module.meaning(name)
            uses = [
                (use, found)
                for use in meaning.uses
                for found in self.resolve(module, use.origin, use.chain)
            ]
            labels = {f"{use.origin} {use.chain} {' '.join(found)}" for use, found in uses}
            for target in meaning.imports:
                labels.update(" ".join(found) for found in self._follow(*target, ()))
            digest = short("\n".join([meaning.text, *sorted(labels)]).encode())
            counted = tuple(
                (use, found)
                for use, found in uses
                if found.kind != "external" or is_telling(found.name)
            )
            self._meant[module.name, name] = digest, meaning.imports, counted
        return self._meant[module.name, name]

    def every_module(self) -> list[str]:
        """Return the names of all modules that code could ask for by a name it makes up."""
        folders = {".": self.folder, "reporter.learn": PACKAGE / "learn"}
        names = [name for name in self._files if name[0] != "." and not is_ours(name)]
        for name in names:
            file = self._files[name]
            if file and file.name == "__init__.py":
                folders[name] = file.parent
        for start, folder in folders.items():
            for file in sorted(folder.rglob("*.py")):
                parts = file.relative_to(folder).with_suffix("").parts
                names.append(reduce(join, (part for part in parts if part != "__init__"), start))
        return names

    def beside(self, user: str) -> Iterator[tuple[str, Path]]:
        """Yield the files that a module of this name may read, each with a name."""
        file = self._files[user]
        own = [(user if file.name == "__init__.py" else parent(user), file.parent)] if file else []
        for package, folder in {".": self.folder, **dict(own)}.items():
            for path in sorted(folder.rglob("*")):
                place = path.relative_to(folder)
                if path.is_file() and not is_passed_over(place):
                    yield f"{package}/{place.as_posix()}", path

    def resolve(self, module: Module, origin: Origin, chain: tuple[str, ...]) -> list[Found]:
        """Return what a name, with the attributes asked of it, means in `module`."""
        if isinstance(origin, tuple):
            return self._follow(*origin, chain)
        if not origin:  # an attribute of anything
            return [Found("external", "", chain[0])]
        is_python = hasattr(builtins, origin) or (origin.startswith("__") and origin.endswith("__"))
        found = self._bound(module, origin, chain)
        return found or [Found("external", "", origin)] * is_python

    def has(self, module: Module, name: str) -> bool:
        """Tell whether a name is bound at the top of a module."""
        return name in module.statements or name in module.imports

    def _bound(
        self, module: Module, name: str, chain: tuple[str, ...], depth: int = 0
    ) -> list[Found]:
        """Return what a module's own name means: more than one thing if it is bound twice."""
        found = [Found("definition", module.name, name)] * (name in module.statements)
        for target in module.imports.get(name, ()) if depth < DEEPEST else ():
            found += self._follow(*target, chain, depth + 1)
        return found

    def _follow(
        self, name: str, attribute: str | None, chain: tuple[str, ...], depth: int = 0
    ) -> list[Found]:
        """Return what an attribute of a module means; the module itself if it has none such."""
        module = self.module(name)
        if module is None:
            return [Found("external", "", ".".join([name, *filter(None, [attribute]), *chain]))]
        if attribute is None and not chain:
            return [Found("module", name, "")]
        if attribute is None:
            attribute, chain = chain[0], chain[1:]
        found = self._bound(module, attribute, chain, depth)
        inner = join(name, attribute)
        is_package = module.package == name
        if is_package and (not found or attribute in module.statements) and self.module(inner):
            found += [Found("module", name, attribute)] * len(found)
            found += self._follow(inner, None, chain)
        return found or [Found("module", name, attribute)]

    def active(self, module: Module) -> tuple[str, ...]:
        """Return the definitions that may do more than define when the module is loaded."""
        if module.name not in self._active:
            self._active[module.name] = ()  # for classes that make themselves
            self._active[module.name] = tuple(
                name
                for name, node in module.statements.items()
                if effects.does_more(self.named, module, node)
            )
        return self._active[module.name]

    def named(self, module: Module, node: ast.expr) -> tuple[Module, ast.stmt] | None:
        """Return the definition of the project that a name stands for, and its module."""
        found = self.resolve(module, node.id, ()) if isinstance(node, ast.Name) else []
        home = self.module(found[0].module) if found else None
        if len(found) != 1 or found[0].kind != "definition" or home is None:
            return None
        return home, home.statements[found[0].name]

    def _locate(self, name: str) -> tuple[Path | None, bool] | None:
        """Return the file of a module, None for a folder without one, and if it is a package."""
        if name == ".":
            return None, True
        if not name:
            return None
        first, *rest = name.removeprefix(".").split(".")
        if name.startswith("."):
            return _file_of(self.folder.joinpath(first, *rest))
        if first == "reporter":
            return _file_of(PACKAGE.joinpath(*rest))
        root = _own_folder(first)
        return _file_of(root.joinpath(first, *rest)) if root else None


def is_ours(name: str) -> bool:
    """Tell whether a module is of this program."""
    return name.partition(".")[0] == "reporter"


def is_passed_over(place: Path) -> bool:
    """Tell whether a file is hidden, or what Python keeps of its own."""
    return any(part == "__pycache__" or part.startswith(".") for part in place.parts)


def short(content: bytes) -> str:
    """Return a short digest."""
    return hashlib.sha256(content).hexdigest()[:HEX]


@cache
def is_telling(name: str) -> bool:
    """Tell whether a library's or Python's own name sees more of the code than its meaning."""
    kinds = (known.CONJURING, known.READING)
    return name == known.NAMESPACE or any(kind.match(name) for kind in kinds)


def _parsed(name: str, package: str, file: Path | None) -> Module:
    try:
        module = parsed(name, package, file.read_bytes() if file else b"")
        with warnings.catch_warnings(action="ignore"):  # they are told by the import
            if not is_ours(name):  # what parses may still be no Python: a return outside a function
                compile(module.tree, str(file), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as exc:
        told = f"{type(exc).__name__}: {getattr(exc, 'msg', exc)}"
        where = f" (line {line})" if (line := getattr(exc, "lineno", None)) else ""
        raise ReportError(f"{file}: can't be imported: {told}{where}") from exc
    return module


def _file_of(path: Path) -> tuple[Path | None, bool] | None:
    """Find a module as Python does: a package, a file, or a mere folder."""
    if (path / "__init__.py").is_file():
        return path / "__init__.py", True
    file = path.with_name(f"{path.name}.py")
    if file.is_file():
        return file, False
    return (None, True) if path.is_dir() else None


def _own_folder(first: str) -> Path | None:
    """Return the folder of Python's path that holds a user's own module or package `first`."""
    if first in sys.stdlib_module_names:
        return None
    for folder in map(Path, sys.path):
        located = _file_of(folder / first)
        if located and located[0]:
            return None if INSTALLED & {*folder.parts} else folder
    return None
