"""Which operation a request names, and which requests name none or two."""

from __future__ import annotations

import pytest

from tests.kit.aws.botocore_models import loader, service_model
from tests.kit.aws.naming import ACCOUNT, CBOR, FORM, JSON_10, REST_JSON, catalog, claim, head, named, place, target
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.aws.routing.route import TWINS, Ambiguous
from trio_gate.errors import GateError, Malformed, Unidentified
from trio_gate.wire.head import Streamed, StreamKind

GET_ITEM = "DynamoDB_20120810.GetItem"
ELB_1, ELB_2 = "2012-06-01", "2015-12-01"


def op(*args, **kwargs):
    return named(*args, **kwargs).operation


# --- json ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        ("POST /", target("DynamoDB_20120810.getitem"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem.DeleteTable"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem,DynamoDB_20120810.DeleteTable"), b"{}"),
        ("POST /", target("GetItem"), b"{}"),
        ("POST /", target("DynamoDB_20120810."), b"{}"),
        ("POST /", target("AmazonSSM.GetParameter"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem\u00a0"), b"{}"),
        ("POST /", target("X_DynamoDB_20120810.GetItem"), b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, **FORM}, b"Action=DeleteTable"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/json"}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/x-amz-json-1.0; charset=ibm500"}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/x-amz-json-1.0; charset=utf-8; x=y"}, b"{}"),
        ("GET /", target(GET_ITEM), b""),
        ("PUT /", target(GET_ITEM), b"{}"),
        ("POST /x", target(GET_ITEM), b"{}"),
        ("POST //", target(GET_ITEM), b"{}"),
        ("POST /?Action=DeleteTable", target(GET_ITEM), b"{}"),
        ("POST /", {**CBOR, **target(GET_ITEM)}, b"{}"),
        ("POST /service/DynamoDB_20120810/operation/DeleteTable", target(GET_ITEM), b"{}"),
        ("POST /", JSON_10, b'{"TableName":"t"}'),
        ("POST /", FORM, b"Action=GetItem&Version=2012-08-10"),
    ],
)
def test_json_has_one_selector_read_exactly(line, headers, body):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, body, at=place("dynamodb"))


@pytest.mark.parametrize(
    "kind", ["application/x-amz-json-1.0", "application/x-amz-json-1.1", "Application/X-Amz-JSON-1.0; Charset=UTF-8"]
)
def test_json_content_types(kind):
    headers = {"x-amz-target": GET_ITEM, "Content-Type": kind}
    assert op("POST /", headers, b"{}", at=place("dynamodb")) == "GetItem"


CLOUDTRAIL = {"Content-Type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize("prefix", ["com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "CloudTrail_20131101"])
def test_a_target_prefix_may_have_a_namespace(prefix):
    headers = {"X-Amz-Target": f"{prefix}.LookupEvents", **CLOUDTRAIL}
    assert op("POST /", headers, b"{}", at=place("cloudtrail")) == "LookupEvents"


@pytest.mark.parametrize("prefix", ["v20131101.CloudTrail_20131101", ".CloudTrail_20131101", "com.evil.CloudTrail_20131101", ""])
def test_a_namespace_is_whole_or_absent(prefix):
    with pytest.raises(Unidentified):
        op("POST /", {"X-Amz-Target": f"{prefix}.LookupEvents", **CLOUDTRAIL}, b"{}", at=place("cloudtrail"))


def test_a_name_without_its_namespace_is_one_services_own():
    names = [service_model(name).metadata.get("targetPrefix", "") for name in loader().list_available_services("service-2")]
    short = [name.rpartition(".")[2] for name in names if name and name != "Timestream_20181101"]
    assert len(short) == len(set(short))


# --- rpc-v2-cbor --------------------------------------------------------------------------------------------------------

CODEBUILD = "POST /service/CodeBuild_20161006/operation/BatchGetProjects"
NAMES = b"\xa1enames\x81ap"


def test_cbor_is_named_by_its_path():
    call = named(CODEBUILD, CBOR, NAMES, at=place("codebuild"))
    assert (call.operation, call.protocol, call.params) == ("BatchGetProjects", "smithy-rpc-v2-cbor", {"names": ["p"]})


@pytest.mark.parametrize("namespace", ["com.amazonaws.codeconnections.", ""])
def test_cbor_with_and_without_a_namespace(namespace):
    line = f"POST /service/{namespace}CodeConnections_20231201/operation/ListHosts"
    assert op(line, CBOR, b"\xa0", at=place("codeconnections")) == "ListHosts"


@pytest.mark.parametrize(
    ("service", "line", "headers"),
    [
        ("codebuild", CODEBUILD, {"Content-Type": "application/cbor"}),
        ("codebuild", CODEBUILD, {**CBOR, "Smithy-Protocol": "rpc-v2-json"}),
        ("codebuild", CODEBUILD, {**CBOR, "Content-Type": "application/json"}),
        ("codebuild", CODEBUILD, {**CBOR, "X-Amz-Target": "CodeBuild_20161006.DeleteProject"}),
        ("codebuild", CODEBUILD + "/", CBOR),
        ("codebuild", CODEBUILD + "?Action=DeleteProject", CBOR),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/BatchGetProjects%2Fx", CBOR),
        ("codebuild", "POST /service/Other/operation/BatchGetProjects", CBOR),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/NoSuch", CBOR),
        ("codebuild", "GET /service/CodeBuild_20161006/operation/BatchGetProjects", CBOR),
        ("dynamodb", "POST /service/DynamoDB_20120810/operation/GetItem", CBOR),
    ],
)
def test_cbor_needs_path_protocol_and_type_to_agree(service, line, headers):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, NAMES, at=place(service))


# --- query and ec2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        ("POST /", FORM, b"Action=DescribeInstances&Action=TerminateInstances&Version=2016-11-15"),
        ("POST /?Action=DescribeInstances&Version=2016-11-15", FORM, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /?Action=DescribeInstances&Version=2016-11-15", FORM, b""),
        ("POST /", FORM, b"action=DescribeInstances&Version=2016-11-15"),
        ("POST /", FORM, b"Action=describeinstances&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances"),
        ("POST /", FORM, b"Action=DescribeInstances&Version=2016-11-15&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances&Version=2010-06-15"),
        ("POST /", FORM, b"Action=NukeRegion&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances;Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"Content-Type": "multipart/form-data; boundary=b"}, b"Action=DescribeInstances&Version=2016-11-15"),
        (
            "POST /",
            {"Content-Type": "application/x-www-form-urlencoded; charset=ibm500"},
            b"Action=DescribeVpcs&Version=2016-11-15",
        ),
        ("POST /", {}, b"Action=DescribeInstances&Version=2016-11-15"),
        ("POST /x", FORM, b"Action=DescribeInstances&Version=2016-11-15"),
        ("GET /?Action=DescribeInstances&Version=2016-11-15", FORM, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"X-Amz-Target": "X.GetFoo", **FORM}, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"Content-Encoding": "gzip", **FORM}, b"Action=DescribeInstances&Version=2016-11-15"),
    ],
)
def test_query_has_one_action_in_one_place(line, headers, body):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, body, at=place("ec2"))


def test_query_by_get_and_by_post():
    assert op("GET /?Action=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"
    assert op("POST /", FORM, b"Action=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"
    assert op("POST /", FORM, b"%41ction=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"


@pytest.mark.parametrize(("version", "service"), [(ELB_1, "elb"), (ELB_2, "elbv2")])
def test_version_chooses_between_services_of_one_host(version, service):
    body = f"Action=DescribeLoadBalancers&Version={version}".encode()
    assert named("POST /", FORM, body, at=place("elb", "elbv2")).service == service


def test_one_service_three_wires():
    at = place("cloudwatch")
    query = named("POST /", FORM, b"Action=ListMetrics&Version=2010-08-01&RecentlyActive=PT3H", at=at)
    json = named("POST /", target("GraniteServiceVersion20100801.ListMetrics"), b'{"RecentlyActive":"PT3H"}', at=at)
    body = b"\xa1nRecentlyActivedPT3H"
    cbor = named("POST /service/GraniteServiceVersion20100801/operation/ListMetrics", CBOR, body, at=at)
    assert [call.operation for call in (query, json, cbor)] == ["ListMetrics"] * 3
    assert query.params == json.params == cbor.params == {"RecentlyActive": "PT3H"}


QUEUE = f"/{ACCOUNT}/jobs"


def test_sqs_still_speaks_query():
    body = (
        f"Action=SendMessage&Version=2012-11-05&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F{ACCOUNT}%2Fjobs&MessageBody=hi"
        "&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v"
    )
    for path in ("/", QUEUE):
        call = named(f"POST {path}", FORM, body.encode(), at=place("sqs"))
        assert call.operation == "SendMessage"
        assert call.params["MessageAttributes"] == {"n": {"DataType": "String", "StringValue": "v"}}
        assert call.implied == {}


def test_the_path_of_sqs_names_a_queue():
    call = named(f"GET {QUEUE}?Action=SendMessage&Version=2012-11-05&MessageBody=hi", at=place("sqs"))
    assert call.params == {"MessageBody": "hi"}
    assert call.implied == {"QueueUrl": f"https://agent.test{QUEUE}"}


@pytest.mark.parametrize(
    "query", ["Action=PurgeQueue&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F1%2Fother", "Action=ListQueues"]
)
def test_path_and_parameters_of_sqs_must_agree(query):
    with pytest.raises(Malformed):
        named(f"GET {QUEUE}?Version=2012-11-05&{query}", at=place("sqs"))


# --- rest ---------------------------------------------------------------------------------------------------------------

FUNCTIONS = "/2015-03-31/functions"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("line", "operation", "params"),
    [
        (f"GET {FUNCTIONS}/", "ListFunctions", {}),
        (f"GET {FUNCTIONS}", "ListFunctions", {}),
        (f"GET {FUNCTIONS}/prod", "GetFunction", {"FunctionName": "prod"}),
        (f"GET {FUNCTIONS}/prod/", "GetFunction", {"FunctionName": "prod"}),
        (f"GET {FUNCTIONS}/prod?Qualifier=live", "GetFunction", {"FunctionName": "prod", "Qualifier": "live"}),
        (f"GET {FUNCTIONS}/prod%2Faliases%2Flive", "GetFunction", {"FunctionName": "prod/aliases/live"}),
        (f"GET {FUNCTIONS}/prod/aliases/live", "GetAlias", {"FunctionName": "prod", "Name": "live"}),
        (f"GET {FUNCTIONS}/a%252Fb", "GetFunction", {"FunctionName": "a%2Fb"}),
        (f"DELETE {FUNCTIONS}/prod", "DeleteFunction", {"FunctionName": "prod"}),
    ],
)
def test_rest_paths(line, operation, params):
    call = named(line, at=place("lambda"))
    assert (call.operation, call.params) == (operation, params)


@pytest.mark.parametrize(
    "line",
    [
        f"DELETE {FUNCTIONS}/sandbox/../prod",
        f"DELETE {FUNCTIONS}/sandbox/%2e%2e/prod",
        f"DELETE {FUNCTIONS}/sandbox%2F..%2Fprod",
        f"DELETE {FUNCTIONS}/./prod",
        f"DELETE {FUNCTIONS}//prod",
        f"DELETE /{FUNCTIONS}/prod",
        f"DELETE {FUNCTIONS}/prod//",
        f"DELETE {FUNCTIONS.upper()}/prod",
        f"HEAD {FUNCTIONS}/prod",
        f"PATCH {FUNCTIONS}/prod",
        f"GET {FUNCTIONS}/prod?Qualifier=a&Qualifier=b",
        f"GET {FUNCTIONS}/prod?qualifier=a",
        f"GET {FUNCTIONS}/prod?Action=DeleteFunction",
        f"GET {FUNCTIONS}/prod?x-id=DeleteFunction",
        "GET /nothing/here",
    ],
)
def test_rest_paths_with_two_readings_or_none(line):
    with pytest.raises((Malformed, Unidentified)):
        named(line, at=place("lambda"))


@pytest.mark.parametrize("headers", [target("X.GetFunction"), CBOR, {"X-Amz-Function": "x"}])
def test_rest_takes_no_other_protocols_selectors(headers):
    with pytest.raises((Malformed, Unidentified)):
        named(f"DELETE {FUNCTIONS}/prod", headers, at=place("lambda"))


def test_a_literal_query_chooses():
    at = place("chime-sdk-voice", signing_name="chime")
    path = "/voice-connectors/abcdefghijklmnop1234/termination/credentials"
    body = b'{"Usernames":["u"]}'
    assert op(f"POST {path}?operation=delete", REST_JSON, body, at=at) == "DeleteVoiceConnectorTerminationCredentials"
    with pytest.raises(Unidentified):
        named(f"POST {path}?operation=delete&operation=put", REST_JSON, body, at=at)


def test_a_map_of_the_query_takes_what_no_other_reader_takes():
    call = named("PUT /restapis/a?mode=merge&basepath=prepend", REST_JSON, b"{}", at=place("apigateway"))
    assert (call.params["mode"], call.params["parameters"]) == ("merge", {"basepath": "prepend"})


@pytest.mark.parametrize(
    "query", ["mode=merge&Mode=overwrite", "x-amz-acl=private", "X-AMZ-Security-Token=t", "basepath=a&basepath=b"]
)
def test_a_map_of_the_query_takes_nothing_with_two_readings(query):
    with pytest.raises((Malformed, Unidentified)):
        named(f"PUT /restapis/a?{query}", REST_JSON, b"{}", at=place("apigateway"))


def test_greedy_labels_take_slashes():
    arn = f"arn:aws:workspaces-web:us-east-1:{ACCOUNT}:portal/{UUID}"
    for spelt in (arn, arn.replace("/", "%2F")):
        call = named(f"GET /tags/{spelt}", at=place("workspaces-web"))
        assert (call.operation, call.params) == ("ListTagsForResource", {"resourceArn": arn})


@pytest.mark.parametrize("end", ["/newSettings", "%2FnewSettings", "/newSettings/", f"/{UUID}/newSettings"])
def test_the_sub_path_of_an_unknown_operation_is_no_end_of_a_name(end):
    at, portal = place("workspaces-web"), f"/portals/arn:aws:workspaces-web:us-east-1:{ACCOUNT}:portal/{UUID}"
    assert op(f"DELETE {portal}", at=at) == "DeletePortal"
    assert op(f"DELETE {portal}/browserSettings", at=at) == "DisassociateBrowserSettings"
    with pytest.raises(Unidentified):
        named(f"DELETE {portal}{end}", at=at)


def test_an_id_has_slashes_in_an_arn_alone():
    at = place("endusermessaging")
    arn = f"arn:aws:social-messaging:us-east-1:{ACCOUNT}:brand-profile/b"
    assert named(f"GET /v1/brand-profiles/{arn}", at=at).params == {"brandProfileId": arn}
    assert named("GET /v1/brand-profiles/b", at=at).params == {"brandProfileId": "b"}
    with pytest.raises(Unidentified):
        named("GET /v1/brand-profiles/b/newThings", at=at)


def test_a_name_with_slashes_is_held_against_its_pattern_to_a_length():
    line = "GET /v20180820/tags/arn:aws:s3:us-east-1:111111111111:kind/"
    at = place("s3control", host=f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com", account=ACCOUNT)
    assert op(line + "a" * 1000, {"x-amz-account-id": ACCOUNT}, at=at) == "ListTagsForResource"
    with pytest.raises(Unidentified):
        named(line + "a" * 2048, {"x-amz-account-id": ACCOUNT}, at=at)


def test_a_host_prefix_must_be_there():
    name = "Route53AutoNaming_v20170314.DiscoverInstances"
    headers = {"X-Amz-Target": name, "Content-Type": "application/x-amz-json-1.1"}
    body = b'{"NamespaceName":"n","ServiceName":"s"}'
    data = place("servicediscovery", host="data-servicediscovery.us-east-1.amazonaws.com")
    assert op("POST /", headers, body, at=data) == "DiscoverInstances"
    with pytest.raises(Unidentified):
        named("POST /", headers, body, at=place("servicediscovery"))


def test_cloudsearch_searches_by_form():
    at = place("cloudsearchdomain", host="search-d-0123456789.us-east-1.cloudsearch.amazonaws.com")
    call = named("POST /2013-01-01/search", FORM, b"format=sdk&pretty=true&q=a+b&size=3", at=at)
    assert (call.operation, call.params) == ("Search", {"query": "a b", "size": 3})
    with pytest.raises(GateError):
        named("POST /2013-01-01/search?q=x", FORM, b"format=sdk&pretty=true&q=y", at=at)


@pytest.mark.parametrize(
    ("service", "line", "body", "operation", "params"),
    [
        ("sesv2", "GET /v2/email/identities?PageSize=5", b"", "ListEmailIdentities", {"PageSize": 5}),
        ("sesv2", "GET /v2/email/configuration-sets?NextToken=t", b"", "ListConfigurationSets", {"NextToken": "t"}),
        (
            "sesv2",
            "GET /v2/email/contact-lists/c/contacts?PageSize=1",
            b'{"Filter":{"FilteredStatus":"OPT_IN"}}',
            "ListContacts",
            {"ContactListName": "c", "PageSize": 1, "Filter": {"FilteredStatus": "OPT_IN"}},
        ),
        ("sesv2", "GET /v2/email/import-jobs", b"", "ListImportJobs", {}),
        (
            "sesv2",
            "PUT /v1/email/identities/a%40b.test/dkim/signing",
            b'{"SigningAttributesOrigin":"AWS_SES"}',
            "PutEmailIdentityDkimSigningAttributes",
            {"EmailIdentity": "a@b.test", "SigningAttributesOrigin": "AWS_SES"},
        ),
        (
            "quicksight",
            "GET /accounts/111111111111/namespaces/n/iam-policy-assignments?max-results=2",
            b'{"AssignmentStatus":"ENABLED"}',
            "ListIAMPolicyAssignments",
            {"AwsAccountId": ACCOUNT, "Namespace": "n", "MaxResults": 2, "AssignmentStatus": "ENABLED"},
        ),
    ],
)
def test_routes_that_older_sdks_know(service, line, body, operation, params):
    call = named(line, {"content-type": "application/json"} if body else {}, body, at=place(service))
    assert (call.operation, call.params) == (operation, params)


def test_a_new_query_key_does_not_select_an_old_route():
    with pytest.raises(Unidentified):
        named("GET /v2/email/identities?Filter=x", at=place("sesv2"))


# --- scope, accounts, twins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("service", "region"), [("iam", "us-east-1"), ("dynamodb", "eu-west-1"), ("DynamoDB", "us-east-1")])
def test_the_scope_must_be_the_hosts(service, region):
    with pytest.raises(Unidentified, match="scope"):
        named("POST /", target(GET_ITEM), b"{}", at=place("dynamodb"), as_=claim(service, region=region))


def test_an_account_in_the_host_must_be_the_keys():
    at = place("dynamodb", host="222222222222.ddb.us-east-1.amazonaws.com", account="222222222222")
    assert op("POST /", target(GET_ITEM), b"{}", at=at, as_=claim("dynamodb", account="222222222222")) == "GetItem"
    with pytest.raises(Unidentified, match="account"):
        named("POST /", target(GET_ITEM), b"{}", at=at)


def test_an_account_in_host_and_header_must_be_equal():
    at = place("s3control", host=f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com", account=ACCOUNT)
    line = "GET /v20180820/configuration/publicAccessBlock"
    assert op(line, {"x-amz-account-id": ACCOUNT}, at=at) == "GetPublicAccessBlock"
    with pytest.raises(Unidentified):
        named(line, {"x-amz-account-id": "222222222222"}, at=at)


def test_twins_have_one_name():
    at = place("docdb", "neptune", "rds")
    call = named("POST /", FORM, b"Action=DescribeDBClusters&Version=2014-10-31", at=at)
    assert (call.service, call.operation) == ("rds", "DescribeDBClusters")


@pytest.mark.parametrize("family", TWINS[:4], ids=lambda family: family[0])
def test_the_first_of_full_twins_has_every_operation(family):
    catalog().ensure(family)
    for other in family[1:]:
        assert set(catalog().service(other).operations) <= set(catalog().service(family[0]).operations)


def test_other_services_with_one_operation_are_ambiguous():
    at = place("timestream-write", "timestream-query")
    headers = target("Timestream_20181101.DescribeEndpoints")
    with pytest.raises(Ambiguous) as caught:
        named("POST /", headers, b"{}", at=at)
    assert caught.value.services == ("timestream-query", "timestream-write")
    assert op("POST /", target("Timestream_20181101.WriteRecords"), b"{}", at=at) == "WriteRecords"


# --- s3 -----------------------------------------------------------------------------------------------------------------

S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


@pytest.mark.parametrize(
    ("line", "operation", "params"),
    [
        ("GET /", "ListBuckets", {}),
        ("GET /bucket", "ListObjects", {"Bucket": "bucket"}),
        ("GET /bucket/", "ListObjects", {"Bucket": "bucket"}),
        ("GET /bucket?list-type=2&prefix=a%2B", "ListObjectsV2", {"Bucket": "bucket", "Prefix": "a+"}),
        ("GET /bucket/k", "GetObject", {"Bucket": "bucket", "Key": "k"}),
        ("GET /bucket/k/", "GetObject", {"Bucket": "bucket", "Key": "k/"}),
        ("GET /bucket//k", "GetObject", {"Bucket": "bucket", "Key": "/k"}),
        ("GET /bucket/../other/k", "GetObject", {"Bucket": "bucket", "Key": "../other/k"}),
        ("GET /bucket/a%2Fb", "GetObject", {"Bucket": "bucket", "Key": "a/b"}),
        ("GET /bucket/a%252Fb", "GetObject", {"Bucket": "bucket", "Key": "a%2Fb"}),
        ("GET /bucket/a+b;x=1", "GetObject", {"Bucket": "bucket", "Key": "a+b;x=1"}),
        ("GET /bucket/k?x-id=GetObject", "GetObject", {"Bucket": "bucket", "Key": "k"}),
        ("GET /bucket/k?versionId=v&acl", "GetObjectAcl", {"Bucket": "bucket", "Key": "k", "VersionId": "v"}),
        ("HEAD /bucket", "HeadBucket", {"Bucket": "bucket"}),
        ("HEAD /bucket/k", "HeadObject", {"Bucket": "bucket", "Key": "k"}),
        ("DELETE /bucket", "DeleteBucket", {"Bucket": "bucket"}),
        ("POST /bucket/k?uploads=", "CreateMultipartUpload", {"Bucket": "bucket", "Key": "k"}),
        ("GET /bucket/k?uploadId=u", "ListParts", {"Bucket": "bucket", "Key": "k", "UploadId": "u"}),
        ("DELETE /bucket/k?uploadId=u", "AbortMultipartUpload", {"Bucket": "bucket", "Key": "k", "UploadId": "u"}),
        ("GET /bucket?lifecycle", "GetBucketLifecycleConfiguration", {"Bucket": "bucket"}),
        ("GET /bucket?notification", "GetBucketNotificationConfiguration", {"Bucket": "bucket"}),
        ("GET /bucket?inventory&id=1", "GetBucketInventoryConfiguration", {"Bucket": "bucket", "Id": "1"}),
        ("GET /bucket?inventory", "ListBucketInventoryConfigurations", {"Bucket": "bucket"}),
        ("GET /dynamodb/k", "GetObject", {"Bucket": "dynamodb", "Key": "k"}),
    ],
)
def test_s3_paths_and_subresources(line, operation, params):
    call = named(line, S3, at=place("s3"))
    assert (call.operation, call.params) == (operation, params)


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("PUT /bucket?acl&policy", S3),
        ("GET /bucket?Policy", S3),
        ("GET /bucket/k?acl&tagging", S3),
        ("GET /bucket/k?acl=false", S3),
        ("GET /bucket/k?acl&acl", S3),
        ("GET /bucket/k?brandNewThing", S3),
        ("PUT /bucket/k?uploadId=u", S3),
        ("PUT /bucket/k?partNumber=1", S3),
        ("GET /bucket?delete", S3),
        ("DELETE /bucket?x-id=DeleteBucketPolicy", S3),
        ("PUT /bucket/k?x-amz-acl=public-read", S3),
        ("PUT /bucket/k?x-amz-copy-source=secret%2Fk", S3),
        ("GET /bucket/k?versionId=a&versionId=b", S3),
        ("GET /bucket%2Fkey", S3),
        ("GET //evil.example/k", S3),
        ("GET /../bucket/k", S3),
        ("PATCH /bucket/k", S3),
        ("POST /bucket", {**S3, "Content-Type": "multipart/form-data; boundary=b"}),
        ("GET /bucket/k", {**S3, "X-Amz-Target": "S3.DeleteObject"}),
        ("PUT /bucket/k", {**S3, "x-amz-copy-source": ""}),
        ("PUT /bucket/k?acl", {**S3, "x-amz-copy-source": "secret/k"}),
        ("GET /bucket/k?attributes", S3),
    ],
)
def test_s3_requests_with_two_readings_or_none(line, headers):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, at=place("s3"))


def test_the_copy_header_chooses_the_copy():
    source = {**S3, "x-amz-copy-source": "secret/k"}
    assert op("PUT /bucket/k", S3, b"x", at=place("s3")) == "PutObject"
    call = named("PUT /bucket/k", source, at=place("s3"))
    assert (call.operation, call.params["CopySource"]) == ("CopyObject", "secret/k")
    assert op("PUT /bucket/k?partNumber=1&uploadId=u", S3, b"x", at=place("s3")) == "UploadPart"
    assert op("PUT /bucket/k?partNumber=1&uploadId=u", source, at=place("s3")) == "UploadPartCopy"


@pytest.mark.parametrize(
    "bucket", ["public-bucket", "s3-backups", "my.dotted.bucket", "arn:aws:s3:us-east-1:111111111111:accesspoint/a"]
)
def test_a_bucket_in_the_host_leaves_the_path_to_the_key(bucket):
    at = place("s3", bucket=bucket)
    call = named("GET /secret-bucket/k", S3, at=at)
    assert (call.operation, call.params) == ("GetObject", {"Bucket": bucket, "Key": "secret-bucket/k"})
    assert op("GET /", S3, at=at) == "ListObjects"
    assert named("GET //k", S3, at=at).params["Key"] == "/k"


def test_directory_buckets_are_listed_at_their_own_host():
    assert op("GET /", S3, at=place("s3", signing_name="s3express")) == "ListDirectoryBuckets"


def test_s3_and_s3_control_under_one_name():
    at = place("s3", "s3control", signing_name="s3", host=f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com")
    assert named("GET /bucket//k", S3, at=at).service == "s3"


# --- how the body is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "line", "mode"),
    [
        ("s3", "PUT /bucket/k", "streamed"),
        ("s3", "PUT /bucket/k?partNumber=1&uploadId=u", "streamed"),
        ("s3", "PUT /bucket/k?acl", "held"),
        ("s3", "POST /bucket?delete", "held"),
        ("s3", "PUT /bucket", "held"),
        ("s3", "PUT /bucket/k?nonsense", "held"),
        ("lambda", f"POST {FUNCTIONS}/f/invocations", "held"),
        ("glacier", "POST /-/vaults/v/archives", "held"),
        ("dynamodb", "POST /", "held"),
    ],
)
def test_the_operation_chooses_the_body_mode(service, line, mode):
    at = place(service)
    scope = claim(at.candidates[0].signing_name)
    for headers in ({}, S3, {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked"}):
        assert body_mode(head(line, headers), place=at, claim=scope, catalog=catalog()) == mode


@pytest.mark.parametrize(("first", "second"), [("gzip", "aws-chunked"), ("gzip", "gzip"), ("aws-chunked", "identity")])
def test_one_content_encoding_is_sent(first, second):
    line = "PUT /bucket/k?partNumber=1&uploadId=u"
    assert op(line, {**S3, "Content-Encoding": f"{first}, {second}"}, b"x", at=place("s3")) == "UploadPart"
    with pytest.raises(Malformed, match="more than once"):
        named(line, {**S3, "Content-Encoding": first, "content-encoding": second}, b"x", at=place("s3"))


def test_aws_chunked_is_for_uploads_alone():
    framed = {**S3, "Content-Encoding": "aws-chunked"}
    assert "ContentEncoding" not in named("PUT /bucket/k", framed, b"x", at=place("s3")).params
    kept = named("PUT /bucket/k", {**S3, "Content-Encoding": "gzip, aws-chunked"}, b"x", at=place("s3"))
    assert kept.params["ContentEncoding"] == "gzip"
    with pytest.raises(Malformed, match="aws-chunked"):
        named("POST /bucket?delete", framed, b"<Delete/>", at=place("s3"))
    with pytest.raises(Malformed, match="aws-chunked"):
        named("POST /", target(GET_ITEM, **{"Content-Encoding": "aws-chunked"}), b"{}", at=place("dynamodb"))


SPEECH = "Text=hi&OutputFormat=mp3&VoiceId=Joanna&SpeechMarkTypes=ssml&SpeechMarkTypes=word&LexiconNames=a"


def test_polly_speaks_by_get_when_it_is_presigned():
    call = named(f"GET /v1/speech?{SPEECH}", at=place("polly"))
    assert call.operation == "SynthesizeSpeech"
    assert call.params == {
        "Text": "hi",
        "OutputFormat": "mp3",
        "VoiceId": "Joanna",
        "SpeechMarkTypes": ["ssml", "word"],
        "LexiconNames": ["a"],
    }
    for wrong in (f"{SPEECH}&VoiceId=Ivy", f"{SPEECH}&Voice=Ivy", "Text=hi&OutputFormat=mp3"):
        with pytest.raises(GateError):
            named(f"GET /v1/speech?{wrong}", at=place("polly"))
    with pytest.raises(GateError):
        named(f"GET /v1/speech?{SPEECH}", REST_JSON, b'{"VoiceId":"Ivy"}', at=place("polly"))


@pytest.mark.parametrize("line", ["GET /bucket/k", "DELETE /bucket", "PUT /bucket/k", "GET /", "POST /bucket?delete"])
def test_object_lambda_without_an_access_point_has_no_buckets(line):
    at = place("s3", host="io-x.s3-object-lambda.us-east-1.amazonaws.com", signing_name="s3-object-lambda")
    with pytest.raises(Unidentified):
        named(line, at=at)


def test_a_bucket_takes_no_answer_of_object_lambda():
    fields = {"x-amz-request-route": "s3", "x-amz-request-token": "t"}  # the route is the host's first label
    with pytest.raises(Unidentified):
        named("POST /WriteGetObjectResponse", fields, at=place("s3"))
    with pytest.raises(Unidentified):
        named("POST /", fields, at=place("s3", bucket="bucket"))


@pytest.mark.parametrize(
    ("line", "headers", "at"), [("GET /bucket/k", {}, place("s3")), ("POST /", target(GET_ITEM), place("dynamodb"))]
)
def test_what_flows_is_for_operations_whose_payload_flows(line, headers, at):
    body = Streamed(kind=StreamKind.HASHED, length=1, decoded_length=1, sha256="0" * 64)
    with pytest.raises(Malformed, match="no streamed body"):
        name_call(head(line, headers), body, place=at, claim=claim(at.candidates[0].signing_name), catalog=catalog())
