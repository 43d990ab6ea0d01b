"""Operators and functions on values of every type, held against the CEL library."""

from __future__ import annotations

import itertools

import pytest

from tests.kit.facets import facets
from tests.kit.rules import by_the_library, compile_condition
from trio_gate.aws.call import UNKNOWN
from trio_gate.policy.cel import _RUN
from trio_gate.policy.checked_ast import tree
from trio_gate.policy.closure_values import BINARY, UNARY, constant

VALUES = [
    *(None, True, False, 0, 1, -1, 2, 2**53 + 1, 2**63 - 1, -(2**63), 0.0, -0.0, 1.0, 0.5, 2.0**53, 1e300),
    *("", "a", "A", "ab", "b\n", "é", "ÉK\u212a", "\uffff", "😀", "1"),
    *([], ["a"], ["a", "b"], [1], [True], [1.0], [None], [["a"], {}], [2**53 + 1, "a"], [2.0**53, "b"]),
    *({}, {"a": 1}, {"a": True}, {"a": 1.0}, {"b": 1}, {"a": "a", "": []}, {"a": {"b": [0]}}),
]
TEXTS = {"_==_": "{} == {}", "_!=_": "{} != {}", "@in": "{} in {}", "_[_]": "{}[{}] == {}"}
OPERATORS = {f"_{sign}_": f"{{}} {sign} {{}}" for sign in ("<", "<=", ">", ">=")}


@pytest.mark.parametrize("name", BINARY)
def test_what_two_values_give(name: str):
    text = {**TEXTS, **OPERATORS}.get(name, f"{{}}.{name}({{}})")
    paths = ["aws.params.L[0]", "aws.params.L[1]", "aws.params.L[2]"]
    condition = compile_condition(text.format(*paths))
    for pair in itertools.product(VALUES, repeat=2):
        found = BINARY[name](*pair)
        if found is UNKNOWN:
            continue
        given = [*pair, found] if name == "_[_]" else pair
        assert by_the_library(condition, facets(params={"L": list(given)})) is (True if name == "_[_]" else found), pair


@pytest.mark.parametrize("name", UNARY)
def test_what_one_value_gives(name: str):
    text = {"!_": "!{} == {}"}.get(name, f"{{}}.{name}() == {{}}")
    condition = compile_condition(text.format("aws.params.L[0]", "aws.params.L[1]"))
    for value in VALUES:
        found = UNARY[name](value)
        assert found is UNKNOWN or by_the_library(condition, facets(params={"L": [value, found]})) is True


def test_what_is_decided_here():
    same, among, less = BINARY["_==_"], BINARY["@in"], BINARY["_<_"]
    assert same("a", 1) is same(True, 1) is same([1], [True]) is same({"a": 1}, {"a": 1, "b": 2}) is False
    assert same(["a", []], ["a", []]) is same({"a": 1}, {"a": 1}) is among("a", {"a": 1}) is among([], [1, []]) is True
    assert less("a", "b") is less(1, 2) is less(0.5, 1.5) is True
    assert same([1, "a"], [1.0, "b"]) is False


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("_==_", (1, 1.0)),
        ("_==_", ([1], [1.0])),
        ("_==_", ("a", UNKNOWN)),
        ("_==_", (["a"] * 33, ["a"] * 33)),
        ("_==_", ([["a"]], [["a"]])),
        ("_==_", ({"a": {"b": 1}}, {"a": {"b": 1}})),
        ("@in", (1, [2] * 33)),
        ("@in", (["a"], [["a"]])),
        ("_<_", (1, 1.5)),
        ("_<_", (False, True)),
        ("@in", (1, {"a": 1})),
        ("@in", (UNKNOWN, ["a"])),
        ("@in", (1.0, [1])),
        ("startsWith", ("a", 1)),
        ("_[_]", ([1], 1)),
        ("_[_]", ([1], -1)),
        ("_[_]", ([1], True)),
        ("_[_]", ({"a": 1}, "b")),
    ],
)
def test_what_is_left_to_the_library(name: str, pair):
    assert BINARY[name](*pair) is UNKNOWN


@pytest.mark.parametrize("source", ["1u", "b'a'", "[1u]", "aws.action", "[aws.action]", "{'a': 1}", "1e999", "'a' + 'b'"])
def test_what_is_no_constant(source: str):
    node = tree(_RUN.compile(f"dyn({source}) == 1").serialize()).parts[0].parts[0]
    assert constant(node) is UNKNOWN


@pytest.mark.parametrize("value", [None, True, False, 0, -5, 2**63 - 1, -(2**63), 0.5, "", "é\n", [], [1, "a", [None, 2.5]], {}])
def test_constants(value):
    words = {None: "null", True: "true", False: "false"}
    source = words[value] if value is None or value is True or value is False else str(value).replace("None", "null")
    source = f'"{value}"'.replace("\n", "\\n") if isinstance(value, str) else source
    found = constant(tree(_RUN.compile(f"dyn({source}) == 1").serialize()).parts[0].parts[0])
    assert (found, type(found)) == (value, type(value))
