"""The @experiment decorator: a function becomes an Experiment, whose signature is its schema."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import typing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin, get_type_hints, overload

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from reporter.complaints import wanted
from reporter.errors import ReportError, nearest, shown
from reporter.inputs import Dataset, ImageFile, Weights

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reporter.artifacts import Result

Count = Annotated[int, Field(gt=0)]  # 1, 2, 3, …
Share = Annotated[float, Field(ge=0, lt=1)]  # of a whole: 0 to below 1
Rate = Annotated[float, Field(gt=0)]  # a learning rate
STREAMS = ("initialisation", "order", "augmentation", "dropout")
INPUTS = (Dataset, Weights, ImageFile)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an experiment may know of the run it is: never its report, never the store.

    Attributes:
        name: the run's name in report.toml.
        seed: the number that all its randomness descends from.
        device: "cpu" or "cuda".
        notify: where progress goes; use `progress`.
        cache: a folder for what can be computed again, shared with other runs; None for no such.
        resume: a file where a run keeps how far it is, to go on after an interruption, or what
            the names of several begin with.
        notes: how the result was computed, for the record; use `note`.
    """

    name: str
    seed: int = 0
    device: str = "cpu"
    notify: Callable[[Mapping[str, float | str]], None] = field(default=lambda _: None)
    cache: Path | None = None
    resume: Path | None = None
    notes: dict[str, float | str] = field(default_factory=dict)

    def stream(self, name: str) -> int:
        """Return the 63-bit seed of one of the four random streams; they never shift each other."""
        if name not in STREAMS:
            raise ValueError(f"no random stream is called {name!r}{nearest(name, STREAMS)}")
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    def progress(self, **values: float | str) -> None:
        """Tell whoever watches how far the run is, for example `epoch=3, epochs=10, loss=0.7`."""
        self.notify(values)

    def note(self, **values: float | str) -> None:
        """Put into the record how the result is computed, for example `sweep="stacked"`."""
        self.notes.update(values)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One keyword of an experiment: the type that its value must have, and its default."""

    name: str
    annotation: Any
    default: Any = inspect.Parameter.empty

    @property
    def input_type(self) -> type | None:
        """Return Dataset, Weights or ImageFile when the value names such an input."""
        return next((t for t in (self.annotation, *get_args(self.annotation)) if t in INPUTS), None)

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Return the checker of plain values; inputs are given by their names."""
        if self.input_type is None:
            return TypeAdapter(self.annotation)
        if get_origin(self.annotation) is tuple:
            return TypeAdapter(tuple[str, ...])
        is_optional = type(None) in get_args(self.annotation)
        return TypeAdapter(str | None) if is_optional else TypeAdapter(str)

    def check(self, value: object, where: str) -> Any:
        """Return `value` as the type asked for; ReportError names `where`, value and type."""
        try:
            return self.adapter.validate_json(json.dumps(value, allow_nan=False), strict=True)
        except ValidationError as exc:
            raise ReportError(f"{where}: {shown(value)} {wanted(exc.errors()[0])}") from exc
        except PydanticUserError as exc:
            raise ReportError(
                f"{where}: its type is nothing that report.toml can hold; choose int, float, str, "
                "bool, a tuple of them, Dataset, Weights or ImageFile"
            ) from exc
        except (TypeError, ValueError) as exc:
            raise ReportError(
                f"{where}: {shown(value)} should be a finite number, a text, true or false, or a "
                "list of them"
            ) from exc


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A registered function and what its signature says.

    Attributes:
        name: as report.toml calls it.
        function: takes a Run and the parameters as keywords, returns a Result.
        parameters: by name, in the order of the signature.
        quick: overrides with which it ends in seconds on one core.
    """

    name: str
    function: Callable[..., Result]
    parameters: Mapping[str, Parameter]
    quick: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """Return the first sentence of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def method(self) -> str:
        """Return the docstring's prose, the report's method note: all before its first heading."""
        text = inspect.getdoc(self.function) or ""
        return re.split(r"\n(?:Args|Returns|Raises):\n", text)[0].strip()

    def bind(self, given: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Check `given` against the signature and fill in the defaults.

        Raises:
            ReportError: an unknown, missing or mistyped parameter; the message starts with `where`.
        """
        for name in given:
            if name not in self.parameters:
                hint = nearest(name, self.parameters)
                raise ReportError(f"{where}: {self.name} has no parameter {name!r}{hint}")
        bound = {}
        for name, parameter in self.parameters.items():
            if name in given:
                bound[name] = parameter.check(given[name], f"{where}.{name}")
            elif parameter.default is inspect.Parameter.empty:
                raise ReportError(
                    f"{where}: {self.name} needs a value for {name!r}; add {name} = …"
                )
            else:
                parameter.check(parameter.default, f"{where}.{name}: the default in {self.name}")
                bound[name] = parameter.default
        return bound


@overload
def experiment(function: Callable[..., Result]) -> Experiment: ...


@overload
def experiment(*, quick: Mapping[str, Any]) -> Callable[[Callable[..., Result]], Experiment]: ...


def experiment(
    function: Callable[..., Result] | None = None, *, quick: Mapping[str, Any] | None = None
) -> Experiment | Callable[[Callable[..., Result]], Experiment]:
    """Declare a function as an experiment; nothing is registered, the frozen value is found.

    The function takes a `Run` first and keyword-only parameters with types and, mostly, defaults.
    Parameters typed Dataset, Weights or ImageFile (or a tuple of the last) are named in report.toml
    and arrive opened.

    Args:
        function: the function that is decorated.
        quick: parameter overrides with which it ends in seconds on one core.

    Example:
        >>> @experiment(quick={"epochs": 1})
        ... def finetune(run: Run, *, epochs: Count = 10) -> Result:
        ...     return Result()
        >>> finetune.parameters["epochs"].default
        10
    """
    if function is None:
        return lambda given: _experiment(given, quick or {})
    return _experiment(function, quick or {})


def _experiment(function: Callable[..., Result], quick: Mapping[str, Any]) -> Experiment:
    where = f"experiment {function.__name__}"
    hints = get_type_hints(function, include_extras=True)
    run, *others = inspect.signature(function).parameters.values() or (None,)
    if run is None or run.kind is inspect.Parameter.KEYWORD_ONLY:
        raise ReportError(f"{where}: takes no run; write def {function.__name__}(run: Run, *, …)")
    for other in others:
        if other.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise ReportError(f"{where}: {other.name!r} should stand after *, as (run: Run, *, …)")
        if other.name not in hints:
            raise ReportError(f"{where}: {other.name!r} has no type; write {other.name}: Count = …")
    parameters = {
        other.name: Parameter(name=other.name, annotation=hints[other.name], default=other.default)
        for other in others
    }
    for name in quick:
        if name not in parameters:
            hint = nearest(name, parameters)
            raise ReportError(f"{where}: quick names no parameter {name!r}{hint}")
    return Experiment(name=function.__name__, function=function, parameters=parameters, quick=quick)
