"""Parameters as a person is shown them."""

import base64
import gzip
import hashlib
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.content.test_archive import packed as archived
from tests.kit.aws.naming import catalog, place
from trio_gate.approval.param_tree import MAX_ITEMS, MAX_MADE, MAX_PARTS, MAX_TEXT, MAX_TOTAL, Part, shown
from trio_gate.aws.call import UNKNOWN
from trio_gate.content.code import Code
from trio_gate.content.readable import readable
from trio_gate.text.secret_detection import is_secret

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.binary(max_size=400),
    st.just(UNKNOWN),
)
NAMES = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(["$more", "$unknown", "Password"])
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20)


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def test_plain_values_stay():
    params = {"Bucket": "b", "Count": 3, "Ratio": 0.5, "Flag": True, "None": None, "List": ["a", {"B": []}]}
    assert shown(params).tree == params


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        (UNKNOWN, {"$unknown": "streamed, too large, or not derivable"}),
        (b"\0\1", {"$blob": {"bytes": 2, "sha256": sha256(b"\0\1"), "base64": "AAE=", "part": "p1"}}),
        (2**53, {"$number": "9007199254740992"}),
        (2**2000, {"$number": "an integer of 2001 bits"}),
        (float("inf"), {"$number": "inf"}),
        ("a\u202eb", "a\\u{202e}b"),
    ],
)
def test_what_json_cannot_say_is_marked(value, tree):
    assert shown({"V": value}).tree == {"V": tree}


def test_no_agent_can_write_a_mark():
    assert shown({"V": {"$unknown": "trust me"}}).tree == {"V": {"\\u{24}unknown": "trust me"}}


@pytest.mark.parametrize(
    "name",
    [
        "SecretString",
        "SecretBinary",
        "Password",
        "MasterUserPassword",
        "NewPassword",
        "PrivateKey",
        "private-key",
        "SessionToken",
        "WebIdentityToken",
        "TokenCode",
        "ClientSecret",
        "SecretAccessKey",
        "SSECustomerKey",
        "CopySourceSSECustomerKey",
        "AuthToken",
        "Plaintext",
        "secret",
    ],
)
def test_secrets_are_masked_by_name(name):
    made = shown({name: "hunter2"})
    assert made.tree == {name: {"$masked": {"length": 7, "sha256": sha256("hunter2"), "part": "p1"}}}
    assert made.not_shown == (Part(part="p1", name=name, why="masked"),)
    assert made.values["p1"] == "hunter2"


@pytest.mark.parametrize(
    "name", ["SecretId", "SecretArn", "NextToken", "ClientToken", "ClientRequestToken", "SSECustomerKeyMD5", "Bucket", "Key"]
)
def test_what_names_a_thing_is_no_secret(name):
    assert not is_secret(name)


def test_below_a_secret_name_all_text_is_masked():
    made = shown({"Tokens": ["hunter2", {"Inner": b"hunter2"}], "PasswordPolicy": {"MinimumLength": 8}})
    tree = made.tree
    assert "hunter2" not in json.dumps(tree)
    assert tree["PasswordPolicy"] == {"MinimumLength": 8}
    assert [part.name for part in made.not_shown] == ["Tokens[0]", "Tokens[1].Inner"]


def test_a_long_text_is_cut_and_says_so():
    text = "x" * (MAX_TEXT + 1)
    made = shown({"V": text})
    assert made.tree["V"] == {"$cut": {"text": "x" * MAX_TEXT, "length": len(text), "sha256": sha256(text), "part": "p1"}}
    assert made.values["p1"] == text


def test_a_long_list_says_how_much_is_missing():
    params = {"V": list(range(MAX_ITEMS + 7))}
    made = shown(params)
    assert made.tree["V"][-1] == {"$more": {"items": 7, "part": "params"}}
    assert len(made.tree["V"]) == MAX_ITEMS + 1
    assert made.not_shown == (Part(part="params", name="V", why="more"),)
    assert made.values["params"] == params


def test_a_small_blob_is_shown_and_can_still_be_opened():
    made = shown({"V": b"\0", "W": bytes(257)})
    assert [part.name for part in made.not_shown] == ["W"]
    assert made.values["p1"] == b"\0"


@pytest.mark.parametrize(
    ("params", "why"), [({"n" * 257: 1}, "name"), ({"V": 1 << 1024}, "cut"), ({"M": dict.fromkeys(map(str, range(501)))}, "more")]
)
def test_what_has_no_part_of_its_own_opens_with_all(params, why):
    assert [(part.part, part.why) for part in shown(params).not_shown] == [("params", why)]


def test_many_hidden_values_open_together():
    made = shown({"Password": [str(number) for number in range(MAX_PARTS + 5)]})
    assert len(made.not_shown) == MAX_PARTS + 1
    assert made.not_shown[-1].part == "params"


def test_deep_nesting_ends():
    value: list = []
    for _ in range(5000):
        value = [value]
    assert "nested too deep" in json.dumps(shown({"V": value}).tree)


def test_the_whole_tree_is_bounded():
    params = {f"Name{number}": ["\u202e" * 1000] * 100 for number in range(400)}
    assert len(json.dumps(shown(params).tree)) < 4 * MAX_TOTAL


@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_any_parameters_become_json(params):
    json.dumps(shown(params).tree, allow_nan=False).encode("ascii")


def test_what_the_model_calls_sensitive_is_masked():
    place("iam", "kms", "lambda")
    shape = catalog().service("iam").operations["CreateLoginProfile"].input
    kms = catalog().service("kms").operations["Encrypt"].input
    assert [part.name for part in shown({"UserName": "u", "Password": "p"}, shape).not_shown] == ["Password"]
    made = shown({"KeyId": "k", "Plaintext": b"p", "EncryptionContext": {"a": "b"}}, kms)
    assert [part.name for part in made.not_shown] == ["Plaintext"]
    code = catalog().service("lambda").operations["UpdateFunctionConfiguration"].input
    environment = {"Environment": {"Variables": {"MODE": "canary"}}}
    assert "canary" not in json.dumps(shown(environment, code).tree)
    assert "canary" in json.dumps(shown(environment).tree)


def test_what_neither_the_model_nor_a_name_tells_is_masked_by_its_shape():
    place("apigateway")
    shape = catalog().service("apigateway").operations["CreateApiKey"].input
    assert [part.name for part in shown({"name": "n", "value": "canary"}, shape).not_shown] == ["value"]


SSM = Code(service="ssm", operation="SendCommand")


def test_code_is_joined_lines_with_the_hash_of_the_whole():
    made = shown({"Parameters": {"commands": ["echo \u202e", "b"], "workingDirectory": ["/srv"]}}, code=SSM)
    text = "echo \u202e\nb"
    mark = {
        "what": "script",
        "lines": ["echo \\u{202e}", "b"],
        "length": 8,
        "size": len(text.encode()),
        "sha256": sha256(text),
        "how": [],
        "whole": True,
        "part": "p1",
        "colors": [[4, "b", 9, ""], [1, ""]],
    }
    assert made.tree == {"Parameters": {"commands": {"$code": mark}, "workingDirectory": ["/srv"]}}
    assert made.values["p1"] == text
    assert made.not_shown == ()


def test_long_code_begins_and_opens():
    made = shown({"commands": "x" * (MAX_TEXT + 1)}, code=SSM)
    assert made.tree["commands"]["$code"]["lines"] == ["x" * MAX_TEXT]
    assert [part.why for part in made.not_shown] == ["cut"]
    assert [one.whole for one in made.code] == [False]


def test_code_without_a_part_of_its_own_is_read_with_all_parameters_and_never_whole():
    commands = [{"command": ["sh", "-c", f"echo {number}"]} for number in range(MAX_PARTS + 2)]
    made = shown({"containerDefinitions": commands}, code=Code(service="ecs", operation="RegisterTaskDefinition"))
    assert [one.whole for one in made.code if one.part != "params"] == [True] * MAX_PARTS
    assert [(one.part, one.whole) for one in made.code[MAX_PARTS:]] == [("params", False)] * 2


def test_what_is_no_text_is_never_whole():
    [one] = shown({"ZipFile": b"\0\1"}, code=Code(service="lambda", operation="UpdateFunctionCode")).code
    assert not one.whole


def bomb(size: int) -> bytes:
    return gzip.compress(b"[" + b"1," * (size // 2) + b"1]")


def test_code_that_unpacks_to_much_is_not_unpacked_for_the_prompt():
    made = shown({"Payload": bomb(2 * MAX_MADE)}, code=Code(service="lambda", operation="Invoke"))
    assert made.tree["Payload"]["$code"]["how"] == ["hex"]
    assert [one.whole for one in made.code] == [False]
    assert readable(made.values["p1"]).how == ("gzip",)


def test_all_code_of_a_prompt_shares_what_is_unpacked():
    packed = base64.b64encode(bomb(MAX_MADE // 10)).decode()
    made = shown({"List": [{"UserData": packed} for _ in range(20)]}, code=Code(service="ec2", operation="RunInstances"))
    hows = [item["UserData"]["$code"]["how"] for item in made.tree["List"] if "UserData" in item]
    assert hows[0] == ["base64", "gzip", "json"]
    assert hows[-1] == ["base64", "hex"]
    assert sum("gzip" in how for how in hows) < 10


def test_an_archive_is_whole_only_if_all_of_it_was_unpacked():
    small, large = archived({"a": "b"}), archived({"a": "b", "lib": "x\n" * MAX_MADE}, zipfile.ZIP_STORED)
    code = Code(service="lambda", operation="UpdateFunctionCode")
    assert [one.whole for data in (small, large) for one in shown({"ZipFile": data}, code=code).code] == [True, False]


def test_what_is_below_a_secret_name_stays_hidden_even_if_it_is_code():
    made = shown({"Secret": {"Commands": ["canary"], "Parameters": {"commands": ["canary"], "a": ["canary"]}}}, code=SSM)
    assert "canary" not in json.dumps(made.tree)
    assert made.code == ()


def test_code_is_open_though_the_model_calls_it_sensitive_and_a_secret_is_not():
    place("ssm")
    shape = catalog().service("ssm").operations["SendCommand"].input
    params = {"Parameters": {"commands": ["a"], "workingDirectory": ["/srv"], "password": ["hunter2"]}}
    tree = shown(params, shape, SSM).tree["Parameters"]
    assert tree["commands"]["$code"]["lines"] == ["a"]
    assert tree["workingDirectory"] == ["/srv"]
    assert list(tree["password"][0]) == ["$masked"]
    assert list(shown(params, shape).tree["Parameters"]["workingDirectory"][0]) == ["$masked"]
