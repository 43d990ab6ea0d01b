"""Conditions: an adapter for the CEL library, which no other file uses.

Rule: only True and False are answers. The library returns errors as values (texts, which are truthy) and raises when its budget
is spent; both become `Undecided`.

Most answers come from a condition's closure (see `closures`), and the library is asked where that decides nothing. It alone parses,
checks types, and says why a condition is undecided.

Theory: conditions run in an environment where `aws` is a map, so that has() works and reading what was left out is an error.
Their types are checked in a second environment, where every facet is a variable with its type from the schema. There has() would
have the type of what it tests (a bug in cel-cpp), so it is renamed to a function that takes anything.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from trio_gate.facet.schema import FACETS
from trio_gate.policy.activation import GatheredFacts, Plan, Undecided
from trio_gate.policy.checked_ast import Node, operands, shape, tree
from trio_gate.policy.closures import closure_of
from trio_gate.policy.cost import BUDGET, most_iterations, work_faults
from trio_gate.policy.diagnostics import Fault, compile_faults
from trio_gate.policy.guarded_has import guarded
from trio_gate.policy.literals import literals, named
from trio_gate.policy.references import arn_remarks, name_faults, patterns, reads
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

    from trio_gate.facet.extract import Facets
    from trio_gate.facet.values import Plain
    from trio_gate.policy.closures import Closure
    from trio_gate.policy.literals import Compared, Named
    from trio_gate.policy.references import Read

_TYPE = cel.Type
_MAP = _TYPE.Map(_TYPE.STRING, _TYPE.DYN)
_TYPES = {
    "string": _TYPE.STRING,
    "bool": _TYPE.BOOL,
    "list of strings": _TYPE.List(_TYPE.STRING),
    "list of maps": _TYPE.List(_TYPE.Map(_TYPE.STRING, _TYPE.DYN)),
    "map": _MAP,
    "timestamp": _TYPE.TIMESTAMP,
}
_HAS = re.compile(r"\bhas(?=\s*\()")
_TESTS = cel.FunctionDecl("got", [cel.Overload("got_dyn", return_type=_TYPE.BOOL, parameters=[_TYPE.DYN])])

_RUN = cel.NewEnv(variables={"aws": _MAP, "agent": _MAP, "request.time": _TYPE.TIMESTAMP}, extensions=[ext_strings.ExtStrings()])
_TYPED = cel.NewEnv(
    variables={facet.name: _TYPES[facet.kind] for facet in FACETS.values()},
    extensions=[ext_strings.ExtStrings()],
    functions=[_TESTS],
)
_PATTERN = cel.NewEnv(variables={"pattern": _TYPE.STRING}).compile('"".matches(pattern)')
_FINDS = cel.NewEnv(variables={"pattern": _TYPE.STRING, "text": _TYPE.STRING}).compile("text.matches(pattern)")

_SAID = (
    ("Key not found", "a member that it reads is not there"),
    ("No matching overload", "a value does not have the type that it expects"),
    ("Applying SELECT", "a value does not have the type that it expects"),
    ("Index error", "a list is shorter than it expects"),
    ("conversion", "a value cannot be converted to the type that it asks for"),
    ("cannot convert", "a value cannot be converted to the type that it asks for"),
    ("budget", "it takes too many steps"),
)
"""Parts of the library's messages, and what an agent reads instead, because some of them quote values."""


MOST_KEPT = 8192
"""Conditions that are remembered: as many as a large configuration has rules."""


def check(source: str) -> Sequence[Fault]:
    """List everything that is wrong with a condition. Never fails, whatever the text."""
    return list(_examined(source).faults)


def check_once(source: str) -> Sequence[Fault]:
    """As `check`, of a text by an agent: nothing of it is remembered, or it would take the room of the rules'."""
    return list(_examined.__wrapped__(source).faults)


def compile_condition(source: str) -> Condition:
    """Compile a text in which `check` found no fatal fault. Raises ValueError for any other."""
    found = _examined(source)
    if found.condition is None:
        raise ValueError(f"the condition is not sound: {next(fault.message for fault in found.faults if fault.fatal)}")
    return found.condition


def compared(source: str) -> Sequence[Compared]:
    """The texts that a condition compares facets with. Empty for a text that is not sound."""
    found = _tree(source)
    return [] if found is None else list(literals(found))


def names_of(source: str) -> Named | None:
    """The operations and parameters that a condition names; None for a text that is not sound."""
    found = _tree(source)
    return None if found is None else named(found)


def reads_of(source: str) -> Sequence[Read]:
    """What a condition reads, in the order of the text. Empty for a text that is not sound."""
    found = _tree(source)
    return [] if found is None else list(reads(found))


def parts_of(source: str) -> frozenset[Hashable] | None:
    """The parts that must all be true where a condition is, each as how it is parsed; None for a text that is not sound."""
    found = _tree(source)
    return None if found is None else frozenset(shape(part) for part in operands(found, "_&&_"))


def finds(pattern: str, text: str) -> bool:
    """Whether `matches` finds a pattern, which must be sound, in a text."""
    return _FINDS.eval(data={"pattern": pattern, "text": text}).value() is True


@lru_cache(maxsize=MOST_KEPT)
def _tree(source: str) -> Node | None:
    """Kept, because several look at each rule."""
    try:
        return _compiled(source)[1]
    except _Flawed:
        return None


def is_all_of(source: str, parts: Sequence[str]) -> bool:
    """Whether a condition is true exactly where all the parts are, by how each of these texts is parsed; False for a text that cannot be."""
    try:
        whole, *found = (_conjuncts(text) for text in (source, *parts))
    except _Flawed:
        return False
    return whole == [one for part in found for one in part]


def _conjuncts(source: str) -> Sequence[tuple[Any, ...]]:
    return [shape(part) for part in operands(_compiled(source)[1], "_&&_")]


@value_class
class _Examined:
    """What is wrong with a text, and its condition; None if a fault is fatal."""

    faults: Sequence[Fault]
    condition: Condition | None = None


@lru_cache(maxsize=MOST_KEPT)
def _examined(source: str) -> _Examined:
    """Kept, because a configuration is checked before it is compiled, and most of it stays when it is reloaded."""
    try:
        program, root = _compiled(source)
        runs = _guarded(program)
        faults = [*name_faults(root), *_pattern_faults(root), *work_faults(root)] or list(_type_faults(program, source))
    except _Flawed as flawed:
        return _Examined(faults=flawed.faults)
    remarks = list(arn_remarks(root))
    if faults:
        return _Examined(faults=[*faults, *remarks])
    return _Examined(faults=remarks, condition=_condition(runs, root if runs is program else tree(runs.serialize())))


def _condition(program: Any, root: Node) -> Condition:
    """The condition of a program in which every has() is guarded, and of its tree."""
    plan = Plan(reads(root))
    return Condition(plan=plan, closure=closure_of(root, plan), program=program)


class Evidence:
    """The facets of one call, converted once for all conditions that read the same ones."""

    __slots__ = ("_ready", "facets")

    def __init__(self, facets: Facets) -> None:
        self.facets = facets
        self._ready: dict[object, tuple[GatheredFacts, Any]] | None = None

    def ready(self, plan: Plan) -> tuple[GatheredFacts, Any]:
        """What a plan gathers, also as the library's activation. Raises Undecided."""
        if self._ready is None:
            self._ready = {}
        if plan.key not in self._ready:
            basis = plan.gather(self.facets)
            self._ready[plan.key] = basis, _RUN.Activation(basis.data)
        return self._ready[plan.key]


@value_class
class Condition:
    """A compiled condition: the facets that it reads, its closure, and the library's program for what that leaves open."""

    plan: Plan
    closure: Closure
    program: Any

    def holds(self, evidence: Evidence) -> bool:
        """Whether the condition is true of a call. Raises Undecided."""
        found = self.closure(evidence.facets, ())
        if found is True or found is False:
            return found
        try:
            basis, activation = evidence.ready(self.plan)
            answer = self.program.eval(activation)
            value = answer.value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise Undecided(_reason(str(error), {})) from None
        if value is True or value is False:
            return value
        if answer.type() != _TYPE.ERROR:
            raise Undecided("its value is neither true nor false")
        raise Undecided(_reason(value, basis.gaps))


class PartialCondition:
    """A condition of which some facets are known, for calls in general. Raises ValueError as `compile_condition` does."""

    def __init__(self, source: str) -> None:
        compile_condition(source)
        self._program, root = _compiled(source)
        found = list(reads(root))
        self.facets = frozenset(".".join(read.path[:2]) for read in found)
        """What it reads, by name."""
        self._tested = frozenset(".".join(read.path) for read in found if read.tested and len(read.path) == 2)
        self._may_stop = {".".join(read.path[:2]) for read in found if read.tested}
        self._costly = most_iterations(root) >= BUDGET
        self._programs: dict[frozenset[str], Any] = {}

    def decidable(self, known: Collection[str]) -> bool:
        """Whether `answer` holds for every such call: none may exceed the budget or, for a test, be one of which a facet is unknown.

        `known` are the facets that are never unknown of such a call.
        """
        return not self._costly and self._may_stop.issubset(known)

    def answer(self, known: Mapping[str, Plain]) -> bool | None:
        """What it is for every call with these facets, by name; None where it depends on the others. None as a value is unset."""
        data: dict[str, dict[str, Plain]] = {"aws": {}, "agent": {}}
        for facet, value in known.items():
            root, _, name = facet.partition(".")
            if value is not None:
                data[root][name] = value
        program = self._for(self._tested.difference(known))
        try:
            value = program.eval(_RUN.Activation(data)).value()
        except (RuntimeError, TypeError, ValueError):
            return None
        return value if isinstance(value, bool) else None

    def _for(self, unknown: frozenset[str]) -> Any:
        if unknown not in self._programs:
            self._programs[unknown] = _guarded(self._program, unknown)
        return self._programs[unknown]


def _reason(error: str, gaps: dict[str, str]) -> str:
    for name, sentence in gaps.items():
        if error.endswith(f'Key not found in map : "{name}"'):
            return sentence
    return next((words for part, words in _SAID if part in error), "CEL cannot compute it")


class _Flawed(Exception):  # noqa: N818 - it holds faults and is not one
    """The text cannot be compiled."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def _compile(env: Any, source: str) -> Any:
    try:
        return env.compile(source)
    except RuntimeError as error:
        raise _Flawed(compile_faults(str(error), source)) from None
    except TypeError:  # its message quotes the whole source
        raise _Flawed([Fault(offset=0, message="it holds half of a surrogate pair, which is not valid text")]) from None


def _compiled(source: str) -> tuple[Any, Node]:
    program = _compile(_RUN, source)
    try:
        return program, tree(program.serialize())
    except (ValueError, LookupError, RecursionError):
        raise _Flawed([Fault(offset=0, message="it cannot be read back: write it in a simpler way")]) from None


def _guarded(program: Any, unknown: frozenset[str] = frozenset()) -> Any:
    """The same with every has() of a chain guarded. Of `unknown` facets it is an error."""
    rewritten = guarded(program.serialize(), unknown=unknown)
    try:
        return program if rewritten is None else _RUN.deserialize(rewritten)
    except RuntimeError:
        raise _Flawed([Fault(offset=0, message="a has() in it is nested too deep", hint="use several rules")]) from None


def _type_faults(program: Any, source: str) -> Iterator[Fault]:
    for kind in (program.return_type(), _compile(_TYPED, _HAS.sub("got", source)).return_type()):
        if kind not in (_TYPE.BOOL, _TYPE.DYN):
            yield Fault(offset=0, message=f"a condition must be true or false, but this is {kind.name().lower()}")
            return


def _pattern_faults(root: Node) -> Iterator[Fault]:
    for node in patterns(root):
        if node.kind != "text" or "\0" in node.name:
            yield Fault(offset=node.at, message="the pattern of `matches` must be one constant string")
            continue
        answer = _PATTERN.eval(data={"pattern": node.name}).value()
        if isinstance(answer, str):
            yield Fault(offset=node.at, message=f"the pattern is not an RE2 expression: {answer.rpartition('expression: ')[2]}")
