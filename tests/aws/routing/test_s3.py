"""Which operation a request to S3 names, by its path, subresources and fields."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import ACCOUNT, named, place, target
from trio_gate.errors import Malformed, Unidentified

GET_ITEM = "DynamoDB_20120810.GetItem"


def op(*args, **kwargs):
    return named(*args, **kwargs).operation


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
