"""Conditions as Python closures, which decide most calls without the CEL library.

Rule: a closure says true or false only where the library would. For all else (an error of CEL, a function that is not here) it
says UNKNOWN, and the library is asked, which also knows the reason of an error.

Theory: `&&`, `||`, `all` and `exists` absorb errors in CEL as Kleene's logic absorbs the unknown. So one part of a condition may be
left to the library while the others decide: `false && <unknown>` is false, whatever the part would be. Three things reach beyond a
part, and are looked at for the whole condition: the library's budget, which no part may be able to exceed; maps that are read both
as a whole and in part; and tests of what is unknown (for both see `activation`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_gate.facet.schema import ROOTS
from trio_gate.facet.values import UNKNOWN, UNSET
from trio_gate.policy.checked_ast import operands, shape
from trio_gate.policy.closure_values import BINARY, UNARY, constant, with_constant
from trio_gate.policy.cost import BUDGET, most_iterations
from trio_gate.policy.references import read_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trio_gate.facet.extract import Facets, Path
    from trio_gate.policy.activation import Plan
    from trio_gate.policy.checked_ast import Node

    Closure = Callable[[Facets, tuple[Any, ...]], Any]
    """Takes the facets of a call, and the values of the variables of the loops around it."""


_PARAMS = ("aws", "params")


def closure_of(root: Node, plan: Plan) -> Closure:
    """The closure of a whole condition, which has no loops around it, and reads what the plan says."""
    if plan.overlaps or most_iterations(root) >= BUDGET:
        return _library
    found = _closure(root, {})
    return _after_tests(found, plan.tests) if plan.tests else found


def _library(facets: Facets, scope: tuple[Any, ...]) -> Any:
    """What is left to the library."""
    del facets, scope
    return UNKNOWN


def _after_tests(condition: Closure, tests: tuple[tuple[Path, bool], ...]) -> Closure:
    """A condition that is left to the library where something that it tests is unknown."""
    below = [test for test in tests if test[0][:2] == _PARAMS and len(test[0]) > 2]
    params = {path[2]: [test for test in below if test[0][2] == path[2]] for path, _ in below}
    others = [test for test in tests if test not in below]

    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        due = others
        if params:
            sent = facets.look(_PARAMS)
            if not isinstance(sent, dict):
                return UNKNOWN
            for name, more in params.items():
                if name in sent:  # all below a parameter that was not sent is unset
                    due = [*due, *more]
        for path, whole in due:
            if (facets[path] if whole else facets.look(path)) is UNKNOWN:
                return UNKNOWN
        return condition(facets, scope)

    return closure


def _closure(node: Node, depths: Mapping[str, int]) -> Closure:
    """The closure of an expression. `depths` says for each variable how many loops are around its own."""
    path = _facet(node)
    if path:
        return lambda facets, _scope: facets[path]
    value = constant(node)
    if value is not UNKNOWN:
        return lambda _facets, _scope: value
    if node.kind == "ident" and node.name in depths:
        depth = depths[node.name]
        return lambda _facets, scope: scope[depth]
    make = _KINDS.get(node.kind)
    return make(node, depths) if make else _library


def _facet(node: Node) -> Path | None:
    """The path of a facet, or of a part of one, that is read; None for the time, which cannot be looked up."""
    read = read_of(node)
    return read.path if read and not read.tested and read.path[0] in ROOTS - {"request"} else None


def _has(path: Path) -> Closure:
    """A test, after `_after_tests` has made sure that nothing on its path is unknown."""
    above, name = path[:-1], path[-1]
    if len(path) == 2:
        return lambda facets, _scope: facets.look(path) is not UNSET

    def closure(facets: Facets, _scope: tuple[Any, ...]) -> Any:
        value = facets.look(above)
        return value.get(name) is not None if isinstance(value, dict) else UNKNOWN

    return closure


def _select(node: Node, depths: Mapping[str, int]) -> Closure:
    of, name = _closure(node.parts[0], depths), node.name

    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        value = of(facets, scope)
        return value.get(name, UNKNOWN) if value.__class__ is dict else UNKNOWN

    return closure


def _test(node: Node, depths: Mapping[str, int]) -> Closure:
    read = read_of(node)
    if read and read.path[0] in ROOTS:
        return _has(read.path)
    of, name = _closure(node.parts[0], depths), node.name

    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        value = of(facets, scope)
        return name in value if value.__class__ is dict else UNKNOWN

    return closure


def _call(node: Node, depths: Mapping[str, int]) -> Closure:
    if node.name in _JOINS:
        return _join(node, depths)
    if node.name == "_?_:_":
        return _choice(*(_closure(part, depths) for part in node.parts))
    if len(node.parts) == 1:
        return _applied(UNARY.get(node.name), node.parts[0], depths)
    value = constant(node.parts[-1]) if len(node.parts) == 2 else UNKNOWN
    if value is not UNKNOWN:
        return _applied(with_constant(node.name, value), node.parts[0], depths)
    function = BINARY.get(node.name)
    if function is None:
        return _library
    one, other = (_closure(part, depths) for part in node.parts)
    return lambda facets, scope: function(one(facets, scope), other(facets, scope))


def _applied(function: Callable[[Any], Any] | None, node: Node, depths: Mapping[str, int]) -> Closure:
    """What a function gives of a value; None is a function that is left to the library."""
    if function is None:
        return _library
    path, of = _facet(node), _closure(node, depths)
    if path:  # as below, without a call in between
        return lambda facets, _scope: function(facets[path])
    return lambda facets, scope: function(of(facets, scope))


def _choice(condition: Closure, yes: Closure, no: Closure) -> Closure:
    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        value = condition(facets, scope)
        return yes(facets, scope) if value is True else no(facets, scope) if value is False else UNKNOWN

    return closure


_JOINS = {"_&&_": False, "_||_": True}
"""The operators that one part can decide, with the value of that part."""


def _join(node: Node, depths: Mapping[str, int]) -> Closure:
    decides = _JOINS[node.name]
    otherwise = not decides
    parts = tuple(_closure(part, depths) for part in operands(node, node.name))

    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        answer: Any = otherwise
        for part in parts:
            value = part(facets, scope)
            if value is decides:
                return decides
            if value is not otherwise:
                answer = UNKNOWN
        return answer

    return closure


def _loop(node: Node, depths: Mapping[str, int]) -> Closure:
    found = _asked(node)
    if found is None:
        return _library
    decides, asked = found
    otherwise = not decides
    depth = 1 + max(depths.values(), default=-1)
    over, inside = _closure(node.parts[0], depths), _closure(asked, {**depths, node.binds[0]: depth})

    def closure(facets: Facets, scope: tuple[Any, ...]) -> Any:
        items = over(facets, scope)
        if items.__class__ is not list and items.__class__ is not dict:
            return UNKNOWN
        answer: Any = otherwise
        for item in items:
            value = inside(facets, (*scope, item))
            if value is decides:
                return decides
            if value is not otherwise:
                answer = UNKNOWN
        return answer

    return closure


def _asked(loop: Node) -> tuple[bool, Node] | None:
    """What `exists` and `all` ask of each item, after the answer that ends them; None for other loops."""
    _, start, going_on, step, result = loop.parts
    so_far = ("ident", loop.binds[-1], None)
    for decides, operator, ongoing in ((True, "_||_", ("call", "!_", None, so_far)), (False, "_&&_", so_far)):
        expected = (("const", "bool", not decides), ("call", "@not_strictly_false", None, ongoing), so_far, so_far)
        if step.name == operator and expected == tuple(map(shape, (start, going_on, step.parts[0], result))):
            return decides, step.parts[1]
    return None


_KINDS: Mapping[str, Callable[[Node, Mapping[str, int]], Closure]] = {
    "select": _select,
    "has": _test,
    "call": _call,
    "loop": _loop,
}
