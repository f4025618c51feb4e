"""Experiment files → the experiments they define, found by looking, registered nowhere."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
import types
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest
from reporter.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PREFIX = "_experiments_"  # of the packages that folders are imported into


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Experiments by name, each with the file that defines it."""

    experiments: Mapping[str, Experiment]
    files: Mapping[str, Path]

    def find(self, name: str, where: str) -> Experiment:
        """Return the experiment called `name`; ReportError with the nearest name otherwise."""
        if name not in self.experiments:
            hint = nearest(name, self.experiments)
            raise ReportError(f"{where}: no experiment is called {name!r}{hint}")
        return self.experiments[name]


def load(folders: Iterable[Path]) -> Registry:
    """Collect the experiments of all `folders`; a later folder's win over an earlier one's.

    Raises:
        ReportError: a file that can't be imported, or a name defined twice in one folder.
    """
    experiments: dict[str, Experiment] = {}
    files: dict[str, Path] = {}
    for folder in folders:
        here: dict[str, Path] = {}
        for path in sorted(folder.glob("[!_.]*.py")):
            for found in experiments_in(path):
                if found.name in here:
                    raise ReportError(
                        f"{path}: experiment {found.name!r} is also defined in "
                        f"{here[found.name].name}; rename one"
                    )
                here[found.name] = path
                experiments[found.name] = found
        files |= here
    return Registry(experiments=experiments, files=files)


def forget(folders: Iterable[Path]) -> None:
    """Let the next `load` read the files of `folders` again, as after a save."""
    packages = {_package(folder) for folder in folders}
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


def experiments_in(path: Path) -> list[Experiment]:
    """Import one experiment file and return the experiments that it defines itself."""
    module = _import(path)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, Experiment) and value.function.__module__ == module.__name__
    ]


def _import(path: Path) -> types.ModuleType:
    """Import `path` as a member of a package private to its folder; `sys.path` stays as it is."""
    package = _package(path.parent)
    if _Modules not in sys.meta_path:
        sys.meta_path.insert(0, _Modules)
    if package not in sys.modules:
        parent = types.ModuleType(package)
        parent.__path__ = [str(path.parent)]
        sys.modules[package] = parent
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = _Modules.find_spec(name, [str(path.parent)])
    if spec is None or spec.loader is None:
        raise ReportError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as exc:
        del sys.modules[name]
        raise ReportError(f"{path}: {_told(exc, path)}") from exc
    return module


class _Source(SourceFileLoader):
    """Compiles a file as it is: kept bytecode is told from a later save by the second and size."""

    def get_code(self, fullname: str) -> types.CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Modules:
    """Finds experiments and the helpers that they import from beside them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of a private package is read; None for what is none, or a folder."""
        if not name.startswith(PREFIX):
            return None
        place = Path(path[0] if path else "", name.rpartition(".")[2])
        for file, below in ((place / "__init__.py", [str(place)]), (Path(f"{place}.py"), None)):
            if file.is_file():
                loader = _Source(name, str(file))
                return importlib.util.spec_from_file_location(
                    name, file, loader=loader, submodule_search_locations=below
                )
        return None


def _package(folder: Path) -> str:
    """Return the name of the package that the files of `folder` are imported into."""
    return PREFIX + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def _told(exc: BaseException, path: Path) -> str:
    """Return why a file can't be imported, and the line of it that says so."""
    if isinstance(exc, ReportError):  # of the decorator
        return str(exc)
    told = str(exc).replace(_package(path.parent), "")
    if isinstance(exc, ImportError) and exc.path:
        told = told.replace(f" ({exc.path})", "")
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(exc.__traceback__)
        if frame.filename == str(path)
    ]
    where = f" (line {lines[-1]})" if lines else ""
    words = f"{type(exc).__name__}: {told}" if told else type(exc).__name__
    return f"can't be imported: {words}{where}"
