"""Leaves and files, each judged by a real client that is strict about certificates."""

import os
import ssl
from datetime import timedelta

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.kit.wire.tls_kit import MovingClock, alternative_names, client_of, open_authority, shake_hands
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates import leaves as cache
from trio_gate.shell.certificates.leaves import LIFETIME, RENEWED_AFTER, LeafCertificates, file_context
from trio_gate.shell.models.packaged_data import packaged_hosts

OURS = ("localhost", "127.0.0.1", "::1", "gate.example")
SECOND = timedelta(seconds=1)


@pytest.fixture
def authority(tmp_path):
    return open_authority(tmp_path / "ca")


@pytest.fixture
def clock():
    return MovingClock()


@pytest.fixture(scope="module")
def table():
    return HostTable(packaged_hosts())


@pytest.fixture
def leaves(authority, clock):
    return LeafCertificates(authority, clock=clock)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("dynamodb.us-east-1.amazonaws.com", None),
        ("lambda.us-east-1.api.aws", None),
        ("s3.amazonaws.com", "s3.amazonaws.com"),
        ("bucket.s3.amazonaws.com", "s3.amazonaws.com"),
        ("bucket.s3-us-west-2.amazonaws.com", "s3-us-west-2.amazonaws.com"),
        ("s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"),
        ("s3-logs.s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"),
        ("bucket.s3.dualstack.us-east-1.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com"),
        ("bucket.s3-fips.us-gov-west-1.amazonaws.com", "s3-fips.us-gov-west-1.amazonaws.com"),
        ("bucket.s3-accelerate.amazonaws.com", "s3-accelerate.amazonaws.com"),
        ("b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "s3express-use1-az4.us-east-1.amazonaws.com"),
        ("ap-111111111111.s3-accesspoint.us-east-1.amazonaws.com", "s3-accesspoint.us-east-1.amazonaws.com"),
        ("111111111111.s3-control.us-east-1.amazonaws.com", "s3-control.us-east-1.amazonaws.com"),
        ("dotted.bucket.s3.us-east-1.amazonaws.com", None),
        ("111111111111.ddb.us-east-1.amazonaws.com", "ddb.us-east-1.amazonaws.com"),
        ("111111111111.control-kinesis.us-east-1.amazonaws.com", "control-kinesis.us-east-1.amazonaws.com"),
        ("stream.data-kinesis.us-east-1.api.aws", "data-kinesis.us-east-1.api.aws"),
        ("vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com", None),
    ],
)
async def test_a_leaf_for_the_host_or_what_is_one_label_below_its_base(authority, leaves, table, host, endpoint):
    stream = await shake_hands(leaves.context(table.place(host).names), client_of(authority), host)
    assert alternative_names(stream) == ({host} if endpoint is None else {endpoint, f"*.{endpoint}"})
    assert stream.getpeercert()["subject"] == ()


async def test_another_name_is_refused_by_the_client(authority, leaves):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await shake_hands(leaves.context(["sqs.us-east-1.amazonaws.com"]), client_of(authority), "sns.us-east-1.amazonaws.com")


async def test_a_name_outside_the_cas_domains_is_refused_by_the_client(authority, leaves):
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        await shake_hands(leaves.context(["example.com"]), client_of(authority), "example.com")


async def test_a_leaf_is_replaced_long_before_it_expires(authority, leaves, clock):
    start = clock.time
    first = leaves.context(["s3.amazonaws.com"])
    clock.time = start + RENEWED_AFTER - SECOND
    assert leaves.context(["s3.amazonaws.com"]) is first
    clock.time = start + RENEWED_AFTER
    second = leaves.context(["s3.amazonaws.com"])
    assert second is not first
    assert leaves.context(["s3.amazonaws.com"]) is second
    ends = []
    for context, host in ((first, "s3.amazonaws.com"), (leaves.context(["later.amazonaws.com"]), "later.amazonaws.com")):
        client = client_of(authority)
        client.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME: the second is of tomorrow
        stream = await shake_hands(context, client, host)
        ends.append(ssl.cert_time_to_seconds(stream.getpeercert()["notAfter"]))
    assert ends == [int((made + LIFETIME).timestamp()) for made in (start, clock.time)]


def test_a_leaf_of_the_future_goes_when_the_clock_is_set_back(leaves, clock):
    early = leaves.context(["s3.amazonaws.com"])
    clock.time -= SECOND
    assert leaves.context(["s3.amazonaws.com"]) is not early


async def test_a_peer_whose_clock_is_behind_is_served(authority, clock):
    clock.time += timedelta(minutes=59)
    await shake_hands(
        LeafCertificates(authority, clock=clock).context(["s3.amazonaws.com"]), client_of(authority), "s3.amazonaws.com"
    )


def test_a_limited_number_is_kept_and_the_longest_unused_goes(leaves, monkeypatch):
    monkeypatch.setattr(cache, "MAX_LEAVES", 2)
    one, two = leaves.context(["one.api.aws"]), leaves.context(["two.api.aws"])
    assert leaves.context(["one.api.aws"]) is one
    leaves.context(["three.api.aws"])
    assert leaves.context(["one.api.aws"]) is one
    assert leaves.context(["two.api.aws"]) is not two


FREE = (
    "a{}.b.s3.us-east-1.amazonaws.com",
    "a.s3x{}.s3.us-east-1.amazonaws.com",
    "ap-111111111111.op-{}.s3-outposts.us-east-1.amazonaws.com",
    "b--z{0}-az1--x-s3.s3express-z{0}-az1.us-east-1.amazonaws.com",
    "a.b{}.data-kinesis.us-east-1.api.aws",
    "vpce-{}a-b.sqs.us-east-1.vpce.amazonaws.com",
    "vpce-a-b.{:012}.ddb.us-east-1.vpce.amazonaws.com",
    "bucket.vpce-{}a-b.s3.us-east-1.vpce.amazonaws.com",
    "ingest-cell{}.timestream.us-east-1.amazonaws.com",
    "b-{:08}.kinesisvideo.us-east-1.amazonaws.com",
    "abcdefgh{}.mediaconvert.us-east-1.amazonaws.com",
    "search-abc{}-abcdefghijklmnopqrstuvwxyz.us-east-1.cloudsearch.amazonaws.com",
)


@pytest.mark.parametrize("pattern", FREE)
def test_names_that_anybody_can_make_up_push_out_their_like_alone(leaves, table, monkeypatch, pattern):
    monkeypatch.setattr(cache, "MAX_LEAVES", 2)
    places = [table.place(host) for host in ("s3.us-east-1.amazonaws.com", *map(pattern.format, range(1, 5)))]
    contexts = [leaves.context(place.names, free=place.free) for place in places]
    assert leaves.context(places[0].names, free=places[0].free) is contexts[0]
    assert leaves.context(places[1].names, free=places[1].free) is not contexts[1]


async def test_a_leaf_for_a_name_that_is_refused_is_for_that_name_alone_and_is_not_kept(authority, leaves, monkeypatch):
    monkeypatch.setattr(cache, "MAX_LEAVES", 1)
    kept = leaves.context(["s3.amazonaws.com"])
    first = leaves.passing("bucket.s3.amazonaws.com")
    assert leaves.passing("bucket.s3.amazonaws.com") is not first
    stream = await shake_hands(first, client_of(authority), "bucket.s3.amazonaws.com")
    assert alternative_names(stream) == {"bucket.s3.amazonaws.com"}
    assert leaves.context(["s3.amazonaws.com"]) is kept


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("sqs.us-west-9.amazonaws.com", True),
        ("x.api.aws", True),
        ("amazonaws.com", True),
        *((name, False) for name in ("example.com", "amazonaws.com.example.com", "notamazonaws.com", "aws", "", "127.0.0.1")),
    ],
)
def test_names_that_the_ca_may_sign(leaves, name, may):
    assert leaves.may_pass(name) is may


def test_no_key_stays_behind(leaves, tmp_path):
    files, handles = set(tmp_path.rglob("*")), len(os.listdir("/proc/self/fd"))
    leaves.context(["s3.amazonaws.com"])
    assert set(tmp_path.rglob("*")) == files
    assert len(os.listdir("/proc/self/fd")) == handles


@pytest.mark.parametrize(("offered", "chosen"), [(("h2", "http/1.1"), "http/1.1"), (("h2",), None), ((), None)])
async def test_http_1_1_is_all_that_is_agreed_on(authority, leaves, offered, chosen):
    stream = await shake_hands(leaves.context(["s3.amazonaws.com"]), client_of(authority, *offered), "s3.amazonaws.com")
    assert stream.selected_alpn_protocol() == chosen


@pytest.mark.parametrize(("version", "spoken"), [("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")])
async def test_versions_that_are_spoken(authority, leaves, version, spoken):
    client = client_of(authority)
    client.minimum_version = client.maximum_version = ssl.TLSVersion[version]
    stream = await shake_hands(leaves.context(["s3.amazonaws.com"]), client, "s3.amazonaws.com")
    assert stream.version() == spoken


def test_older_versions_are_not_spoken(leaves):
    assert leaves.context(["s3.amazonaws.com"]).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
async def test_our_own_listeners_have_names_and_addresses(tmp_path, clock, name):
    own = open_authority(tmp_path / "ca", "own", domains=OURS)
    leaves = LeafCertificates(own, clock=clock)
    names = ["localhost", "127.0.0.1", "::1"]
    stream = await shake_hands(leaves.context(names), client_of(own), name)
    assert alternative_names(stream) == {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"}
    assert leaves.context(tuple(names)) is leaves.context(names)


async def refused_by_the_client(ca, leaves, name):
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await shake_hands(leaves.context([name]), client_of(ca), name)
    return caught.value.verify_message


@pytest.mark.parametrize(
    ("names", "name", "said"),
    [
        (OURS, "sts.amazonaws.com", "permitted subtree violation"),
        (OURS, "othergate.example", "permitted subtree violation"),
        (OURS, "127.0.0.2", "permitted subtree violation"),
        (OURS, "::2", "permitted subtree violation"),
        (["gate.example"], "127.0.0.1", "excluded subtree violation"),
        (["gate.example"], "::1", "excluded subtree violation"),
        (["192.0.2.7"], "gate.example", "excluded subtree violation"),
        (["192.0.2.7"], "192.0.2.8", "permitted subtree violation"),
    ],
)
async def test_our_own_cas_key_makes_nothing_but_our_listeners(tmp_path, clock, names, name, said):
    ca = open_authority(tmp_path / "ca", "own", domains=names)
    assert await refused_by_the_client(ca, LeafCertificates(ca, clock=clock), name) == said


@pytest.mark.parametrize("name", ["gate.example", "a.gate.example", "192.0.2.7", "2001:db8::7"])
async def test_our_own_ca_serves_names_and_addresses_that_it_was_made_for(tmp_path, clock, name):
    ca = open_authority(tmp_path / "ca", "own", domains=["gate.example", "192.0.2.7", "2001:db8::7"])
    await shake_hands(LeafCertificates(ca, clock=clock).context([name]), client_of(ca), name)


@pytest.fixture
def files(tmp_path):
    authority = trustme.CA()
    leaf = authority.issue_cert("gate.example")
    certificate, key = tmp_path / "gate.pem", tmp_path / "gate.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return authority, certificate, key


async def test_the_operators_own_files(files):
    authority, certificate, key = files
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    client.set_alpn_protocols(["h2", "http/1.1"])
    stream = await shake_hands(file_context(str(certificate), str(key)), client, "gate.example")
    assert stream.selected_alpn_protocol() == "http/1.1"


OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def other_key(protection):
    return OTHER_KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gate.pem", None, "gate.pem cannot be read: No such file"),
        ("gate.key", None, "gate.key cannot be read: No such file"),
        ("gate.pem", b"nothing", "are not a PEM certificate with its unencrypted key"),
        ("gate.key", b"nothing", "are not a PEM certificate with its unencrypted key"),
        ("gate.key", other_key(serialization.NoEncryption()), "gate.key is not the key of"),
        ("gate.key", other_key(serialization.BestAvailableEncryption(b"secret")), "unencrypted key"),
    ],
    ids=["no-certificate", "no-key", "bad-certificate", "bad-key", "other-key", "encrypted-key"],
)
def test_files_that_do_not_serve(files, name, content, said):
    _, certificate, key = files
    file = certificate.with_name(name)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(CertificatesUnavailable) as caught:
        file_context(str(certificate), str(key))
    assert said in caught.value.reason
