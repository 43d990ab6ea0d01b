from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.audit.redact import MAX_MASKED, MAX_PARAMS, masked, masked_texts, params_text, path_text
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.catalog import compile_service

CANARY = "CANARY-correct-horse"
HIDDEN = {"$masked": {"length": len(CANARY)}}

MODEL = {
    "metadata": {
        "apiVersion": "2026-01-01",
        "protocol": "json",
        "targetPrefix": "T",
        "endpointPrefix": "t",
        "jsonVersion": "1.1",
        "serviceId": "T",
    },
    "operations": {"Put": {"name": "Put", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "PutInput"}}},
    "shapes": {
        "PutInput": {
            "type": "structure",
            "members": {
                "Plain": {"shape": "Text"},
                "Quiet": {"shape": "Quiet"},
                "Many": {"shape": "QuietList"},
                "Map": {"shape": "QuietMap"},
                "Deep": {"shape": "Deep"},
                "Whole": {"shape": "WholeQuiet"},
                "Blob": {"shape": "QuietBlob"},
            },
        },
        "Text": {"type": "string"},
        "Quiet": {"type": "string", "sensitive": True},
        "QuietBlob": {"type": "blob", "sensitive": True},
        "QuietList": {"type": "list", "member": {"shape": "Quiet"}},
        "QuietMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Quiet"}},
        "Deep": {"type": "structure", "members": {"Inner": {"shape": "Quiet"}, "Open": {"shape": "Text"}}},
        "WholeQuiet": {"type": "structure", "sensitive": True, "members": {"Any": {"shape": "Text"}}},
    },
}


def test_the_models_sensitive_members_are_masked_wherever_they_stand():
    shape = compile_service("t", MODEL).operations["Put"].input
    params = {
        "Plain": "shown",
        "Quiet": CANARY,
        "Many": [CANARY],
        "Map": {"k": CANARY},
        "Deep": {"Inner": CANARY, "Open": "shown", "NotInTheModel": "shown"},
        "Whole": {"Any": CANARY, "More": {"Still": CANARY}},
        "Blob": CANARY.encode(),
    }
    assert masked(params, shape) == {
        "Plain": "shown",
        "Quiet": HIDDEN,
        "Many": [HIDDEN],
        "Map": {"k": HIDDEN},
        "Deep": {"Inner": HIDDEN, "Open": "shown", "NotInTheModel": "shown"},
        "Whole": {"Any": HIDDEN, "More": {"Still": HIDDEN}},
        "Blob": HIDDEN,
    }


def test_a_models_own_members_are_judged_by_the_model():
    members = {"AuthorizationKeys": {"shape": "Text"}, "Variables": {"shape": "Map"}}
    shapes = {
        **MODEL["shapes"],
        "PutInput": {"type": "structure", "members": members},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    }
    shape = compile_service("t", {**MODEL, "shapes": shapes}).operations["Put"].input
    given = {"AuthorizationKeys": "shown", "Variables": {"authorizationKeys": CANARY}}
    assert masked(given, shape) == {"AuthorizationKeys": "shown", "Variables": {"authorizationKeys": HIDDEN}}


def _labelled(path, **labels):
    members = {name: {"shape": kind, "location": "uri", "locationName": name} for name, kind in labels.items()}
    model = {
        "metadata": {**MODEL["metadata"], "protocol": "rest-json"},
        "operations": {"Get": {"name": "Get", "http": {"method": "GET", "requestUri": path}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {"type": "structure", "members": members, "required": list(labels)},
            "Text": {"type": "string"},
            "Quiet": {"type": "string", "sensitive": True},
        },
    }
    return compile_service("t", model).operations["Get"].input


def test_a_path_is_kept_without_its_secret_labels():
    shape = _labelled("/confirm/{token}/{code}/{name}", token="Text", code="Quiet", name="Text")
    params = {"token": CANARY, "code": "a b", "name": "orders"}
    assert path_text(f"/confirm/{CANARY}/a%20b/orders", params, shape) == "/confirm/{token}/{code}/orders"


def test_a_path_without_a_name_is_kept_but_for_what_looks_secret():
    assert path_text("/bucket/key", {}) == "/bucket/key"
    assert path_text("/x/AKIAIOSFODNN7EXAMPLE/y", {}) == "/x/{secret}/y"


def test_a_blob_is_kept_as_its_hash_and_the_unknown_says_so():
    assert json.loads(params_text({"Body": b"data", "Stream": UNKNOWN})) == {
        "Body": {"$bytes": {"length": 4, "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"}},
        "Stream": {"$unknown": True},
    }


@pytest.mark.parametrize(
    "params",
    [
        {"Text": "x" * 2000},
        {f"Name{n}": "value" for n in range(5000)},
        {"List": ["\x00" * 900] * 5000},
        {"List": [{"A": [b""]}] * 5000},
        {"N" * 100_000: 1},
        {"Big": 10**5000},
    ],
)
def test_what_is_cut_says_so(params):
    text = params_text(params)
    assert len(text) <= MAX_PARAMS
    assert "$" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(UNKNOWN),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@given(st.dictionaries(st.text() | st.sampled_from(["Password", "Blob"]), VALUES))
def test_any_parameters_become_bounded_ascii_json(params):
    text = params_text(params)
    assert text.isascii()
    assert len(text) <= MAX_PARAMS
    json.loads(text)


@given(st.integers(min_value=0, max_value=200))
def test_depth_is_bounded(depth):
    value = "x" * 1000
    for _ in range(depth):
        value = {"A": value}
    assert len(params_text({"A": value, "B": ["y" * 1000] * 100})) <= MAX_PARAMS


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=6), VALUES)
def test_a_masked_value_is_nowhere_in_the_text(secret, other):
    secret = f"<{secret}>"
    text = params_text({"Password": secret, "List": [{"secretString": secret}], "Other": other})
    assert json.dumps(secret) not in text


def test_what_is_too_much_to_be_read_for_secrets_is_cut():
    half = MAX_MASKED // 2
    kept = masked({"A": "a" * half, "B": b"b" * half, "C": "c" * half, "D": "hunter2", "Password": CANARY})
    assert kept["A"] == "a" * half
    assert kept["B"] == {"$cut": {"length": half, "sha256": hashlib.sha256(b"b" * half).hexdigest()}}
    assert kept["C"] == {"$cut": {"length": half, "sha256": hashlib.sha256(b"c" * half).hexdigest()}}
    assert kept["D"] == "hunter2"
    assert kept["Password"] == HIDDEN


def test_a_short_text_that_is_cut_has_no_hash():
    full = "a" * (MAX_MASKED - 4 * 16 - 2)
    assert masked({"A": full, "D": "x" * 40})["D"] == {"$cut": {"length": 40}}


@pytest.mark.parametrize("many", [[0] * MAX_MASKED, ["k"] * MAX_MASKED])
def test_a_list_ends_where_no_more_is_read(many):
    kept = masked({"A": many})["A"]
    assert len(kept) <= MAX_MASKED // 16
    assert kept[-1] == {"$more": MAX_MASKED - len(kept) + 1}


def test_a_map_ends_where_no_more_is_read():
    kept = masked({"A": {str(number): 0 for number in range(MAX_MASKED)}})["A"]
    assert kept["$more"] == MAX_MASKED - len(kept) + 1


def test_a_name_that_is_too_long_to_be_judged_hides_its_value():
    assert masked({"a" * 3000: CANARY}) == {"a" * 3000: HIDDEN}


@given(st.dictionaries(st.text() | st.sampled_from(["Password", "Blob"]), VALUES))
def test_what_the_log_has_in_full_the_record_has_too_but_for_what_is_large(params):
    _, whole, kept = masked_texts(params)
    assert whole == json.dumps(json.loads(whole), sort_keys=True, separators=(",", ":"))
    assert kept == json.dumps(json.loads(kept), sort_keys=True, separators=(",", ":"))
    assert kept == whole or any(mark in kept for mark in ("$bytes", "$cut", "$more"))


def test_the_log_has_blobs_and_long_texts_whole():
    _, whole, kept = masked_texts({"Text": "x" * 2000, "Blob": b"data"})
    assert json.loads(whole) == {"Text": "x" * 2000, "Blob": {"$b64": "ZGF0YQ=="}}
    assert json.loads(kept)["Text"] == {"$cut": {"length": 2000, "sha256": hashlib.sha256(b"x" * 2000).hexdigest()}}
    assert "$bytes" in json.loads(kept)["Blob"]
