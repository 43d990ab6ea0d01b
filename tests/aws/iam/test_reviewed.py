"""A member newer than the lists makes the calls that carry it unknown, and no other call.

Each member is new to lists that have lost it; the rest is what a newer botocore may add.
"""

from __future__ import annotations

import copy
import json
import re
from importlib.resources import files

import pytest

from scripts.data.make_operations import members, outputs
from tests.kit.aws.meanings import TABLES, model, need_botocore_of
from tests.kit.aws.naming import FORM, catalog, claim, head, place, target
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.reviewed import all_known, entries, read
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.aws.model.catalog import Catalog
from trio_gate.shell.models.model_loader import with_known_answers
from trio_gate.shell.models.packaged_data import known_inputs, known_outputs, packaged_tables
from trio_gate.wire.head import Empty, Held

GET = target("DynamoDB_20120810.GetItem")
TRANSACT = target("DynamoDB_20120810.TransactGetItems")


def without(service, structure, member):
    """Tables that were made before a structure had a member."""
    older = dict(packaged_tables("members"))
    older[service] = re.sub(rf"(?m)^({structure}:.*?) {member}(?:=\S+)?(?= |$)", r"\1", older[service])
    assert older[service] != packaged_tables("members")[service]
    return Tables(lambda name: older if name == "members" else packaged_tables(name))


def call(service, line, headers, body, *, tables=TABLES, known=None):
    held = Held(data=body) if body else Empty()
    at = place(service)
    return identify(head(line, headers), held, place=at, claim=claim(service), catalog=known or catalog(), tables=tables)


def get(**more):
    return "dynamodb", "POST /", GET, json.dumps({"TableName": "t", "Key": {"id": {"S": "x"}}, **more}).encode()


def transact(**more):
    one = {"Get": {"TableName": "t", "Key": {"id": {"S": "x"}}, **more}}
    return "dynamodb", "POST /", TRANSACT, json.dumps({"TransactItems": [one]}).encode()


def value(**more):
    return "dynamodb", "POST /", GET, json.dumps({"TableName": "t", "Key": {"id": more}}).encode()


def run(more=""):
    return "ec2", "POST /", FORM, f"Action=DescribeInstances&Version=2016-11-15{more}".encode()


def listing(more=""):
    return "s3", f"GET /bucket?list-type=2{more}", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b""


@pytest.mark.parametrize(
    ("structure", "member", "without_it", "with_it"),
    [
        ("GetItemInput", "ConsistentRead", get(), get(ConsistentRead=False)),
        ("Get", "ProjectionExpression", transact(), transact(ProjectionExpression="id")),
        ("AttributeValue", "NULL", value(S="x"), value(NULL=True)),
        ("AttributeValue", "N", value(L=[{"S": "x"}]), value(L=[{"M": {"a": {"N": "1"}}}])),
        ("DescribeInstancesRequest", "MaxResults", run(), run("&MaxResults=5")),
        ("Filter", "Values", run("&Filter.1.Name=x"), run("&Filter.1.Name=x&Filter.1.Value.1=y")),
        ("ListObjectsV2Request", "Prefix", listing(), listing("&prefix=a")),
    ],
)
def test_a_call_with_a_member_newer_than_the_lists_may_do_anything(structure, member, without_it, with_it):
    service, tables = with_it[0], without(with_it[0], structure, member)
    old, new = call(*without_it, tables=tables), call(*with_it, tables=tables)
    assert (old.access in {"read", "list"}, old.vends_credentials, old.reads_secret, old.reviewed) == (True, False, False, True)
    assert (new.access, new.vends_credentials, new.reads_secret, new.reviewed) == ("write", UNKNOWN, UNKNOWN, False)
    assert (new.resource, new.resources, new.resource_accounts, new.iam_actions) == (UNKNOWN,) * 4
    assert (new.may_expose_secrets, new.runs_code, new.spends) == (UNKNOWN,) * 3
    assert (new.policies, new.shares_with, new.makes_public) == (UNKNOWN,) * 3
    assert new.service == service
    assert call(*with_it).reviewed


def test_a_structure_that_the_lists_do_not_have_is_new_as_a_whole():
    older = dict(packaged_tables("members"))
    older["dynamodb"], lost = re.subn(r"(?m)^Get:.*\n", "", older["dynamodb"])
    tables = Tables(lambda name: older if name == "members" else packaged_tables(name))
    assert lost
    assert not call(*transact(), tables=tables).reviewed
    assert call(*get(), tables=tables).reviewed


def newer_model(service, structure, member, shape="Boolean"):
    """The catalogue of a botocore that gave a structure a member."""
    raw = copy.deepcopy(model(service))
    raw["shapes"] |= {"Boolean": {"type": "boolean"}, "Text": {"type": "string"}, "Kind": {"type": "string", "enum": ["A"]}}
    raw["shapes"]["Place"] = {"type": "structure", "members": {"Region": {"shape": "Text"}, "Kind": {"shape": "Kind"}}}
    raw["shapes"][structure]["members"][member] = {"shape": shape}
    return catalog_of(service, raw)


def catalog_of(service, raw):
    found = Catalog(lambda name: with_known_answers(raw, all_known(raw, known_outputs(name), "output")))
    found.ensure([service])
    return found


def test_what_a_newer_botocore_adds_is_seen_where_it_is_carried():
    known = newer_model("dynamodb", "GetItemInput", "RunThis")
    assert call(*get(), known=known, tables=Tables(packaged_tables)).reviewed
    assert not call(*get(RunThis=True), known=known, tables=Tables(packaged_tables)).reviewed
    assert not call(*get(RunThis=False), known=known, tables=Tables(packaged_tables)).reviewed


def test_a_known_name_is_new_in_a_structure_that_did_not_have_it():
    known = newer_model("dynamodb", "GetItemInput", "KeyConditionExpression", "ConditionExpression")
    assert not call(*get(KeyConditionExpression="x"), known=known, tables=Tables(packaged_tables)).reviewed


def test_an_operation_of_the_lists_own_that_gets_a_member_still_vends():
    body = b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=900"
    found = call("sts", "POST /", FORM, body, tables=without("sts", "GetSessionTokenRequest", "DurationSeconds"))
    assert (found.vends_credentials, found.reads_secret, found.reviewed) == (True, UNKNOWN, False)


@pytest.mark.parametrize(
    ("structure", "member", "shape", "asked", "newer"),
    [
        ("GetItemOutput", "Note", "Text", get(), True),
        ("GetItemOutput", "Attributes", "AttributeMap", get(), True),
        ("AttributeValue", "U", "Text", get(), True),
        ("AttributeValue", "U", "Text", transact(), True),
        ("TransactGetItemsOutput", "Note", "Text", get(), False),
        ("GetItemInput", "Note", "Text", get(), False),
        ("PutItemOutput", "Note", "Text", get(), False),
        ("GetItemOutput", "Cached", "Boolean", get(), False),
        ("GetItemOutput", "Source", "Place", get(), False),
        ("AttributeValue", "TableArn", "Text", transact(), False),
    ],
)
def test_an_answer_that_may_hold_a_newer_member_may_hold_a_secret(structure, member, shape, asked, newer):
    found = call(*asked, known=newer_model("dynamodb", structure, member, shape))
    assert found.access == "read"
    assert (found.vends_credentials, found.reads_secret) == ((UNKNOWN, UNKNOWN) if newer else (False, False))
    assert found.may_expose_secrets is not False or not newer
    assert found.reviewed is not newer
    assert found.resources == call(*asked).resources


@pytest.mark.parametrize(
    ("structure", "member", "shape", "sent", "reviewed"),
    [
        ("GetItemInput", "ReturnConsumedCapacity", "TableName", "x", True),  # another text is a text
        ("GetItemInput", "ReturnConsumedCapacity", "GetItemOutput", {}, False),
        ("GetItemInput", "ReturnConsumedCapacity", "AttributeNameList", [], False),
        ("GetItemInput", "AttributesToGet", "TableName", "x", False),
        ("GetItemInput", "AttributesToGet", "KeyList", [], False),
        ("GetItemInput", "Key", "AttributeMap", {"id": {"S": "x"}}, True),
        ("GetItemInput", "Key", "FilterConditionMap", {}, False),
        ("GetItemOutput", "Item", "Key", None, True),
        ("GetItemOutput", "Item", "FilterConditionMap", None, False),
        ("GetItemOutput", "Item", "AttributeNameList", None, False),
    ],
)
def test_a_member_that_keeps_its_name_and_leads_elsewhere_is_newer(structure, member, shape, sent, reviewed):
    known, more = newer_model("dynamodb", structure, member, shape), {} if sent is None else {member: sent}
    assert call(*get(**more), known=known, tables=Tables(packaged_tables)).reviewed is reviewed


@pytest.mark.parametrize(
    ("structure", "member", "shape", "newer"),
    [
        ("TableDescription", "TableSizeBytes", "Text", True),
        ("TableDescription", "CreationDateTime", "Text", True),
        ("TableDescription", "TableStatus", "Text", False),  # its name says enough
        ("TableDescription", "TableName", "Secret", True),
        ("TableDescription", "TableArn", "Blob", True),
        ("TableDescription", "ItemCount", "Boolean", False),
        ("TableDescription", "KeySchema", "Secrets", True),
        ("TableDescription", "ProvisionedThroughput", "SecretPlace", True),
        ("AttributeDefinition", "AttributeType", "Secret", True),
        ("ProvisionedThroughputDescription", "LastIncreaseDateTime", "Text", True),
        ("ArchivalSummary", "ArchivalReason", "Secret", True),  # a text of which nothing was known, and is now
        ("ArchivalSummary", "ArchivalReason", "Text", False),
        ("ArchivalSummary", "ArchivalReason", "Kind", False),
    ],
)
def test_a_known_member_of_an_answer_that_may_hold_more_than_it_did_is_newer(structure, member, shape, newer):
    raw = copy.deepcopy(model("dynamodb"))
    raw["shapes"] |= {
        "Text": {"type": "string"},
        "Boolean": {"type": "boolean"},
        "Kind": {"type": "string", "enum": ["A"]},
        "Secret": {"type": "string", "sensitive": True},
        "Blob": {"type": "blob"},
        "Secrets": {**raw["shapes"]["KeySchema"], "sensitive": True},
        "SecretPlace": {**raw["shapes"]["ProvisionedThroughputDescription"], "sensitive": True},
    }
    raw["shapes"][structure]["members"][member] = {"shape": shape}
    assert ("DescribeTable" not in all_known(raw, known_outputs("dynamodb"), "output")) is newer


def test_a_flag_is_new_in_an_input_and_passed_over_in_an_answer():
    raw = copy.deepcopy(model("dynamodb"))
    for structure in ("GetItemInput", "PutItemOutput"):
        raw["shapes"][structure]["members"]["Newcomer"] = {"shape": "BooleanObject"}
    inputs, answers = (
        all_known(raw, known("dynamodb"), side) for known, side in ((known_inputs, "input"), (known_outputs, "output"))
    )
    assert (set(raw["operations"]) - inputs, "PutItem" in answers) == ({"GetItem"}, True)


def test_a_list_that_holds_itself_has_an_end():
    shapes = {
        "Lists": {"type": "list", "member": {"shape": "Lists"}},
        "S": {"type": "structure", "members": {"A": {"shape": "Lists"}}},
    }
    assert entries(shapes["S"], shapes, "output") == {f"A={'[' * 8}"}


def test_what_an_operation_vends_it_vends_with_a_newer_member():
    known = newer_model("sts", "GetSessionTokenResponse", "Note", "Text")
    found = call("sts", "POST /", FORM, b"Action=GetSessionToken&Version=2011-06-15", known=known)
    assert (found.vends_credentials, found.reads_secret, found.reviewed) == (True, UNKNOWN, False)


def test_an_operation_that_is_newly_answered_is_answered_with_anything():
    raw = copy.deepcopy(model("dynamodb"))
    raw["shapes"]["Keys"] = {"type": "structure", "members": {"Key": {"shape": "String"}}}
    raw["operations"]["GetItem"]["output"] = {"shape": "Keys"}
    assert call(*get(), known=catalog_of("dynamodb", raw)).vends_credentials is UNKNOWN


def test_a_model_that_nobody_has_compared_is_newer_than_the_lists():
    known = Catalog(lambda _name: model("dynamodb"))
    known.ensure(["dynamodb"])
    assert call(*get(), known=known).vends_credentials is UNKNOWN


@pytest.mark.long("every member of every service")
@pytest.mark.parametrize(("name", "made"), [("members", members), ("outputs", outputs)])
def test_the_members_that_count_as_reviewed_are_those_of_the_lists_botocore(name, made):
    first, *_ = text = files("trio_gate.aws.iam").joinpath(f"{name}.txt").read_text("ascii").splitlines()
    need_botocore_of(first)
    assert text == list(made())


def test_every_service_has_its_own_members():
    assert known_outputs("s3")["ListBucketsOutput"] >= {"Buckets=[Bucket", "Owner=Owner", "Prefix?"}
    assert known_outputs("sts")["Credentials"] == {"AccessKeyId?", "SecretAccessKey!", "SessionToken?", "Expiration"}
    assert known_outputs("s3")["GetObjectOutput"] >= {"Body!", "ETag?"}
    assert known_outputs("st") == known_outputs("none") == {}
    assert read(packaged_tables("members")["sts"])["AssumeRoleRequest"] >= {"RoleArn", "Policy"}
    assert "AssumeRoleRequest" not in read(packaged_tables("members")["s3"])
