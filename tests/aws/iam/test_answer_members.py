"""A new member of an answer counts unless its type or name says that it holds no secret, and so would all that the review ever marked."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.kit.aws.meanings import model, services
from trio_gate.aws.iam.answer_members import may_hold_secrets, words
from trio_gate.aws.iam.tables import Tables
from trio_gate.shell.models.packaged_data import packaged_tables

TABLE = files("trio_gate.aws.review").joinpath("operations.txt").read_text("ascii")
ANSWERS = {"vends", "secret", "exposes"}

STRING = {"type": "string"}
NONE = {"type": "structure", "members": {}}
SHAPES = {
    "Text": STRING,
    "Blob": {"type": "blob"},
    "Number": {"type": "integer"},
    "Long": {"type": "long"},
    "Float": {"type": "float"},
    "Double": {"type": "double"},
    "When": {"type": "timestamp"},
    "Is": {"type": "boolean"},
    "Kind": {"type": "string", "enum": ["A", "B"]},
    "SecretKind": {"type": "string", "enum": ["A"], "sensitive": True},
    "Pin": {"type": "integer", "sensitive": True},
    "Any": {**NONE, "document": True},
    "Events": {**NONE, "eventstream": True},
    "Empty": NONE,
    "RoleArn": STRING,
    "RegionName": STRING,
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Numbers": {"type": "list", "member": {"shape": "Number"}},
    "Counts": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Number"}},
    "ByText": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
    "TextByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Text"}},
    "TextsByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Texts"}},
    "KindByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Kind"}},
    "WhenByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "When"}},
    "IsByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Is"}},
    "ArnByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "RoleArn"}},
    "NameByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "RegionName"}},
    "PlaceByKind": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Place"}},
    "Place": {"type": "structure", "members": {"VpcId": {"shape": "Text"}, "Since": {"shape": "When"}, "In": {"shape": "Place"}}},
    "Keys": {"type": "structure", "members": {"AccessKeyId": {"shape": "Text"}}},
    "Deep": {"type": "structure", "members": {"Arn": {"shape": "Text"}, "All": {"shape": "Nodes"}}},
    "Nodes": {"type": "list", "member": {"shape": "Node"}},
    "Node": {"type": "structure", "members": {"In": {"shape": "Deep"}, "Note": {"shape": "Text"}}},
}


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Total", "Number"),
        ("Expires", "When"),
        ("Public", "Is"),
        ("Usage", "Kind"),
        ("SecretArn", "Text"),
        ("kmsKeyARN", "Text"),
        ("tokenArns", "Texts"),
        ("accountIds", "Texts"),
        ("HostName", "Text"),
        ("lastModifiedRegion", "Text"),
        ("platformVersion", "Text"),
        ("NextToken", "Text"),
        ("PerKind", "Counts"),
        ("ResourceIds", "ByText"),
        ("Passwords", "KindByKind"),
        ("Passwords", "WhenByKind"),
        ("Passwords", "IsByKind"),
        ("Passwords", "ArnByKind"),
        ("Passwords", "PlaceByKind"),
        ("Shipping", "Number"),
        ("CountryCode", "Number"),
        ("lastErrorCode", "Number"),
        ("exitCode", "Number"),
        ("HTTPCode", "Long"),
        ("postalCodes", "Numbers"),
        ("ResponseCode", "Number"),
        ("statusCode", "Float"),
        ("zipCode", "Double"),
        ("Somewhere", "Place"),
        ("Nothing", "Empty"),
    ],
)
def test_what_its_type_or_name_explains_holds_no_secret(name, shape):
    assert not may_hold_secrets(name, shape, SHAPES)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Note", "Text"),
        ("MasterPassword", "Text"),
        ("WebhookUrl", "Text"),
        ("Id", "Text"),
        ("ids", "Texts"),
        ("AccessKeyId", "Text"),
        ("sessionIds", "Texts"),
        ("TokenName", "Text"),
        ("ClientToken", "Text"),
        ("Forbid", "Text"),
        ("UserArn", "Blob"),
        ("Kind", "SecretKind"),
        ("Count", "Pin"),
        ("Status", "Any"),
        ("Status", "Events"),
        ("Tags", "ByText"),
        ("Variables", "TextByKind"),
        ("RegionNames", "TextByKind"),
        ("RegionNames", "TextsByKind"),
        ("RegionNames", "NameByKind"),
        ("RoleArns", "TextByKind"),
        ("NextToken", "TextByKind"),
        ("sessionsStatus", "Text"),
        ("DevicePin", "Number"),
        ("OTP", "Long"),
        ("passcode", "Float"),
        ("SecurityCode", "Double"),
        ("BackupCodes", "Numbers"),
        ("Pins", "Counts"),
        ("Status", "Keys"),
        ("Status", "Deep"),
        ("_", "Text"),
    ],
)
def test_anything_else_may(name, shape):
    assert may_hold_secrets(name, shape, SHAPES)


@pytest.mark.parametrize(
    "word", ["Id", "Ids", "Name", "Names", "Region", "Regions", "Status", "Type", "Types", "Version", "Versions"]
)
def test_what_a_thing_is_called_holds_no_secret(word):
    assert not may_hold_secrets(f"host{word}", "Text", SHAPES)


@pytest.mark.parametrize(
    "word",
    [
        "access",
        "activation",
        "apikey",
        "auth",
        "authorization",
        "authtoken",
        "bearer",
        "code",
        "cookie",
        "credential",
        "external",
        "grant",
        "invitation",
        "invite",
        "jwt",
        "key",
        "login",
        "oauth",
        "otp",
        "passcode",
        "passphrase",
        "password",
        "pin",
        "presigned",
        "secret",
        "session",
        "token",
        "url",
    ],
)
def test_what_a_thing_is_called_may_with_a_word_for_what_gives_access(word):
    assert may_hold_secrets(f"{word}Id", "Text", SHAPES)


def test_words_begin_with_capitals():
    assert [words(name) for name in ("kmsKeyARN", "VpcIds", "ID2Name", "_")] == [
        ("kms", "key", "arn"),
        ("vpc", "ids"),
        ("id", "2", "name"),
        (),
    ]


def test_whatever_made_the_review_mark_an_answer_would_have_counted_as_new():
    """The table names the member; were all of them new, none would be passed over."""
    told = re.findall(rf"(?:{'|'.join(ANSWERS)}): ((?:[\w-]+\.)*[\w*-]+)(?=;|$)", TABLE, re.MULTILINE)
    names = {[part for part in path.split(".") if part != "*"][-1] for path in told}
    assert len(names) > 100
    assert sorted(name for name in names if not may_hold_secrets(name, "Text", SHAPES)) == []


@pytest.mark.long("every answer of every service")
def test_no_answer_that_the_review_marks_is_without_a_member_that_counts():
    tables, passed = Tables(packaged_tables), []
    for service in services():
        known = model(service)
        for operation, one in known["operations"].items():
            row = tables.row(service, operation)
            if row is not None and "output" in one and ANSWERS & set(row.marks):
                passed += [] if may_hold_secrets("", one["output"]["shape"], known["shapes"]) else [(service, operation)]
    assert passed == [("iam", "CreateLoginProfile")]  # its mark is for the password that the call sets
