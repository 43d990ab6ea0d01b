"""What the holder of a signature may do with it."""

from __future__ import annotations

from tests.exchange.own_requests.kit import asked
from tests.kit.aws.naming import catalog
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.exchange.own_requests.signatures import object_url
from trio_gate.exchange.presign import MOST_SECONDS, as_signed
from trio_gate.wire.head import Streamed


def shape(operation):
    catalog().ensure(["s3"])
    return catalog().service("s3").operations[operation].input


def test_an_upload_has_a_body_of_which_nothing_is_known():
    found = asked(object_url, bucket="photos", key="cat", method="PUT", expires=5)
    assert (found.head.method, found.seconds, found.payload) == ("PUT", 5, "UNSIGNED-PAYLOAD")
    assert isinstance(found.body, Streamed)
    assert found.body.length is found.body.sha256 is None


def test_what_the_holder_of_a_url_may_add_is_unknown():
    presign = asked(object_url, bucket="photos", key="cat", method="PUT")
    call = as_signed(make_call(operation="PutObject", params={"Bucket": "photos"}), shape("PutObject"), presign)
    assert call.presigned == MOST_SECONDS
    assert call.params["Bucket"] == "photos"
    assert {name for name, value in call.params.items() if value is UNKNOWN} >= {
        "ContentLength",
        "ContentType",
        "IfMatch",
        "Expires",
    }
    assert not call.params.keys() & {
        "ACL",
        "Tagging",
        "Metadata",
        "ServerSideEncryption",
    }  # S3 refuses fields that are not signed
