"""What may be signed instead of sent, and what is refused before."""

from __future__ import annotations

import pytest

from tests.exchange.own_requests.kit import DATABASE, asked
from tests.kit.aws.host_table import ACCOUNT
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import GateError, Unidentified
from trio_gate.exchange.own_requests.signatures import cluster_token, database_token, object_url
from trio_gate.exchange.presign import CLUSTER_FIELD, MOST_SECONDS, as_signed
from trio_gate.wire.head import Empty


@pytest.mark.parametrize(
    ("bucket", "key", "host", "path"),
    [
        ("photos", "cat.jpg", "photos.s3.eu-west-1.amazonaws.com", "/cat.jpg"),
        ("photos", "a b/%2F?é", "photos.s3.eu-west-1.amazonaws.com", "/a%20b/%252F%3F%C3%A9"),
        ("photos", "/cat", "photos.s3.eu-west-1.amazonaws.com", "//cat"),
        ("my.photos", "cat", "s3.eu-west-1.amazonaws.com", "/my.photos/cat"),
        ("Old_Photos", "cat", "s3.eu-west-1.amazonaws.com", "/Old_Photos/cat"),
    ],
)
def test_an_object_is_asked_for_where_aws_has_it(bucket, key, host, path):
    found = asked(object_url, bucket=bucket, key=key)
    assert (found.head.method, found.head.target.text) == ("GET", path)
    assert found.head.headers == (("host", host),)
    assert found.place.host == host
    assert (found.seconds, found.works, found.body) == (MOST_SECONDS, MOST_SECONDS, Empty())


def test_a_clusters_token_is_a_call_and_a_credential():
    presign = asked(cluster_token, cluster="blue")
    assert presign.head.target.text == "/?Action=GetCallerIdentity&Version=2011-06-15"
    assert presign.head.headers == (("host", "sts.eu-west-1.amazonaws.com"), (CLUSTER_FIELD, "blue"))
    assert (presign.seconds, presign.works) == (60, 900)
    call = as_signed(make_call(service="sts", operation="GetCallerIdentity", params={}), None, presign)
    assert (call.params, call.presigned) == ({CLUSTER_FIELD: "blue"}, 900)
    assert (call.resource_accounts, call.cross_account) == (UNKNOWN, UNKNOWN)
    assert (call.access, call.vends_credentials, call.cross_account) == ("write", True, UNKNOWN)


def test_a_databases_token_is_an_action_and_a_credential():
    presign = asked(database_token, host=DATABASE, port=5432, user="me@x")
    assert presign.head.target.text == "/?Action=connect&DBUser=me%40x"
    assert presign.head.headers == (("host", f"{DATABASE}:5432"),)
    assert presign.seconds == 900
    call = as_signed(presign.call, None, presign)
    assert (call.service, call.operation, call.iam_action, call.account) == ("rds-db", "connect", "rds-db:connect", ACCOUNT)
    assert call.params == {"DBHostname": DATABASE, "Port": 5432, "DBUsername": "me@x"}
    assert (call.access, call.vends_credentials, call.presigned) == ("write", True, 900)
    assert call.resource is call.resources is call.resource_accounts is call.cross_account is UNKNOWN


REFUSED = {
    "no bucket": (object_url, {"key": "k"}, "`bucket` is missing"),
    "no key": (object_url, {"bucket": "photos", "key": ""}, "`key` is missing"),
    "a bucket that ends the host": (object_url, {"bucket": "evil.example/", "key": "k"}, "`bucket`"),
    "a bucket of two lines": (object_url, {"bucket": "photos\n", "key": "k"}, "`bucket`"),
    "an access point": (object_url, {"bucket": "arn:aws:s3:eu-west-1:111111111111:accesspoint/a", "key": "k"}, "`bucket`"),
    "a directory bucket": (object_url, {"bucket": "photos--use1-az4--x-s3", "key": "k"}, "directory bucket"),
    "a key with a NUL": (object_url, {"bucket": "photos", "key": "k\0"}, "`key`"),
    "a key too long": (object_url, {"bucket": "photos", "key": "k" * 1025}, "`key`"),
    "another method": (object_url, {"bucket": "photos", "key": "k", "method": "DELETE"}, "`method`"),
    "too long a life": (
        object_url,
        {"bucket": "photos", "key": "k", "expires": 901},
        "`expires` is not a whole number from 1 to 900",
    ),
    "no life": (object_url, {"bucket": "photos", "key": "k", "expires": 0}, "`expires`"),
    "true as a number": (object_url, {"bucket": "photos", "key": "k", "expires": True}, "`expires`"),
    "half a second": (object_url, {"bucket": "photos", "key": "k", "expires": 1.5}, "`expires`"),
    "more": (object_url, {"bucket": "photos", "key": "k", "acl": "public-read"}, "a member that is not known"),
    "a cluster of two fields": (cluster_token, {"cluster": "a\r\nx-amz-a: b"}, "`cluster`"),
    "more of a cluster": (cluster_token, {"cluster": "a", "expires": 9}, "a member that is not known"),
    "a database elsewhere": (
        database_token,
        {"host": "db.evil.example", "port": 1, "user": "u"},
        "not that of a database of RDS",
    ),
    "a database of another region": (
        database_token,
        {"host": DATABASE.replace("eu-west-1", "us-east-1"), "port": 1, "user": "u"},
        "not that of a database of RDS in eu-west-1",
    ),
    "a database without a port": (database_token, {"host": DATABASE, "user": "u"}, "`port`"),
    "a port that is none": (database_token, {"host": DATABASE, "port": 65536, "user": "u"}, "`port`"),
    "a user of two lines": (database_token, {"host": DATABASE, "port": 1, "user": "u\n"}, "`user`"),
    "more of a database": (database_token, {"host": DATABASE, "port": 1, "user": "u", "x": 1}, "a member that is not known"),
}


@pytest.mark.parametrize(("read", "members", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_of_its_form_is_refused(read, members, said):
    with pytest.raises(GateError, match=said):
        asked(read, **members)


@pytest.mark.parametrize("read", [object_url, cluster_token, database_token])
def test_a_region_that_does_not_exist(read):
    members = {object_url: {"bucket": "photos", "key": "k"}, cluster_token: {"cluster": "c"}}
    with pytest.raises(Unidentified):
        asked(read, "mars-1", **members.get(read, {"host": DATABASE, "port": 1, "user": "u"}))
