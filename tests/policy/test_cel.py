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
    "has(aws.params) && has(agent.name)",
    'aws.params.matches == 1 && aws.action == "_[_]" && {"a": 1}["a"] == 1',
    "||".join(f'aws.action == "{number}"' for number in range(500)),
]


@pytest.mark.parametrize("source", SOUND)
def test_sound_conditions(source: str):
    assert check(source) == []
    compile_condition(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("(" * 200 + "true" + ")" * 200, "it is nested deeper than 32 levels", id="brackets"),
        pytest.param("1+" * 200 + "1 == 1", "it is nested deeper than 32 levels", id="sums"),
        pytest.param("[" * 200 + "]" * 200 + " == []", "it is nested deeper than 32 levels", id="lists"),
        pytest.param("x" * 100_001, "expression size exceeds codepoint limit. input size: 100001, limit: 100000", id="length"),
        pytest.param('"\ud800" == ""', "it holds half of a surrogate pair, which is not valid text", id="surrogate"),
    ],
)
def test_limits(source: str, message: str):
    assert [(fault.offset, fault.message) for fault in check(source)] == [(0, message)]


@pytest.mark.parametrize("error", [ValueError, IndexError, KeyError])
def test_a_condition_that_cannot_be_read_back_is_refused(monkeypatch, error):
    def unreadable(serialized: bytes):
        raise error(serialized)

    monkeypatch.setattr("trio_gate.policy.cel.tree", unreadable)
    [fault] = check(f'aws.action == "{error.__name__}"')
    assert (fault.offset, fault.message) == (0, "it cannot be read back: write it in a simpler way")


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
