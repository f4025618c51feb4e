"""What is known of Python and of libraries: what only defines, and what sees more than meaning."""

from __future__ import annotations

import re

# Decorators and base classes with which an annotation has no effect, and nothing else has.
HARMLESS = frozenset(
    {
        "abc.ABC",
        "abc.abstractmethod",
        "builtins.classmethod",
        "builtins.object",
        "builtins.property",
        "builtins.staticmethod",
        "contextlib.contextmanager",
        "dataclasses.dataclass",
        "enum.Enum",
        "enum.IntEnum",
        "enum.StrEnum",
        "functools.cache",
        "functools.cached_property",
        "functools.lru_cache",
        "functools.total_ordering",
        "functools.wraps",
        "reporter.shapes.Checked",
        "torch.inference_mode",
        "torch.no_grad",
        "torch.nn.Module",
        "torch.utils.data.Dataset",
        "typing.NamedTuple",
        "typing.Protocol",
        "typing.final",
        "typing.overload",
        "typing.override",
        "typing.runtime_checkable",
    }
)
# Base classes that do nothing when a class is made from them.
BASES = re.compile(
    r"(builtins|typing|enum|abc|reporter\.shapes|torch\.(nn|autograd|fx|utils\.data))\."
)
# Calls that change nothing but what they give back.
INERT_CALL = re.compile(
    r"builtins\.(bool|bytes|complex|dict|float|frozenset|int|len|list|range|set|str|tuple|type)"
    r"|collections\.namedtuple|dataclasses\.(dataclass|field)|decimal\.Decimal"
    r"|fractions\.Fraction|functools\.(partial|cache|lru_cache|wraps)|logging\.getLogger"
    r"|math\.\w+|numpy\.array|operator\.(attrgetter|itemgetter)|pathlib\.(Pure)?Path"
    r"|pydantic\.Field|re\.compile|torch\.(device|tensor|no_grad|inference_mode)"
    r"|types\.MappingProxyType|typing\.(NewType|TypeVar|cast)"
)
# Raises or does nothing; and what is stored is checked by it again whenever it is read.
CHECKS = "reporter.shapes"
EXPERIMENT = frozenset({"reporter.experiment", "reporter.experiment.experiment"})
# Types of parameters whose values the key holds in full; any other annotation counts as code.
PLAIN_TYPE = re.compile(
    r"builtins\.(int|float|str|bool)|reporter\.(Count|Rate|Share|Dataset|Weights|ImageFile)"
)
# Attributes, and strings that may name them, that see more of the code than what it computes.
TELLING = frozenset(
    {
        "__annotations__",
        "__builtins__",
        "__code__",
        "__doc__",
        "__file__",
        "__globals__",
        "__loader__",
        "__path__",
        "__spec__",
        "__subclasses__",
        "co_firstlineno",
        "f_lineno",
        "tb_lineno",
    }
)
# What asks for modules by a name that is made up: any module may be meant.
CONJURING = re.compile(
    r"(__builtins__|__globals__|__import__|__loader__|__spec__|__subclasses__|compile|eval|exec"
    r"|gc\.get_objects|importlib(?!\.(metadata|resources))|inspect\.(currentframe|getmodule|stack)"
    r"|pkgutil|runpy|sys\.(_getframe|modules))(\.|$)"
)
# What reads files that lie beside the code.
BESIDE = re.compile(r"(__file__|__path__|importlib\.resources)(\.|$)")
# What reads the words of the code.
READING = re.compile(
    r"(__annotations__|__code__|__doc__|co_firstlineno|f_lineno|inspect|linecache|tb_lineno"
    r"|tokenize|torch\.jit\.script|typing\.get_type_hints)(\.|$)"
)
NAMESPACE = re.compile("globals$")
"""What gives all names of a module."""
