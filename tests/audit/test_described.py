from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.records import CALL, intent, read
from trio_gate.audit.described import call_json, describe
from trio_gate.audit.redact import masked
from trio_gate.audit.rows import intent_row
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.effect import level_of, sentence_of

PARAMS = st.dictionaries(st.text(), st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5))


def test_long_lists_and_paths_are_cut_and_say_so():
    said = describe(replace(CALL, resources=tuple(f"arn:{n}" for n in range(1000))), None, line=False)
    row = read(intent_row(intent(resources=said.resources, path="/" + "a" * 9000)))
    assert row["resources"][:2] == ["arn:0", "arn:1"]
    assert len(row["resources"]) == 101
    assert row["resources"][-1]["$more"]["count"] == 900
    whole = json.dumps([f"arn:{n}" for n in range(1000)]).encode()
    assert row["resources"][-1]["$more"]["sha256"] == hashlib.sha256(whole).hexdigest()
    assert row["path"].endswith("… (9001 characters)")


def test_a_name_as_long_as_a_body_is_cut_in_rows_and_lines():
    long = "arn:" + "a" * 1_000_000
    said = describe(replace(CALL, resource=long, resources=(long, "arn:b")), None, line=True)
    cut = f"{long[:2048]}… (1000004 characters)"
    assert json.loads(said.resources) == [cut, "arn:b"]
    line = json.loads(said.line)
    assert (line["resource"], line["resources"]) == (cut, [cut, "arn:b"])


def test_a_call_as_json_says_what_is_unknown_and_keeps_bytes():
    call = replace(
        CALL,
        params={"Body": UNKNOWN, "Blob": b"\x00\xff", "Inner": {"List": [b"a", UNKNOWN, 1.5, float("nan"), None, True]}},
        resource=UNKNOWN,
        resources=UNKNOWN,
        iam_actions=UNKNOWN,
        cross_account=UNKNOWN,
    )
    shown = call_json(call)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    unknown = {"$unknown": True}
    assert shown["params"] == {
        "Body": unknown,
        "Blob": {"$b64": "AP8="},
        "Inner": {"List": [{"$b64": "YQ=="}, unknown, 1.5, {"$number": "nan"}, None, True]},
    }
    assert [shown[name] for name in ("resource", "resources", "iam_actions", "cross_account")] == [unknown] * 4
    assert (shown["action"], shown["resource_accounts"]) == ("GetObject", [])


@pytest.mark.parametrize(
    "unknown", [{}, {"resources": UNKNOWN, "resource": UNKNOWN, "makes_public": UNKNOWN, "iam_actions": UNKNOWN}]
)
@given(params=PARAMS)
def test_the_line_says_of_a_call_what_explain_says(unknown, params):
    call = replace(CALL, params=params, path="/é", shares_with=("*",), **unknown)
    does = {"sentence": sentence_of(call, masked(params)).sentence, "level": level_of(call)}
    plainly = does | call_json(replace(call, params=masked(params)))
    del plainly["policies"]
    line = describe(call, None, line=True).line
    assert json.loads(line) == plainly
    assert line.isascii()
    assert list(json.loads(line)) == list(plainly)


def test_what_is_only_signed_says_for_how_long():
    line = json.loads(describe(replace(CALL, presigned=60), None, line=True).line)
    assert line["presigned"] == 60
    assert "presigned" not in json.loads(describe(CALL, None, line=True).line)
