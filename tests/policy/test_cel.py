"""What is found wrong with a condition before any call is judged, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trio_gate.policy
from trio_gate.facet.schema import FACETS
from trio_gate.policy.cel import check, compile_condition

SOUND = [
    "true",
    'aws.action.startsWith("Get") || aws.action in ["ListBuckets"]',
    'has(aws.account_name) && aws.account_name == "prod"',
    "has( aws.account_name ) && has (aws.params.Tags) && !has(aws.params.A.B)",
    "aws.reads_secret",
    "aws.params.Enabled",
    'aws.params["x-y"] == 1 && aws.params[aws.action] == 1',
    'aws.resources.exists(r, r.startsWith("arn:")) && aws.resources[0] == "x"',
    "aws.params.Tags.all(t, has(t.Value) && t.Value > 3)",
    'request.time > timestamp("2026-01-01T00:00:00Z") && request.time.getHours("Europe/Berlin") < 18',
    'aws.action.matches("^(Get|List).*$") && matches(aws.action, r"\\w+")',
    'aws.action.lowerAscii().split("t")[0] == "ge" // a remark',
    '.aws.action == "x"',
    '"has(" == aws.action',
    "has(aws.params[aws.action].B)",
    'aws.params.matches == 1 && aws.action == "_[_]" && {"a": 1}["a"] == 1',
    "||".join(f'aws.action == "{number}"' for number in range(500)),
]


@pytest.mark.parametrize("source", SOUND)
def test_sound_conditions(source: str):
    assert check(source) == []
    compile_condition(source)


@pytest.mark.parametrize(
    ("marked", "message", "hint"),
    [
        # names
        ('§aws.acton == "x"', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ("true && has(§aws.account_nam)", "there is no facet `aws.account_nam`", "did you mean `aws.account_name`?"),
        ('aws.region == "x" &&\n  §aws.servce == "s3"', "there is no facet `aws.servce`", "did you mean `aws.service`?"),
        ('"😀é" == §aws.qqq', "there is no facet `aws.qqq`", None),
        ('{"a": §aws.acton}.a == "x"', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ('[§aws.acton] == ["x"]', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ("aws.resources.all(r, r == §aws.acton)", "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ('§agent.nam == "x"', "there is no facet `agent.nam`", "did you mean `agent.name`?"),
        ('§region == "x"', "there is no `region`", "did you mean `aws.region`?"),
        ("request§.tim < request.time", "there is no `request.tim`", "did you mean `request.time`?"),
        ("foo§(aws.action)", "there is no `foo`", None),
        # roots
        ('§aws["action"] == "x"', "`aws` is no value by itself", "name a facet of it, as `aws.service`"),
        ("§aws[aws.action] == 1", "`aws` is no value by itself", "name a facet of it, as `aws.service`"),
        ("dyn(§aws).size() > 0", "`aws` is no value by itself", "name a facet of it, as `aws.service`"),
        ("§agent == {}", "`agent` is no value by itself", "name a facet of it, as `agent.name`"),
        ("[1].all§(aws, aws > 0)", "a variable may not be called `aws`", "its facets could not be read"),
        ("true && [1].exists§(request, true)", "a variable may not be called `request`", "its facets could not be read"),
        # types
        ("aws.action §== 5", "`==` does not fit (string, int)", None),
        ("has(aws.action) && aws.action §== 5", "`==` does not fit (string, int)", None),
        ("5 §in aws.resources", "`in` does not fit (int, list(string))", None),
        ('aws.reads_secret §== "true"', "`==` does not fit (bool, string)", None),
        ("request.time §> 5", "`>` does not fit (timestamp, int)", None),
        ("aws.action.startsWith§(5)", "`startsWith` does not fit (dyn, int)", None),
        ("aws.action§.x == 1", "expression of type 'string' cannot be the operand of a select operation", None),
        ("§aws.action", "a condition is true or false, this is string", None),
        ("§1", "a condition is true or false, this is int", None),
        ("§request.time", "a condition is true or false, this is timestamp", None),
        ("§has(request.time)", "a condition is true or false, this is timestamp", None),
        # patterns
        ('aws.action.matches(§"(")', "the pattern is no RE2 expression: missing ): (", None),
        ('true || matches(aws.action, §"[")', "the pattern is no RE2 expression: missing ]: [", None),
        ("aws.action.matches(aws§.region)", "the pattern of `matches` must be one constant string", None),
        ('aws.action.matches("a" §+ "b")', "the pattern of `matches` must be one constant string", None),
        ('aws.action.matches(§"a\\u0000b")', "the pattern of `matches` must be one constant string", None),
        (
            'aws.resources.all(r, r.matches(§"*"))',
            "the pattern is no RE2 expression: no argument for repetition operator: *",
            None,
        ),
        # syntax
        ("§", "the condition ends too early", None),
        ("aws.action ==§", "the condition ends too early", None),
        ('aws.action §= "x"', "unexpected `=`", "did you mean `==`?"),
        ("true §true", "unexpected `true`", None),
        ("true &&\n  §é", "unexpected `é`", None),
        ('aws.action.startsWith("Get" || true§', "missing ')' at '<EOF>'", None),
        ('has(aws.params§["x"])', "has() argument must be a field selection", None),
    ],
)
def test_what_is_wrong_and_where(marked: str, message: str, hint: str | None):
    source = marked.replace("§", "")
    [fault] = check(source)
    assert (fault.offset, fault.message, fault.hint, fault.fatal) == (marked.index("§"), message, hint, True)
    with pytest.raises(ValueError, match="the condition is not sound"):
        compile_condition(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("(" * 200 + "true" + ")" * 200, "it is nested deeper than 32 levels", id="brackets"),
        pytest.param("1+" * 200 + "1 == 1", "it is nested deeper than 32 levels", id="sums"),
        pytest.param("[" * 200 + "]" * 200 + " == []", "it is nested deeper than 32 levels", id="lists"),
        pytest.param("x" * 100_001, "expression size exceeds codepoint limit. input size: 100001, limit: 100000", id="length"),
        pytest.param('"\ud800" == ""', "it holds half of a surrogate pair, which is no text", id="surrogate"),
    ],
)
def test_limits(source: str, message: str):
    assert [(fault.offset, fault.message) for fault in check(source)] == [(0, message)]


@pytest.mark.parametrize("error", [ValueError, IndexError, KeyError])
def test_a_condition_that_cannot_be_read_back_is_refused(monkeypatch, error):
    def unreadable(serialized: bytes):
        raise error(serialized)

    monkeypatch.setattr("trio_gate.policy.cel.tree", unreadable)
    [fault] = check("true")
    assert (fault.offset, fault.message) == (0, "it cannot be read back: write it in a simpler way")


def test_all_names_that_are_wrong_are_told_at_once():
    found = check('aws.acton == "x" || aws.resources.all(r, r == aws.regon) || aws.action.matches("(")')
    assert [fault.offset for fault in found] == [0, 46, 79]
    found = check("aws.action == 5 || aws.region == 6")
    assert [fault.offset for fault in found] == [11, 30]


def test_a_fault_that_follows_from_another_is_not_told():
    assert [fault.message for fault in check("xs.all(e, true)")] == ["there is no `xs`"]


@pytest.mark.parametrize("name", FACETS)
def test_every_facet_has_its_type(name: str):
    [fault] = check(f"{name} == dyn([]) ? [1] : 2")
    assert "does not fit" in fault.message
    typed = {
        "string": f'{name} == "x"',
        "bool": name,
        "list of strings": f'"x" in {name}',
        "list of maps": f'{name}.exists(entry, entry["x"] == "y")',
        "map": f'{name}["x"] == 1',
        "timestamp": f"{name}.getHours() == 1",
    }
    assert check(typed[FACETS[name].kind]) == []
    assert len(check(f"{name} == 5")) == 1


def test_one_file_knows_the_library():
    [room] = trio_gate.policy.__path__
    assert [path.name for path in Path(room).glob("*.py") if "cel_expr_python" in path.read_text("utf-8")] == ["cel.py"]


words = st.sampled_from(
    [
        *FACETS,
        "aws",
        "has(",
        ")",
        "(",
        " == ",
        " && ",
        " || ",
        '"x"',
        "[",
        "]",
        ".all(x, ",
        "x",
        "1",
        "!",
        ".y",
        '["k"]',
        "{",
        "}",
        ": ",
    ]
)


@given(st.lists(words, max_size=12).map("".join) | st.text())
def test_any_text_is_checked(source: str):
    faults = check(source)
    assert all(0 <= fault.offset <= len(source) and "\n" not in fault.message for fault in faults)
    if not faults:
        compile_condition(source)
