"""Random small programs of several modules, random edits of them, and what they compute."""

import ast
import copy
import random
import re
import shutil
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from reporter import registry
from reporter.errors import ReportError

ORDER = ("sub/__init__", "sub/deep", "_far", "_near", "toy")  # each may import those before it
STATEMENTS = (
    "{name}.append(4)",
    "{name} = 8",
    "{name} += 1",
    "{name}['a'] = 5",
    "{name} = [3, 5]",
    "{name}.K1 = 6",
    "random.seed(5)",
    "def {name}(x, y=3):\n    return x - 7",
    "from ._far import *",
    "from ._near import f1 as {name}",
    "from .sub.deep import K1 as {name}",
    "class {name}:\n    w = 9\n    def m(self, x):\n        return x",
    "del {name}",
    "NEW = {name}",
    "if {name}:\n    K0 = 11",
    "globals()['{name}'] = 4",
)


@dataclass
class _Writer:
    """Writes modules one after the other; what one defines the next may use."""

    rng: random.Random
    values: list[str] = field(default_factory=list)  # expressions that are numbers
    calls: list[str] = field(default_factory=list)  # with {} for a number
    known: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def number(self, *inner: str) -> str:
        """Return an expression with at most one call of something defined before."""
        rng = self.rng
        atoms = [str(rng.randrange(9)), *inner, *self.values]
        plain = [f"{rng.choice(atoms)} {rng.choice('+-*')} {rng.choice(atoms)}", rng.choice(atoms)]
        if self.calls and rng.random() < 0.75:
            call = rng.choice(self.calls).format(rng.choice(atoms))
            plain += [call, f"{call} + {rng.choice(atoms)}", f"(lambda z: z + {call})(2)"]
            plain += [f"sum([q + {rng.choice(atoms)} for q in (1, {call})])"]
        return rng.choice(plain)

    def module(self, place: str) -> str:
        """Return the text of one module."""
        self.values, self.calls = [], []
        depth = place.count("/")
        lines = ["import random", "from dataclasses import dataclass"]
        if place == "toy":
            lines.append("from reporter import *")
        for other in self.known:
            lines += self.imported(other, "." * (depth + 1))
        for index in range(self.rng.randrange(3, 7)):
            lines += self.definition(index)
        self.known[place] = (
            [v for v in self.values if v[0] in "KLR" and "(" not in v],
            [c for c in self.calls if re.match(r"[fgC]\d+\(", c)],
        )
        return "\n".join(lines) + "\n"

    def imported(self, other: str, dots: str) -> list[str]:
        """Return an import of some kind, and know what it gives."""
        values, calls = self.known[other]
        path = other.removesuffix("/__init__").replace("/", ".")
        package, _, last = path.rpartition(".")
        names = [*dict.fromkeys([*values, *(call.split("(")[0] for call in calls)])]
        kind = self.rng.choice(["names", "module", "module", "alias", "inside", "none"])
        if not names or kind == "none":
            return []
        if kind == "names":
            taken = self.rng.sample(names, min(2, len(names)))
            as_ = {name: f"{name}_{last.strip('_')}" for name in taken}
            self.values += [as_[v] for v in values if v in as_]
            self.calls += [
                c.replace(n, as_[n], 1) for c in calls for n in [c.split("(")[0]] if n in as_
            ]
            listed = ", ".join(f"{name} as {alias}" for name, alias in as_.items())
            return [f"from {dots}{path} import {listed}"]
        alias = last if kind == "module" else f"{last}_x"
        self.values += [f"{alias}.{v}" for v in values]
        self.calls += [f"{alias}.{c}" for c in calls]
        asked = [
            (f'"{name[0]}" + "{name[1:]}"', c[len(name) :])
            for c in calls
            for name in [c.split("(")[0]]
        ]
        self.calls += [f"getattr({alias}, {name}){rest}" for name, rest in asked[:1]]
        line = f"from {dots}{package} import {last} as {alias}"
        if kind == "inside":
            name = f"g{self.rng.randrange(99)}"
            call = self.rng.choice([f"{alias}.{c}" for c in calls] or ["len('a{}')"])
            text = f"def {name}(x):\n    {line}\n    return {call.format('x')}"
            self.values = [v for v in self.values if not v.startswith(f"{alias}.")]
            self.calls = [c for c in self.calls if f"{alias}." not in c and f"({alias}," not in c]
            self.calls.append(f"{name}({{}})")
            return [text]
        return [line]

    def definition(self, index: int) -> list[str]:
        """Return a statement at the top of a module, and know what it defines."""
        rng, i = self.rng, index
        kind = rng.choice("cclfffkkdrweatg")
        base = rng.choice(
            [c.split("(")[0] for c in self.calls if c[0] == "C" and "." not in c] or [""]
        )
        texts = {
            "c": f"K{i} = {self.number()}",
            "l": f"L{i} = [{self.number()}, 2]",
            "f": f"def f{i}(x, y={self.number()}):\n    return {self.number('x', 'y')}",
            "k": f"class C{i}{f'({base})' if base else ''}:\n    w = {self.number()}\n"
            f"    def __init__(self, v=1):\n        self.v = v\n"
            f"    def h(self, x):\n        return {self.number('x', 'self.w', 'self.v')}\n"
            f"    def m(self, x):\n        return self.h(x) + {rng.randrange(5)}",
            "d": f"D{i} = {{'a': lambda x: {self.number('x')}, 'b': {rng.choice(['len', 'str'])}}}",
            "r": f"random.seed({rng.randrange(5)})",
            "w": f"R{i} = random.randrange(100)",
            "e": f"L{i} = [1]\nL{i}.append({self.number()})",
            "a": f"def wrap{i}(g):\n    return lambda x: g(x) + {rng.randrange(9)}\n\n\n"
            f"@wrap{i}\ndef f{i}(x):\n    return {self.number('x')}",
            "g": f"L{i} = []\n\n\ndef reg{i}(g):\n    L{i}.append({rng.randrange(9)})\n"
            f"    return g\n\n\n@reg{i}\ndef used{i}(x):\n    return x\n\n\nK{i} = sum(L{i})",
            "t": f"@dataclass\nclass C{i}:\n    v: int = {rng.randrange(9)}\n    u: int = 2\n"
            f"    def m(self, x):\n        return self.v * 10 + self.u + {self.number('x')}",
        }
        self.values += {"c": [f"K{i}"], "g": [f"K{i}"], "w": [f"R{i}"]}.get(kind, [])
        self.values += [f"sum(L{i})"] if kind in "leg" else []
        made = {"d": f"D{i}['a']({{}})", "f": f"f{i}({{}})", "a": f"f{i}({{}})"}
        self.calls += [made[kind]] if kind in made else []
        self.calls += [f"C{i}({{}}).m(3)"] if kind in "kt" else []
        return [texts[kind]]

    def experiment(self) -> str:
        """Return the experiment: a number of everything that its module knows."""
        parts = [call.format(self.number("n")) for call in self.calls] + self.values
        self.rng.shuffle(parts)
        values = ", ".join([*parts[:12], "n"])
        return f"@experiment\ndef toy(run, *, n: Count = 2):\n    return ({values})\n"


def program(rng: random.Random) -> dict[str, str]:
    """Return a random program: file → text."""
    writer = _Writer(rng)
    texts = {f"{place}.py": writer.module(place) for place in ORDER}
    texts["toy.py"] += writer.experiment()
    return texts


def edited(texts: dict[str, str], rng: random.Random) -> dict[str, str]:
    """Return the program with one file changed in one place; a few edits change no meaning."""
    file = rng.choice(list(texts))
    tree = ast.parse(texts[file])
    for _ in range(20):
        changed = copy.deepcopy(tree)
        if rng.choice(EDITS)(changed, rng):
            return {**texts, file: ast.unparse(ast.fix_missing_locations(changed)) + "\n"}
    return texts


def _bodies(tree: ast.AST) -> list[list[ast.stmt]]:
    return [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]


def _number(tree: ast.Module, rng: random.Random) -> bool:
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is int]
    if found:
        rng.choice(found).value += 1
    return bool(found)


def _operator(tree: ast.Module, rng: random.Random) -> bool:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    if found:
        rng.choice(found).op = rng.choice([ast.Add(), ast.Sub(), ast.Mult()])
    return bool(found)


def _name(tree: ast.Module, rng: random.Random) -> bool:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if found:
        rng.choice(found).id = rng.choice(found).id
    return bool(found)


def _attribute(tree: ast.Module, rng: random.Random) -> bool:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    if found:
        rng.choice(found).attr = rng.choice([*(n.attr for n in found), "K1", "f1", "f2", "C1"])
    return bool(found)


def _swap(tree: ast.Module, rng: random.Random) -> bool:
    body = rng.choice([body for body in _bodies(tree) if len(body) > 1] or [[]])
    if body:
        i, j = rng.sample(range(len(body)), 2)
        body[i], body[j] = body[j], body[i]
    return bool(body)


def _remove(tree: ast.Module, rng: random.Random) -> bool:
    body = rng.choice([body for body in _bodies(tree) if len(body) > 1] or [[]])
    if body:
        del body[rng.randrange(len(body))]
    return bool(body)


def _insert(tree: ast.Module, rng: random.Random) -> bool:
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names += [
        a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names
    ]
    names = [name for name in names if name.isidentifier()]
    text = rng.choice(STATEMENTS).format(name=rng.choice(names or ["K0"]))
    tree.body.insert(rng.randrange(2, len(tree.body) + 1), ast.parse(text).body[0])
    return True


def _import(tree: ast.Module, rng: random.Random) -> bool:
    found = [a for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names]
    found = [alias for alias in found if alias.asname]
    if found:
        one, other = rng.choice(found), rng.choice(found)
        one.name, other.name = other.name, one.name
    return bool(found)


def _words(tree: ast.Module, rng: random.Random) -> bool:
    rng.choice(_bodies(tree)).insert(0, ast.Expr(ast.Constant("words")))
    return True


EDITS = (_name, _attribute, _swap, _remove, _insert, _words, *3 * (_number, _operator, _import))


def write(texts: dict[str, str], folder: Path) -> Path:
    """Write a program; return the file of its experiment."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "toy.py"


def outcome(file: Path) -> str | None:
    """Load a program and return what its experiment computes, or how it fails.

    None where a module can't be loaded: planning, which loads it, tells that.
    """
    random.seed(0)
    try:
        (found,) = [one for one in registry.experiments_in(file) if one.name == "toy"]
        said = repr(found.function(None, n=2))
    except ReportError:
        return None
    except Exception as exc:  # noqa: BLE001 - failing is an outcome, too
        if any(frame.name == "<module>" for frame in traceback.extract_tb(exc.__traceback__)[1:]):
            return None
        said = f"{type(exc).__name__}: {exc}"
    finally:
        registry.forget([file.parent])
    return re.sub(r"0x[0-9a-f]+|_experiments_[0-9a-f]+", "…", said.replace(str(file.parent), "…"))
