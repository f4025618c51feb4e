"""What is known of Python and of libraries: what only defines, and what sees more than meaning."""

from __future__ import annotations

import re

# Decorators and base classes with which an annotation has no effect, and nothing else has.
HARMLESS = re.compile(
    r"abc\.(ABC|abstractmethod)|builtins\.(classmethod|object|property|staticmethod)"
    r"|builtins\.\w+\.(setter|getter|deleter)"
    r"|contextlib\.contextmanager|dataclasses\.dataclass|enum\.(Enum|IntEnum|StrEnum)"
    r"|functools\.(cache|cached_property|lru_cache|total_ordering|wraps)|reporter\.shapes\.Checked"
    r"|torch\.(inference_mode|no_grad|nn\.Module|utils\.data\.Dataset)"
    r"|typing\.(NamedTuple|Protocol|final|overload|override|runtime_checkable)"
)
# Base classes that do nothing when a class is made from them.
BASES = re.compile(
    r"(builtins|typing|enum|abc|reporter\.shapes|torch\.(nn|autograd|fx|utils\.data))\."
)
# Calls and decorators that change nothing but what they give back.
INERT = re.compile(
    r"builtins\.(bool|bytes|complex|dict|float|frozenset|int|len|list|range|set|str|tuple|type)"
    r"|collections\.namedtuple|dataclasses\.(dataclass|field)|decimal\.Decimal"
    r"|fractions\.Fraction|functools\.(partial|cache|lru_cache|wraps)|logging\.getLogger"
    r"|math\.\w+|numpy\.array|operator\.(attrgetter|itemgetter)|pathlib\.(Pure)?Path"
    r"|pydantic\.Field|re\.compile|struct\.Struct|torch\.(device|tensor|no_grad|inference_mode)"
    r"|types\.MappingProxyType|typing\.(NewType|TypeVar|cast)"
)
# Raises or does nothing; and what is stored is checked by it again whenever it is read.
CHECKS = "reporter.shapes"
EXPERIMENT = re.compile(r"reporter\.experiment(\.experiment)?")
# Types of parameters whose values the key holds in full; any other annotation counts as code.
PLAIN_TYPE = re.compile(
    r"builtins\.(int|float|str|bool)|reporter\.(Count|Rate|Share|Dataset|Weights|ImageFile)"
    r"|typing\.Literal"
)
# What asks for modules by a name that is made up: any module may be meant.
CONJURING = re.compile(
    r"(__builtins__|__globals__|__import__|__loader__|__spec__|__subclasses__|compile|eval|exec"
    r"|gc\.get_objects|importlib(?!\.(metadata|resources))|inspect\.(currentframe|getmodule|stack)"
    r"|pkgutil|runpy|sys\.(_getframe|modules))(\.|$)"
)
# What reads the words of the code, or files that lie beside it.
READING = re.compile(
    r"(__annotations__|__code__|__doc__|__file__|__path__|co_firstlineno|f_lineno"
    r"|importlib\.resources|inspect|linecache|tb_lineno|tokenize|torch\.jit\.script"
    r"|typing\.get_type_hints)(\.|$)"
)
# Attributes of anything, and strings that may name them, that see more than what code computes.
TELLING = frozenset(re.findall(r"__\w+__|\w+_\w*lineno", CONJURING.pattern + READING.pattern))
NAMESPACE = "globals"  # gives all names of a module
