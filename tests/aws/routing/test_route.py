"""Which operation a request names, and which requests name none or two."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import ACCOUNT, FORM, REST_JSON, catalog, claim, head, named, place, target
from trio_gate.aws.naming import UPLOADING, body_mode, name_call
from trio_gate.aws.routing.route import TWINS, Ambiguous
from trio_gate.errors import GateError, Malformed, Unidentified
from trio_gate.wire.head import Streamed, StreamKind

GET_ITEM = "DynamoDB_20120810.GetItem"


def op(*args, **kwargs):
    return named(*args, **kwargs).operation


# --- rest ---------------------------------------------------------------------------------------------------------------

FUNCTIONS = "/2015-03-31/functions"


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


# --- how the body is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "line", "mode"),
    [
        ("s3", "PUT /bucket/k", "streamed"),
        ("s3", "PUT /bucket/k?partNumber=1&uploadId=u", "streamed"),
        ("s3", "PUT /bucket/k?acl", "held"),
        ("s3", "POST /bucket?delete", "held"),
        ("s3", "PUT /bucket", "held"),
        ("s3", "GET /bucket/k", "held"),
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


def test_all_operations_of_s3_that_stream_upload_by_their_method():
    catalog().ensure(["s3"])
    methods = {one.route.method for one in catalog().service("s3").operations.values() if one.streams}
    assert methods == set(UPLOADING)


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


@pytest.mark.parametrize(
    ("line", "headers", "at"), [("GET /bucket/k", {}, place("s3")), ("POST /", target(GET_ITEM), place("dynamodb"))]
)
def test_what_flows_is_for_operations_whose_payload_flows(line, headers, at):
    body = Streamed(kind=StreamKind.HASHED, length=1, decoded_length=1, sha256="0" * 64)
    with pytest.raises(Malformed, match="not take a streamed body"):
        name_call(head(line, headers), body, place=at, claim=claim(at.candidates[0].signing_name), catalog=catalog())
