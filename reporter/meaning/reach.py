"""An experiment → a digest for each function, class and constant of the project that it reaches.

What is known of a module at its top decides what it may do when it is loaded; what can't be known,
as what getattr will be asked for, makes the whole module count, and the reason is kept.
"""

from __future__ import annotations

import ast
import contextlib
import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reporter.meaning import known
from reporter.meaning.codebase import Found, short
from reporter.meaning.imports import join, parent
from reporter.meaning.modules import FUNCTIONS
from reporter.meaning.syntax import PERHAPS, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reporter.meaning.codebase import Codebase
    from reporter.meaning.modules import Module

INPUTS = ("Dataset", "Example", "ImageFile", "Weights")  # handed to an experiment, with a Run
ASKED_OF_TORCH = "inspect.signature"  # in learn; it never sees a function of the project
MODULES = "order of modules"
NOWHERE = Use("", (), 0)


@dataclass(frozen=True)
class Code:
    """What an experiment reaches.

    Attributes:
        digests: "function reporter.learn.train.step" and the like → digest of its meaning.
        reasons: module that counts whole → why it does.
    """

    digests: Mapping[str, str]
    reasons: Mapping[str, str]


def reached(codebase: Codebase, file: Path, experiment: str) -> Code:
    """Return the code that the experiment of this name in `file` reaches."""
    walk = _Walk(codebase)
    with _no_collection():
        walk.go(f".{file.stem}", experiment)
        return walk.code()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking through syntax trees, a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass
class _Walk:
    """Goes from definition to definition; a module that is entered has been loaded.

    Attributes:
        entries: (module, name) → kind and digest of each definition.
        reasons: module that counts whole → why.
        words: modules whose very words count.
        order: modules in the order in which they are loaded.
    """

    codebase: Codebase
    entries: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # that are not code, and missing modules
    does_more: bool = False  # a module does more than define when it is loaded
    _loaded: set[str] = field(default_factory=set)
    _exposed: set[str] = field(default_factory=set)
    _waiting: list[tuple[Module, str | None]] = field(default_factory=list)
    _reading: str = ""  # why the words of all modules of the workspace count

    def go(self, name: str, experiment: str) -> None:
        """Reach all that the experiment reaches."""
        module = self.codebase.module(name)
        assert module is not None
        self._load(name)
        if not module.reason and module.root(experiment):
            self._take(Found("experiment", name, experiment))
        else:
            self._count_whole(name, f"{experiment} is not defined plainly at its top")
        for given in INPUTS:
            self._take(Found("definition", "reporter.inputs", given))
        self._take(Found("definition", "reporter.experiment", "Run"))
        while self._waiting:
            self._enter(*self._waiting.pop(0))
            if not self._waiting and self._reading:
                for loaded in [name for name in self.order if not _is_ours(name)]:
                    self._count_words(loaded, self._reading)

    def code(self) -> Code:
        """Return what was reached."""
        digests = dict(self.files)
        for (module, name), (kind, digest) in self.entries.items():
            if module in self.reasons:
                continue
            if kind == "order":
                digests[f"order {module}"] = digest
            else:
                digests[f"{kind} {join(module, name.lstrip('@'))}"] = digest
        for name in self.reasons:
            module_ = self.codebase.module(name)
            assert module_ is not None
            by_words = name in self.words
            whole = short(module_.content) if by_words else self.codebase.meant(module_, None)[0]
            digests[f"module {name}"] = whole
        if self.does_more:
            digests[MODULES] = short("\n".join(self.order).encode())
        return Code(dict(sorted(digests.items())), dict(sorted(self.reasons.items())))

    def _load(self, name: str) -> None:
        """Enter what runs when a module is loaded, after the modules that it imports."""
        if name in self._loaded or name == known.CHECKS:
            return
        self._loaded.add(name)
        module = self.codebase.module(name)
        if module is None and name.startswith((".", "reporter.")):
            self.files[f"missing {name}"] = ""
        if module is None:
            return
        self._load(parent(name))
        for target in module.loads:
            self._load_target(*target, f"star import in {shown(name)}")
        self.order.append(name)
        active = self.codebase.active(module)
        self.does_more |= bool(module.reason or active)
        if module.reason:
            self._count_whole(name, module.reason)
        elif active:
            for one in active:
                self._take(Found("definition", name, one))
            order = short("\n".join(module.statements).encode())
            self.entries[name, "*"] = ("order", order)

    def _load_target(self, name: str, attribute: str | None, star: str = "") -> None:
        self._load(name)
        module = self.codebase.module(name)
        if attribute == "*":
            if name != "reporter":
                self._expose(name, star)
        elif module and attribute and not self.codebase.has(module, attribute):
            self._load(join(name, attribute))

    def _enter(self, module: Module, name: str | None) -> None:
        """Reach what a definition, or a whole module, uses."""
        _, imports, uses = self.codebase.meant(module, name)
        for target in imports:
            self._load_target(*target)
        for use, found in uses:
            self._take(found, use, module.name)

    def _take(self, found: Found, use: Use = NOWHERE, user: str = "") -> None:
        """Reach what a name means; `user` is the module that uses it."""
        if found.kind in ("definition", "experiment"):
            self._define(found)
            return
        at = f"at line {use.line}"
        where = at if user == found.module else f"{at} of {shown(user)}"
        if found.kind == "module":
            self._expose(found.module, f"{use.by or 'used as a value'} {where}")
        elif found.kind == "missing" and use.by != PERHAPS:
            self._expose(found.module, f"{found.name} is not found at its top, {where}")
        elif found.kind == "own":
            self._take_telling(found.name, found.module, where)
            if found.name not in ("__name__", "__package__", "__file__"):
                self._expose(found.module, f"{found.name} {where}")
        elif found.kind == "external":
            self._take_telling(found.name, user, at)

    def _define(self, found: Found) -> None:
        if found.module == known.CHECKS:
            return
        self._load(found.module)
        module = self.codebase.module(found.module)
        name = f"@{found.name}" if found.kind == "experiment" else found.name
        if module is None or (module.name, name) in self.entries:
            return
        kind = "experiment" if found.kind == "experiment" else _kind(module.statements[found.name])
        self.entries[module.name, name] = (kind, self.codebase.meant(module, name)[0])
        self._waiting.append((module, name))

    def _take_telling(self, name: str, user: str, at: str) -> None:
        """Count whole what is asked for more than its meaning."""
        reason = f"{name} {at}"
        if known.NAMESPACE.match(name):
            self._expose(user, reason)
        elif known.CONJURING.match(name):
            for module in ("reporter", *self.codebase.every_module()):
                self._expose(module, f"{reason} of {shown(user)}")
        elif known.BESIDE.match(name):
            self._count_beside(user, reason)
        elif known.READING.match(name) and not (_is_ours(user) and name == ASKED_OF_TORCH):
            self._count_words(user, reason)
            if not _is_ours(user):
                self._reading = self._reading or f"{reason} of {shown(user)}"

    def _expose(self, name: str, reason: str) -> None:
        """Count a module of which any name may be asked for, its imports and submodules too."""
        if name in self._exposed:
            return
        self._exposed.add(name)
        self._count_whole(name, reason)
        module = self.codebase.module(name)
        for inner in [one for one in self.codebase.every_module() if parent(one) == name]:
            self._expose(inner, reason)
        if module is None:
            return
        for bound, target in module.imports.items():
            for found in self.codebase.resolve(module, target, ()):
                self._take(
                    found, Use(target, (), 0, f"{bound} of {shown(name)} may be meant"), name
                )

    def _count_whole(self, name: str, reason: str) -> None:
        module = self.codebase.module(name)
        if module is None or name in self.reasons or name == known.CHECKS:
            return
        self.reasons[name] = reason
        self._load(name)
        self._waiting.append((module, None))

    def _count_words(self, name: str, reason: str) -> None:
        self._count_whole(name, reason)
        self.words.add(name)

    def _count_beside(self, user: str, reason: str) -> None:
        """Count a module that knows where it lies, and the files below, unless it is ours."""
        self._count_whole(user, reason)
        file = self.codebase.file(user)
        if _is_ours(user) or file is None:
            return
        for path in sorted(file.parent.rglob("*")):
            place = path.relative_to(file.parent)
            if path.is_file() and not is_passed_over(place):
                package = parent(user) if file.name != "__init__.py" else user
                name = f"file {package}/{place.as_posix()}"
                self.files[name] = short(path.read_bytes())


def shown(name: str) -> str:
    """Return a module or definition as people call it: "learn.train.step", "experiments.toy"."""
    name = f"experiments{name}" if name.startswith(".") else name.removeprefix("reporter.")
    name = name.replace("./", "/")
    return name.rstrip(".")


def is_passed_over(place: Path) -> bool:
    """Tell whether a file is hidden, or what Python keeps of its own."""
    return any(part == "__pycache__" or part.startswith(".") for part in place.parts)


def _kind(statement: ast.stmt) -> str:
    if isinstance(statement, FUNCTIONS):
        return "function"
    return "class" if isinstance(statement, ast.ClassDef) else "constant"


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "reporter"
