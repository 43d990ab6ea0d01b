"""AWS_ENDPOINT_URL: the scope says where a request goes, and the path may say which service is meant."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import JSON_10, catalog, claim, head
from trio_gate.aws.endpoint_mode import by_scope, hint
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.naming import name_call
from trio_gate.aws.routing.route import TWINS
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.wire.head import Held

TABLE = HostTable(packaged_hosts())


def test_the_scope_alone():
    request = head("POST /", JSON_10)
    same, place = by_scope(request, claim("dynamodb", region="eu-west-1"), TABLE)
    assert same is request
    assert place.host == "dynamodb.eu-west-1.amazonaws.com"
    assert "dynamodb" in [one.service for one in place.candidates]


@pytest.mark.parametrize(
    ("target", "signing_name", "service", "forwarded"),
    [
        ("/-/dynamodbstreams/", "dynamodb", "dynamodbstreams", "/"),
        ("/-/dynamodbstreams", "dynamodb", "dynamodbstreams", "/"),
        ("/-/lambda/2015-03-31/functions/", "lambda", "lambda", "/2015-03-31/functions/"),
        ("/-/lambda/2015-03-31/functions/a%2Fb%3Ac?x=1", "lambda", "lambda", "/2015-03-31/functions/a%2Fb%3Ac?x=1"),
        ("/-/s3/bucket//a/../-/s3/k", "s3", "s3", "/bucket//a/../-/s3/k"),
        ("/-/s3/?x=1", "s3", "s3", "/?x=1"),
        ("/-/glacier/-/vaults/v", "glacier", "glacier", "/-/vaults/v"),
        ("/%2D/bedrock-agent/agents/", "bedrock", "bedrock-agent", "/agents/"),
    ],
)
def test_a_service_in_the_path(target, signing_name, service, forwarded):
    request = head(f"POST {target}")
    stripped, place = by_scope(request, claim(signing_name), TABLE)
    assert next(one.service for one in place.candidates) == service
    assert {one.service for one in place.candidates} <= {service, *next((twins for twins in TWINS if service in twins), ())}
    assert stripped.target == head(f"POST {forwarded}").target
    assert (stripped.method, stripped.headers) == (request.method, request.headers)
    assert stripped.target.arrived == ""


FAST = "fast--use1-az4--x-s3"
ZONAL = f"{FAST}.s3express-use1-az4.us-east-1.amazonaws.com"
CONTROL = "s3express-control.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("line", "host", "forwarded", "operation"),
    [
        (f"GET /{FAST}?session", ZONAL, "/?session", "CreateSession"),
        (f"GET /{FAST}/?list-type=2", ZONAL, "/?list-type=2", "ListObjectsV2"),
        (f"GET /{FAST}?uploads", ZONAL, "/?uploads", "ListMultipartUploads"),
        (f"HEAD /{FAST}", ZONAL, "/", "HeadBucket"),
        (f"PUT /{FAST}/a//b", ZONAL, "/a//b", "PutObject"),
        (f"GET /{FAST}//a", ZONAL, "//a", "GetObject"),
        (f"GET /-/s3/{FAST}/a", ZONAL, "/a", "GetObject"),
        ("GET /ap--use1-az4--xa-s3/a", f"ap--use1-az4--xa-s3{ZONAL.removeprefix(FAST)}", "/a", "GetObject"),
        ("GET /a--b--use1-az4--x-s3/a", f"a--b--use1-az4--x-s3{ZONAL.removeprefix(FAST)}", "/a", "GetObject"),
        ("GET /", CONTROL, "/", "ListDirectoryBuckets"),
        (f"PUT /{FAST}", CONTROL, f"/{FAST}", "CreateBucket"),
        (f"DELETE /{FAST}", CONTROL, f"/{FAST}", "DeleteBucket"),
        (f"GET /{FAST}?policy", CONTROL, f"/{FAST}?policy", "GetBucketPolicy"),
    ],
)
def test_s3_express(line, host, forwarded, operation):
    method = line.partition(" ")[0]
    changed, place = by_scope(head(line), claim("s3express"), TABLE)
    assert (place.host, changed.target) == (host, head(f"{method} {forwarded}").target)
    catalog().ensure(one.service for one in place.candidates)
    named = name_call(changed, Held(data=b""), place=place, claim=claim("s3express"), catalog=catalog())
    assert named.operation == operation


@pytest.mark.parametrize(
    "bucket",
    ["bucket", "x-s3", "a--x-s3", "fast--use1-az4--y-s3", "fast--use1 az4--x-s3", "Fast--use1-az4--x-s3", "--use1-az4--x-s3"],
)
def test_s3_express_without_a_directory_bucket(bucket):
    with pytest.raises(Unidentified):
        by_scope(head(f"GET /{bucket.replace(' ', '%20')}/k"), claim("s3express"), TABLE)


def test_the_head_that_arrived_is_left_as_it_was():
    request = head("POST /-/dynamodb/")
    by_scope(request, claim("dynamodb"), TABLE)
    assert (request.target.segments, request.target.arrived) == (("-", "dynamodb", ""), "/-/dynamodb/")


@pytest.mark.parametrize("target", ["/bucket/-/s3/k", "/-", "/--/s3/k", "/x/-/s3"])
def test_paths_that_name_no_service(target):
    request = head(f"GET {target}")
    same, place = by_scope(request, claim("s3"), TABLE)
    assert same is request
    assert {one.service for one in place.candidates} == {"s3", "s3control"}


def test_the_own_account_of_glacier_is_no_service():
    request = head("POST /-/vaults/v/archives")
    same, place = by_scope(request, claim("glacier"), TABLE)
    assert same is request
    assert [one.service for one in place.candidates] == ["glacier"]


@pytest.mark.parametrize(
    ("target", "signing_name", "region"),
    [
        ("/-/sqs/", "dynamodb", "us-east-1"),
        ("/-/DynamoDB/", "dynamodb", "us-east-1"),
        ("/-/elasticloadbalancing/", "elasticloadbalancing", "us-east-1"),
        ("/-/", "dynamodb", "us-east-1"),
        ("/-//", "dynamodb", "us-east-1"),
        ("/-/dynamodb%2F", "dynamodb", "us-east-1"),
        ("/", "dynamodb", "evil.example#"),
        ("/", "dynamodb", "aws-global"),
        ("/", "x@evil.example", "us-east-1"),
        ("/-/dynamodb/", "dynamodb", "us-east-9"),
    ],
)
def test_what_leads_nowhere(target, signing_name, region):
    with pytest.raises(Unidentified):
        by_scope(head(f"POST {target}"), claim(signing_name, region=region), TABLE)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_global_services_go_to_the_region_that_aws_wants(region):
    _, place = by_scope(head("POST /-/iam/"), claim("iam", region=region), TABLE)
    assert [(one.service, one.host, one.region) for one in place.candidates] == [("iam", "iam.amazonaws.com", "us-east-1")]


def test_a_call_by_its_scope_is_named():
    request = head("POST /-/iam/", {"Content-Type": "application/x-www-form-urlencoded"})
    stripped, place = by_scope(request, claim("iam"), TABLE)
    catalog().ensure(one.service for one in place.candidates)
    body = Held(data=b"Action=ListUsers&Version=2010-05-08")
    call = name_call(stripped, body, place=place, claim=claim("iam"), catalog=catalog())
    assert (call.service, call.operation, call.candidate.host) == ("iam", "ListUsers", "iam.amazonaws.com")


@pytest.mark.parametrize("said", ["rds", "neptune", "docdb"])
def test_twins_go_by_one_name_whichever_the_agent_says(said):
    request = head(f"POST /-/{said}", {"Content-Type": "application/x-www-form-urlencoded"})
    stripped, place = by_scope(request, claim("rds"), TABLE)
    catalog().ensure(one.service for one in place.candidates)
    body = Held(data=b"Action=DeleteDBInstance&Version=2014-10-31&DBInstanceIdentifier=a")
    assert name_call(stripped, body, place=place, claim=claim("rds"), catalog=catalog()).service == "rds"


def test_a_global_service_beside_a_regional_one_takes_any_region():
    request = head("POST /", {"Content-Type": "application/x-www-form-urlencoded"})
    signed = claim("iam", region="eu-west-1")
    stripped, place = by_scope(request, signed, TABLE)
    catalog().ensure(one.service for one in place.candidates)
    body = Held(data=b"Action=ListUsers&Version=2010-05-08")
    call = name_call(stripped, body, place=place, claim=signed, catalog=catalog())
    assert (call.service, call.candidate.region) == ("iam", "us-east-1")


def test_the_hint_names_the_variables():
    ids = {"bedrock-agent": "Bedrock Agent", "iot-data": "IoT Data Plane", "x": "A-b C"}
    assert hint(["bedrock-agent", "x"], ids, "http://127.0.0.1:8081/") == (
        "the request fits several services: set AWS_ENDPOINT_URL_BEDROCK_AGENT=http://127.0.0.1:8081/-/bedrock-agent "
        "or AWS_ENDPOINT_URL_A_B_C=http://127.0.0.1:8081/-/x"
    )


@pytest.mark.parametrize(("name", "service_id"), [("dynamodb", "DynamoDB"), ("iot-data", "IoT Data Plane"), ("sts", "STS")])
def test_models_have_the_names_of_the_variables(name, service_id):
    catalog().ensure([name])
    assert catalog().service(name).service_id == service_id
