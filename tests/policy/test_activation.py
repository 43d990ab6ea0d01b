"""Set, unset and unknown in conditions: errors that `||`, `&&`, `all` and `exists` absorb, and has()."""

from __future__ import annotations

import re

import pytest

from tests.kit.facets import facets
from tests.kit.rules import answer
from trio_gate.aws.call import UNKNOWN
from trio_gate.policy.activation import Plan, Undecided
from trio_gate.policy.cel import Condition, Evidence

PARAMS = {
    "yes": True,
    "no": False,
    "word": "w",
    "list": [1, 2, 3],
    "map": {"a": 1, "b-c": 2},
    "nil": None,
    "nulls": {"a": None, "b": 1},
    "unknown": UNKNOWN,
    "part": {"a": 1, "u": UNKNOWN},
    "parts": [1, UNKNOWN],
    "maps": [{"k": "x", "v": 1}, {"k": "y"}, {"k": "z", "v": None}],
}
UNSET, UNKNOWN_WHY = "aws.params.gone is not set", "aws.params.unknown is not known"

TABLE = {
    # reading
    "p.yes": True,
    "p.no": False,
    'p.word == "w"': True,
    'p["word"] == "w"': True,
    'p["map"]["b-c"] == 2 && p.map["b-c"] == 2 && p["map"].a == 1': True,
    "p.`map`.`b-c` == 2": True,
    "p.gone == 1": UNSET,
    "p.gone != 1": UNSET,
    'p["gone"] == 1': UNSET,
    "p.nil == null": "aws.params.nil is not set",
    "p.nulls.a == 1": "aws.params.nulls.a is not set",
    'p.nulls == {"b": 1}': True,
    "p.unknown == 1": UNKNOWN_WHY,
    "p.unknown != 1": UNKNOWN_WHY,
    'p["unknown"] == 1': UNKNOWN_WHY,
    "p.unknown.below == 1": UNKNOWN_WHY,
    "p.gone.below == 1": UNSET,
    "p.word.below == 1": "a value does not have the type that it expects",
    # and, or, not, ternary: both orders
    "p.gone && p.no": False,
    "p.no && p.gone": False,
    "p.gone && p.yes": UNSET,
    "p.yes && p.gone": UNSET,
    "p.gone || p.yes": True,
    "p.yes || p.gone": True,
    "p.gone || p.no": UNSET,
    "p.no || p.gone": UNSET,
    "p.unknown && p.no": False,
    "p.no && p.unknown": False,
    "p.unknown && p.yes": UNKNOWN_WHY,
    "p.yes && p.unknown": UNKNOWN_WHY,
    "p.unknown || p.yes": True,
    "p.yes || p.unknown": True,
    "p.unknown || p.no": UNKNOWN_WHY,
    "p.no || p.unknown": UNKNOWN_WHY,
    "p.unknown || p.gone || p.yes": True,
    "!p.gone": UNSET,
    "!p.unknown": UNKNOWN_WHY,
    "!(p.unknown && p.no)": True,
    "p.unknown ? true : true": UNKNOWN_WHY,
    "p.yes ? true : p.unknown": True,
    "p.no ? true : p.unknown": UNKNOWN_WHY,
    # in
    "p.unknown in [1, 2]": UNKNOWN_WHY,
    "p.gone in [1, 2]": UNSET,
    "1 in p.list": True,
    "5 in p.list": False,
    "1 in p.parts": "aws.params.parts is not known",
    "1 in p.gone": UNSET,
    '"a" in p.map': True,
    '"u" in p.part': "aws.params.part is not known",
    '"a" in p.nulls': False,
    "p.unknown in [] || p.yes": True,
    # all, exists
    "p.list.all(x, x > 0)": True,
    "p.list.all(x, x > 1 && p.unknown)": False,
    "p.list.all(x, x > 0 && p.unknown)": UNKNOWN_WHY,
    "p.list.exists(x, x == 3 || p.unknown)": True,
    "p.list.exists(x, x == 1 || p.unknown)": True,
    "p.list.exists(x, x == 9 || p.unknown)": UNKNOWN_WHY,
    "p.unknown.all(x, true)": UNKNOWN_WHY,
    "p.unknown.exists(x, true) || p.yes": True,
    "p.gone.all(x, true)": UNSET,
    "p.parts.exists(x, x == 1)": "aws.params.parts is not known",
    'p.maps.exists(m, m.k == "y")': True,
    "p.maps.all(m, m.v == 1)": "a member that it reads is not there",
    "p.maps.all(m, has(m.v) ? m.v == 1 : true)": True,
    "p.maps.filter(m, has(m.v)).size() == 1": True,
    "p.maps.exists_one(m, has(m.v))": True,
    '[1].exists(one, p.map.a == one) && {"x": p.map.a}.x == 1 && [p.map.a][0] == 1': True,
    # has
    "has(p.word)": True,
    "has(p.no)": True,
    "has(p.map)": True,
    "has(p.map.a)": True,
    "has(p.map.gone)": False,
    "has(p.gone)": False,
    "has(p.nil)": False,
    "has(p.gone.below)": False,
    "!has(p.gone.below)": True,
    "has(p.gone.below.further.down)": False,
    'has(p["gone"]["below"].further)': False,
    "has(p.`gone`.below)": False,
    "has(p.map.gone.below)": False,
    "has(p.nil.below)": False,
    "has(p.nulls.a.below)": False,
    "has(p.gone.below) && p.yes": False,
    "has(p.gone.below) || p.yes": True,
    "p.no || has(p.gone.below) || p.yes": True,
    "p.yes && !has(p.gone.below)": True,
    "has(p.gone.below) ? p.yes : p.no": False,
    "has(p.gone) || has(p.gone.below)": False,
    "has(p.gone.below) && p.gone.below == 1": False,
    "has(p.gone.below) || p.gone == 1": UNSET,
    "!has(p.gone.below) && p.gone.below == 1": UNSET,
    "has(p.map.a.below)": "a value does not have the type that it expects",
    "p.list.all(x, !has(p.gone.below))": True,
    "p.list.exists(x, has(p.gone.below))": False,
    "p.list.filter(x, has(p.gone.below) || x > 1).size() == 2": True,
    "[has(p.gone.below), has(p.map.a)] == [false, true]": True,
    '{"x": has(p.gone.below)}.x': False,
    "p.maps.exists(m, has(m.v.w))": "a value does not have the type that it expects",
    "p.maps.all(m, !has(m.gone.w.x))": True,
    'p.maps.exists(m, m.k == "y" && !has(m["v"].w))': True,
    "p.maps.filter(m, m.k != 'x').all(m, !has(m.v.w))": True,
    "p.list.map(x, {'a': {'b': x}}).all(m, has(m.a.b) && !has(m.b.a))": True,
    "has(p.maps[1].v.w)": False,
    "has({'a': dyn(1)}.b.c)": False,
    "has(p.unknown.below.further)": UNKNOWN_WHY,
    "has(p.part.u.below)": "aws.params.part.u is not known",
    "has(p.part.gone.below)": False,
    "has(aws.account_name)": False,
    "has(p.word.below)": "a value does not have the type that it expects",
    "has(p.unknown)": UNKNOWN_WHY,
    "!has(p.unknown)": UNKNOWN_WHY,
    "has(p.unknown.below)": UNKNOWN_WHY,
    "has(p.unknown) || p.yes": UNKNOWN_WHY,  # may be: DESIGN leaves it open, and no is the safe side
    "has(p.unknown.below) || p.yes": UNKNOWN_WHY,
    "has(p.gone) && p.gone == 1": False,
    "!has(p.gone) || p.gone == 1": True,
    "has(p.word) && p.word == 'w'": True,
    "has(p.map) && p.map.a == 1": True,
    "has(p.word) && p.word.below == 1": "a value does not have the type that it expects",
    "has(p.list)": True,
    "has(p[aws.action].B)": "aws.params is not known",
    # what holds an unknown part
    "p.part.a == 1": True,
    "has(p.part)": True,
    "has(p.part.a)": True,
    "has(p.part.gone)": False,
    "has(p.part.u)": "aws.params.part.u is not known",
    "has(p.part) && p.part.a == 1": True,
    "p.part.u == 1 || p.part.a == 1": True,
    'p.part == {"a": 1}': "aws.params.part is not known",
    "p.part.size() == 1": "aws.params.part is not known",
    "p.part.size() == 1 || p.part.a == 1": "aws.params.part is not known",
    "p.part.size() == 1 || has(p.part.gone)": "aws.params.part is not known",
    "p.part.size() == 1 || has(p.part)": "aws.params.part is not known",
    "p.map.size() == 2 && p.map.a == 1 && has(p.map.a) && !has(p.map.gone)": True,
    "p.size() > 0": "aws.params is not known",
    "p.size() > 0 || aws.reads_secret": "aws.params is not known",
    "p.size() > 0 || aws.action == 'GetObject'": True,
    'p["wo" + "rd"] == "w"': "aws.params is not known",
    "p[aws.action] == 1": "aws.params is not known",
    # what is no answer
    "p.word": "its value is neither true nor false",
    "p.list": "its value is neither true nor false",
    "p.list[0]": "its value is neither true nor false",
    "p.word || p.no": "a value does not have the type that it expects",
    "p.word || p.yes": True,
    "p.word < 3": "a value does not have the type that it expects",
    "p.list[9] == 1": "a list is shorter than it expects",
    "int(p.word) == 1": "a value cannot be converted to the type that it asks for",
    "timestamp(p.word) < request.time": "a value cannot be converted to the type that it asks for",
    "1 / (p.map.a - 1) == 1": "CEL cannot compute it",
    # facets that a call lacks
    'aws.account_name != "prod"': "aws.account_name is not set",
    'has(aws.account_name) && aws.account_name == "prod"': False,
    'agent.name == "ci"': "agent.name is not set",
    'has(agent.name) || agent.address == "127.0.0.1"': True,
    "aws.resources.all(r, r.startsWith('arn:'))": "aws.resources is not known",
    "has(aws.resources)": "aws.resources is not known",
    "aws.cross_account": "aws.cross_account is not known",
    "aws.cross_account || true": True,
    'aws.iam_action == "s3:GetObject"': "aws.iam_action is not set",
    # the cause is named, whatever else is missing
    "has(p.gone) && p.gone == 1 || p.unknown": UNKNOWN_WHY,
    "p.unknown && p.no || p.gone": UNSET,
}


@pytest.mark.parametrize("source", TABLE)
def test_three_values(source: str):
    missing = {"account_name": None, "agent": None, "iam_action": None, "resources": UNKNOWN, "cross_account": UNKNOWN}
    full = re.sub(r"\bp(?=[.\[])", "aws.params", source)
    assert answer(full, params=PARAMS, **missing) == TABLE[source]


POSITIONS = {
    "value": ("prod\0evil", 'aws.params.A == "prod"', 'aws.params.A != "prod"'),
    "list": (["prod\0evil"], '"prod" in aws.params.A', '!("prod" in aws.params.A)'),
    "nested list": ([["prod\0evil"]], '["prod"] in aws.params.A', 'aws.params.A.all(x, x != ["prod"])'),
    "nested value": ({"b": "prod\0evil"}, 'aws.params.A.b == "prod"', 'aws.params.A.b != "prod"'),
    "map in a list": ([{"b": "prod\0evil"}], 'aws.params.A.exists(x, x.b == "prod")', 'aws.params.A.all(x, x.b != "prod")'),
    "key": ({"prod\0evil": 1}, '"prod" in aws.params.A', "!has(aws.params.A.prod)"),
    "key beside": ({"b": "x", "b\0": "y"}, 'aws.params.A.b == "x"', 'aws.params.A.b == "y"'),
    "nested key": ({"b": {"prod\0evil": 1}}, "has(aws.params.A.b.prod)", '!("prod" in aws.params.A.b)'),
    "key in a list": ([{"prod\0evil": 1}], "aws.params.A.exists(x, has(x.prod))", "aws.params.A.all(x, !has(x.prod))"),
}


@pytest.mark.parametrize("position", POSITIONS)
def test_a_nul_is_never_cut_off(position: str):
    value, *conditions = POSITIONS[position]
    for source in conditions:
        assert str(answer(source, params={"A": value})).endswith("is not known")
    assert answer('aws.params.B == "b"', params={"A": value, "B": "b"}) is True


def test_a_nul_in_a_name_of_a_parameter_hides_all_parameters():
    assert answer('aws.params.B == "b"', params={"B": "b", "B\0": "c"}) == "aws.params is not known"


def test_a_nul_in_any_other_text_is_unknown_too():
    assert answer('aws.path == "/a"', path="/a\0b") == "aws.path is not known"
    assert answer('"arn:x" in aws.resources', resources=("arn:x\0y",)) == "aws.resources is not known"


def test_a_nul_in_a_condition_stays_one():
    assert answer('aws.params.A == "prod\\u0000"', params={"A": "prod"}) is False
    assert answer('aws.params["A\\u0000"] == "prod"', params={"A": "prod"}) == "a member that it reads is not there"


def test_a_value_that_spoils_all_others_does_not_reach_cel():
    spoilers = {"a": 2**64, "b": "\ud800", "c": float("nan"), "d": (1,)}
    for name in spoilers:
        assert answer(f"aws.params.{name} == 1 || aws.params.ok == 1", params={**spoilers, "ok": 1}) is True
        assert answer(f"aws.params.{name} == 1", params=spoilers) == f"aws.params.{name} is not known"


def test_values_mean_what_they_say():
    params = {"blob": b"\0\xff", "when": "2026-01-02T03:04:05Z", "big": 2**63 - 1, "half": 0.5, "text": "é😀"}
    for source in (
        'aws.params.blob == "AP8="',
        'timestamp(aws.params.when) == timestamp("2026-01-02T03:04:05Z")',
        "aws.params.big == 9223372036854775807",
        "aws.params.half == 0.5 && aws.params.half < 1",
        "aws.params.text.size() == 2 && aws.params.text.upperAscii() == 'é😀'",
        'request.time == timestamp("2026-03-04T05:06:07Z") && request.time.getDayOfWeek() == 3',
        'aws.resources == ["arn:aws:s3:::photos/cat.jpg"] && aws.resource.matches("^arn:aws:s3:::photos/[a-z.]+$")',
        'aws.access in ["read", "list"] && !aws.reads_secret && agent.name == "ci"',
    ):
        assert answer(source, params=params) is True


def test_a_path_in_a_reason_can_be_shown():
    params = {"\u202e\n": {"x": UNKNOWN}}
    assert answer('has(aws.params["\\u202e\\n"].x)', params=params) == r"'aws.params.\u202e\n.x' is not known"


def test_no_value_of_the_call_is_in_a_reason():
    params = {"A": 'Key not found in map : "B"', "L": [1]}
    for source in ("aws.params.A", "aws.params.A < 1", "int(aws.params.A) == 1", 'aws.params.A || aws.params["B"]'):
        assert "map" not in str(answer(source, params=params))
    assert answer("aws.params.A == aws.params.B", params=params) == "aws.params.B is not set"


def test_a_condition_that_takes_too_long_is_undecided():
    source = "aws.params.A.all(a, aws.params.A.all(b, aws.params.A.all(c, true)))"
    assert answer(source, params={"A": [0] * 10}) is True
    assert answer(source, params={"A": [0] * 100}) == "it takes too many steps"


@pytest.mark.parametrize("error", [RuntimeError, TypeError, ValueError])
def test_what_the_library_raises_is_undecided(error):
    class Program:
        def eval(self, activation):
            raise error("the value is hunter2")

    with pytest.raises(Undecided) as caught:
        Condition(plan=Plan([]), closure=lambda facets, scope: UNKNOWN, program=Program()).holds(Evidence(facets()))
    assert caught.value.reason == "CEL cannot compute it"


READS = 'aws.action.startsWith("Get") || aws.action.startsWith("List") || aws.action.startsWith("Describe")'


@pytest.mark.parametrize(
    ("operation", "reads"), [("GetObject", True), ("ListBuckets", True), ("DescribeInstances", True), ("PutObject", False)]
)
def test_two_rules_that_are_each_other_s_opposite(operation: str, reads: bool):
    assert answer(READS, operation=operation) is reads
    assert answer(f"!({READS})", operation=operation) is not reads
