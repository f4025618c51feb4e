"""An experiment → a digest for each function, class and constant of the project that it reaches.

What is known of a module at its top decides what it may do when it is loaded; what can't be known,
as what getattr will be asked for, makes the whole module count, and the reason is kept.
"""

from __future__ import annotations

import ast
import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reporter.meaning import known
from reporter.meaning.codebase import Found, is_ours, is_telling, short
from reporter.meaning.imports import join, parent
from reporter.meaning.modules import evaluated
from reporter.meaning.syntax import FUNCTIONS, Use

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.meaning.codebase import Codebase
    from reporter.meaning.modules import Module

INPUTS = ("Dataset", "Example", "ImageFile", "Weights")  # handed to an experiment, with a Run
ASKED_OF_TORCH = "inspect.signature"  # in learn; it never sees a function of the project
MODULES = "order of modules"


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
    collects = gc.isenabled()
    gc.disable()  # looking through syntax trees is a fifth of the time
    try:
        walk.go(f".{file.stem}", experiment)
        return walk.code()
    finally:
        if collects:
            gc.enable()


@dataclass
class _Walk:
    """Goes from definition to definition; a module that is entered has been loaded.

    Attributes:
        entries: (module, name) → kind and digest of each definition.
        reasons: module that counts whole → why.
        more: digests of what is no code, of modules' words, and of missing modules.
        order: modules in the order in which they are loaded.
    """

    codebase: Codebase
    entries: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    order: list[Module] = field(default_factory=list)
    does_more: bool = False  # a module does more than define when it is loaded
    _loaded: set[str] = field(default_factory=set)
    _exposed: set[str] = field(default_factory=set)
    _waiting: list[tuple[Module, str | None]] = field(default_factory=list)
    _told: str = ""  # why the words of all modules count

    def go(self, name: str, experiment: str) -> None:
        """Reach all that the experiment reaches."""
        module = self.codebase.module(name)
        assert module is not None
        self._load(name)
        if not module.reason and module.has_experiment(experiment):
            self._define(name, f"@{experiment}")
        else:
            self._count_whole(name, f"{experiment} is not defined plainly at its top")
        for given in INPUTS:
            self._define("reporter.inputs", given)
        self._define("reporter.experiment", "Run")
        while self._waiting:
            self._enter(*self._waiting.pop(0))
            if self._told and not self._waiting:
                for every in ("reporter", *self.codebase.every_module()):
                    self._expose(every, self._told)
                    self._count_words(every, self._told)

    def code(self) -> Code:
        """Return what was reached."""
        digests = {
            f"{kind} {join(module, name.lstrip('@')) if name else module}": digest
            for (module, name), (kind, digest) in self.entries.items()
            if kind == "module" or module not in self.reasons
        }
        if self.does_more:
            names = [module.name for module in self.order if module.reason or sequence(module)]
            digests[MODULES] = short("\n".join(names).encode())
        digests |= self.more
        return Code(dict(sorted(digests.items())), dict(sorted(self.reasons.items())))

    def _load(self, name: str) -> None:
        """Enter what runs when a module is loaded, after the modules that it imports."""
        if name in self._loaded or name == known.CHECKS:
            return
        self._loaded.add(name)
        module = self.codebase.module(name)
        if module is None:
            if name.startswith((".", "reporter.")):
                self.more[f"missing {name}"] = ""
            return
        self._load(parent(name))
        for target in module.loads:
            self._import(*target, user=name)
        self.order.append(module)
        active = self.codebase.active(module)
        self.does_more |= bool(module.reason or active)
        if module.reason:
            self._count_whole(name, module.reason)
        elif active:
            for one in active:
                self._define(name, one)
            order = short("\n".join(sequence(module)).encode())
            self.entries.setdefault((name, ""), ("order", order))

    def _import(self, name: str, attribute: str | None, user: str) -> None:
        """Load what an import names."""
        self._load(name)
        module = self.codebase.module(name)
        if attribute == "*":
            if name != "reporter":
                self._expose(name, f"star import in {shown(user)}")
        elif module and attribute and not self.codebase.has(module, attribute):
            self._load(join(name, attribute))

    def _enter(self, module: Module, name: str | None) -> None:
        """Reach what a definition, or a whole module, uses."""
        _, imports, uses = self.codebase.meant(module, name)
        for target in imports:
            self._import(*target, user=module.name)
        for use, found in uses:
            self._take(found, use, module.name)

    def _take(self, found: Found, use: Use, user: str) -> None:
        """Reach what a name means in the module `user`."""
        at = f"at line {use.line}"
        if found.kind == "definition":
            self._define(found.module, found.name)
        elif found.kind == "module":
            where = at if user == found.module else f"{at} of {shown(user)}"
            self._expose(found.module, f"{found.name or use.by or 'used as a value'} {where}")
        elif is_telling(found.name):
            self._tell(found.name, user, f"{found.name} {at}")

    def _define(self, name: str, defined: str) -> None:
        """Reach a definition: "@toy" for the experiment toy as it is run."""
        self._load(name)
        module = self.codebase.module(name)
        if module is None or name == known.CHECKS or (name, defined) in self.entries:
            return
        kind = "experiment" if defined[0] == "@" else _kind(module.statements[defined])
        self.entries[name, defined] = (kind, self.codebase.meant(module, defined)[0])
        self._waiting.append((module, defined))

    def _tell(self, name: str, user: str, reason: str) -> None:
        """Count whole what is asked for more than its meaning."""
        if name == known.NAMESPACE:
            self._expose(user, reason)
            return
        if is_ours(user) and name == ASKED_OF_TORCH:
            return
        self._count_words(user, reason)
        if not is_ours(user) or known.CONJURING.match(name):
            self._told = self._told or f"{reason} of {shown(user)}"
            for place, path in self.codebase.beside(user):
                self.more[f"file {place}"] = short(path.read_bytes())

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
        for bound in module.imports:
            for found in self.codebase.resolve(module, bound, ()):
                self._take(found, Use("", (), 0, f"{bound} of {shown(name)} may be meant"), name)

    def _count_whole(self, name: str, reason: str) -> None:
        module = self.codebase.module(name)
        if module is None or name in self.reasons or name == known.CHECKS:
            return
        self.reasons[name] = reason
        self._load(name)
        self.entries[name, ""] = ("module", self.codebase.meant(module, None)[0])
        self._waiting.append((module, None))

    def _count_words(self, name: str, reason: str) -> None:
        self._count_whole(name, reason)
        module = self.codebase.module(name)
        if module:
            self.more[f"module {name}"] = short(module.content)


def shown(name: str) -> str:
    """Return a module or definition as people call it: "learn.train.step", "experiments.toy"."""
    name = f"experiments{name}" if name.startswith(".") else name.removeprefix("reporter.")
    return name.replace("./", "/").rstrip(".")


def sequence(module: Module) -> list[str]:
    """Return what of a module reads or does something when it is loaded, in order."""
    return [
        name
        for name, statement in module.statements.items()
        if any(isinstance(one, ast.Name) for one in evaluated(statement))
    ]


def _kind(statement: ast.stmt) -> str:
    if isinstance(statement, FUNCTIONS):
        return "function"
    return "class" if isinstance(statement, ast.ClassDef) else "constant"
