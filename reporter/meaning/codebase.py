"""A name where it is used → what it means: a definition of the project, a module, or a library's.

The project is the folder of an experiment file, this program, and what else is imported from a
folder on Python's path that holds no installed packages.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import sys
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from reporter.meaning import effects, known
from reporter.meaning.imports import join, parent
from reporter.meaning.modules import Module, parsed
from reporter.meaning.syntax import PERHAPS
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
        kind: a "definition" at the top of a module, a "module" as a value, an attribute that
            every module has ("own"), a library's ("external"), or what can't be found ("missing").
        module: of a definition, or the module itself.
        name: of the definition or attribute; of a library's, its full name.
    """

    kind: Literal["definition", "experiment", "module", "own", "external", "missing"]
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
        """Return a module of the project, None for any other."""
        if name not in self._modules:
            located = self._locate(name)
            self._modules[name] = None
            if located:
                file, is_package = located
                self._files[name] = file
                package = name if is_package else parent(name)
                content = file.read_bytes() if file else b""
                self._modules[name] = parsed(name, package, content)
        return self._modules[name]

    def file(self, name: str) -> Path | None:
        """Return the file of a module that was read; None for a folder without one."""
        return self._files.get(name)

    def meant(self, module: Module, name: str | None) -> Meant:
        """Return the digest of a definition, what it says, and what each name in it means.

        Args:
            module: where it is defined.
            name: "@toy" for the experiment toy as it is run, None for the whole module.
        """
        if (module.name, name) not in self._meant:
            if name and name.startswith("@"):
                meaning = module.root(name[1:])
                assert meaning is not None
            else:
                meaning = module.meaning(name)
            uses = [
                (use, found)
                for use in meaning.uses
                for found in self.resolve(module, use.origin, use.chain)
            ]
            labels = sorted({f"{use.origin} {use.chain} {' '.join(found)}" for use, found in uses})
            if name is not None:
                labels += module.late(name.removeprefix("@"))
            digest = short("\n".join([meaning.text, *labels]).encode())
            counted = tuple((use, found) for use, found in uses if _counts(use, found))
            self._meant[module.name, name] = digest, meaning.imports, counted
        return self._meant[module.name, name]

    def every_module(self) -> list[str]:
        """Return the names of all modules that code could ask for by a name it makes up."""
        names = []
        own = [
            (name, file.parent)
            for name, file in self._files.items()
            if file and file.name == "__init__.py" and not name.startswith((".", "reporter"))
        ]
        for start, folder in [(".", self.folder), ("reporter.learn", PACKAGE / "learn"), *own]:
            for file in sorted(folder.rglob("*.py")):
                name = start
                for part in file.relative_to(folder).with_suffix("").parts:
                    name = name if part == "__init__" else join(name, part)
                names.append(name)
        return names

    def resolve(self, module: Module, origin: Origin, chain: tuple[str, ...]) -> list[Found]:
        """Return what a name, with the attributes asked of it, means in `module`."""
        if isinstance(origin, tuple):
            return list(self._follow(*origin, chain))
        if not origin:  # an attribute of anything
            return [Found("external", "", chain[0])]
        found = list(self._bound(module, origin, chain))
        if found:
            return found
        if hasattr(builtins, origin) or (origin.startswith("__") and origin.endswith("__")):
            return [Found("external", "", origin)]
        return [Found("missing", module.name, origin)]

    def has(self, module: Module, name: str) -> bool:
        """Tell whether a name is bound at the top of a module."""
        is_face = module.has_face and name in self._face.imports
        return is_face or name in module.statements or name in module.imports

    def _bound(
        self, module: Module, name: str, chain: tuple[str, ...], depth: int = 0
    ) -> Iterator[Found]:
        """Yield what a module's own name means: more than one thing if it is bound twice."""
        if name in module.statements:
            yield Found("definition", module.name, name)
        if name in module.imports:
            yield from self._follow(*module.imports[name], chain, depth + 1)
        if module.has_face and name in self._face.imports:
            yield from self._follow("reporter", name, chain, depth + 1)
            if name in module.statements or name in module.imports:
                yield Found("missing", module.name, name)

    def _follow(
        self, name: str, attribute: str | None, chain: tuple[str, ...], depth: int = 0
    ) -> Iterator[Found]:
        module = self.module(name)
        if module is None:
            yield Found("external", "", ".".join([name, *filter(None, [attribute]), *chain]))
        elif depth > DEEPEST:
            yield Found("missing", name, attribute or "")
        elif attribute is None and not chain:
            yield Found("module", name, "")
        elif attribute is None:
            yield from self._follow(name, chain[0], chain[1:], depth + 1)
        else:
            found = list(self._bound(module, attribute, chain, depth))
            inner = join(name, attribute)
            if self.module(inner) and (not found or attribute in module.statements):
                found += self._follow(inner, None, chain, depth + 1)
                found += [Found("missing", name, attribute)] * (attribute in module.statements)
            if not found:
                is_own = attribute.startswith("__") and attribute.endswith("__")
                found = [Found("own" if is_own else "missing", name, attribute)]
            yield from found

    @cached_property
    def _face(self) -> Module:
        face = self.module("reporter")
        assert face is not None
        return face

    def active(self, module: Module) -> tuple[str, ...]:
        """Return the definitions that may do more than define when the module is loaded."""
        if module.name not in self._active:
            self._active[module.name] = ()  # for classes that make themselves
            self._active[module.name] = tuple(
                name
                for name, node in module.statements.items()
                if not effects.defines(self.named, module, node)
            )
        return self._active[module.name]

    def named(self, module: Module, node: ast.expr) -> tuple[Module, ast.stmt] | None:
        """Return the definition of the project that a name stands for, and its module."""
        if not isinstance(node, ast.Name):
            return None
        found = self.resolve(module, node.id, ())
        home = self.module(found[0].module)
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


def short(content: bytes) -> str:
    """Return a short digest."""
    return hashlib.sha256(content).hexdigest()[:HEX]


def _counts(use: Use, found: Found) -> bool:
    """Tell whether a name leads to more code, or tells of it; a library's rarely does."""
    if found.kind == "external":
        return is_telling(found.name)
    return found.kind != "missing" or use.by != PERHAPS


@cache
def is_telling(name: str) -> bool:
    """Tell whether a library's or Python's own name sees more of the code than its meaning."""
    kinds = (known.CONJURING, known.BESIDE, known.READING, known.NAMESPACE)
    return any(kind.match(name) for kind in kinds)


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
