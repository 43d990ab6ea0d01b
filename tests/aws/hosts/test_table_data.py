"""The packaged host table: it is what the generator makes, and it holds the hosts that SDKs really call."""

from __future__ import annotations

import collections
import gzip
import json

import botocore
import botocore.loaders
import pytest

from scripts.data.make_hosts import main as make
from scripts.data.make_hosts import table as generated
from tests.kit.long import one_in
from tests.kit.paths import CORPUS, ROOT
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_hosts

DATA = packaged_hosts()
TABLE = HostTable(DATA)
SERVICES = sorted(botocore.loaders.Loader().list_available_services("service-2"))


def rows(name: str) -> list[dict]:
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the corpora are not beside this checkout, so no recorded host is looked up")
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


pinned = pytest.mark.skipif(
    DATA["botocore"] != botocore.__version__,
    reason=f"the table is of botocore {DATA['botocore']}: run scripts/data/make_hosts.py",
)


@pinned
@one_in(40, "every service's hosts")
def test_the_file_is_what_the_generator_makes(one_in):
    """Of those whose hosts have fronts always."""
    chosen = sorted({*SERVICES[::one_in], "dynamodb", "kinesis", "neptune-graph", "s3", "s3control", "sts", "signin"})
    made = json.loads(json.dumps(generated(chosen)))
    assert made["partitions"] == DATA["partitions"]
    for name, entry in made["services"].items():
        assert entry == DATA["services"][name], name


@pinned
def test_the_file_has_every_service_and_stays_small():
    assert sorted(DATA["services"]) == SERVICES
    path = ROOT / "trio_gate" / "aws" / "hosts" / "hosts.json.gz"
    assert path.stat().st_size < 60_000


@pytest.mark.parametrize("words", [[], ["--help"], ["--odd"], ["{file}"], ["--replace", "--service", "no-such", "{file}"]])
def test_the_generator_overwrites_nothing_unasked(tmp_path, words):
    file = tmp_path / "hosts.json.gz"
    file.write_bytes(b"as it was")
    with pytest.raises(SystemExit):
        make([word.format(file=file) for word in words])
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"as it was"]


def test_the_generator_writes_a_new_file_and_replaces_an_old_one_on_request(tmp_path):
    file = tmp_path / "hosts.json.gz"
    for service, more in (("sts", []), ("iam", ["--replace"])):
        assert make([str(file), "--service", service, *more]) == 0
        assert list(json.loads(gzip.decompress(file.read_bytes()))["services"]) == [service]
    assert list(tmp_path.iterdir()) == [file]


OF_OTHER_RULE_SETS = {
    # Rows of other releases of botocore, or of regions and accounts that do not exist.
    "organizations-fips.cn-north-1.amazonaws.com.cn",
    "organizations-fips.cn-north-1.api.amazonwebservices.com.cn",
    "organizations-fips.us-gov-east-1.api.aws",
    "organizations.cn-north-1.api.amazonwebservices.com.cn",
    "organizations.us-gov-east-1.api.aws",
    "quicksight.api.amazonaws.com",
    "s3-object-lambda.us-east.special.amazonaws.com",
    "sts.us-east-3.amazonaws.com",
    "support-fips.us-gov-east-1.api.aws",
    "support.us-gov-east-1.api.aws",
    "1234567890.s3-control-fips.us-east-1.amazonaws.com",
    "1234567890.s3-control.dualstack.us-east-1.amazonaws.com",
    "1234567890.s3-control.us-west-2.amazonaws.com",
    "myid-1234.s3-control.us-west-2.amazonaws.com",
}
REAL_BEHIND_ENDPOINT = ("vpce.amazonaws.com", "111111111111.ddb.us-east-1.api.aws", "pricingplanmanager.us-east-1.api.aws")
"""Custom endpoints that are hosts of AWS all the same."""


def known(host):
    try:
        return TABLE.place(host)
    except Unidentified as refused:
        return refused


@pinned
def test_hosts_of_the_rule_sets_own_tests():
    missed = collections.Counter()
    for row in rows("endpoint_hosts"):
        place = known(row["host"])
        if "Endpoint" in row["params"] or "localhost" in row["host"]:
            assert isinstance(place, Unidentified) or row["host"].endswith(REAL_BEHIND_ENDPOINT), row["host"]
        elif isinstance(place, Unidentified):
            if row["service"] in DATA["services"] and "SigV4A" not in place.reason:
                missed[row["host"]] += 1
        else:
            assert row["service"] in {one.service for one in place.candidates}, row["host"]
            for scheme in row["auth_schemes"]:
                if scheme["name"] in ("sigv4", "sigv4-s3express"):
                    of = {(one.region, one.signing_name) for one in place.candidates if one.service == row["service"]}
                    assert {(region, scheme.get("signingName", name)) for region, name in of} >= {
                        (scheme["signingRegion"], scheme.get("signingName", name)) for _, name in of
                    }, row["host"]
    assert set(missed) == OF_OTHER_RULE_SETS


CUSTOMERS = {"aaaa.amazonaws.com"}
"""A made-up PredictEndpoint of Machine Learning."""


@pinned
@pytest.mark.parametrize("corpus", ["botocore", "botocore_variants.sample", "jsv3.sample", "clients.sample"])
def test_hosts_and_scopes_that_sdks_send(corpus):
    for row in rows(corpus):
        variant = row.get("variant") or ""
        if (
            row["auth"] not in ("v4", "v4-query")
            or variant in ("old-sdk", "direct", "absolute")
            or variant.startswith("endpoint-")
        ):
            continue
        place = known(row["host"])
        if row["host"] in CUSTOMERS:
            assert isinstance(place, Unidentified)
            continue
        region = {"US": "us-east-1"}.get(row["signing_region"], row["signing_region"])
        want = (row["service"], region, row["signing_name"])
        assert want in {(one.service, one.region, one.signing_name) for one in place.candidates}, row["id"]
        bucket = (row["params"] or {}).get("Bucket")
        if row["service"] == "s3" and bucket and place.bucket is not None:
            assert place.bucket == bucket


@pinned
def test_endpoints_of_virtual_private_clouds_that_sdks_send():
    for row in rows("botocore_variants.sample"):
        if "vpce" in row["host"] and not row["host"].startswith("accesspoint."):
            assert row["service"] in {one.service for one in TABLE.place(row["host"]).candidates}


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("b-1a2b3c4d.kinesisvideo.us-east-1.amazonaws.com", "kinesis-video-archived-media", "us-east-1"),
        ("abcd1234.mediaconvert.eu-west-1.amazonaws.com", "mediaconvert", "eu-west-1"),
        ("eu-west-1.elasticmapreduce.amazonaws.com", "emr", "eu-west-1"),
        ("ingest-cell12.timestream.us-west-2.amazonaws.com", "timestream-write", "us-west-2"),
        ("vpce-0a1b2c3d-abcd.api.ecr.us-east-1.vpce.amazonaws.com", "ecr", "us-east-1"),
        ("g-abcdefghij.us-east-1.neptune-graph.amazonaws.com", "neptune-graph", "us-east-1"),
        ("sts.amazonaws.com", "sts", "us-east-1"),
        ("networkmanager.us-west-2.amazonaws.com", "networkmanager", "us-west-2"),
        ("arc-region-switch-control-plane.us-east-1.api.aws", "arc-region-switch", "us-east-1"),
    ],
)
def test_hosts_by_example(host, service, region):
    place = TABLE.place(host)
    assert (service, region, host) in {(one.service, one.region, one.host) for one in place.candidates}


def test_iot_is_signed_as_two_services():
    place = TABLE.place("iot.eu-west-3.amazonaws.com")
    scopes = {(one.service, one.region, one.signing_name) for one in place.candidates}
    assert scopes == {("iot", "eu-west-3", "iot"), ("iot", "eu-west-3", "execute-api")}
    assert "iot" in {one.service for one in TABLE.place_of_scope("execute-api", "eu-west-3").candidates}


def test_a_second_name_of_a_host_that_services_share():
    found = TABLE.place("rds.amazonaws.com").candidates
    assert {(one.service, one.region) for one in found} == {(name, "us-east-1") for name in ("docdb", "neptune", "rds")}


def test_the_domains_of_the_packaged_table():
    assert TABLE.domains(["aws"]) == ("amazonaws.com", "api.aws", "oauth.signin.aws", "on.aws", "signin.aws.amazon.com")
    assert not {"com", "aws", "amazon.com", "aws.amazon.com", "signin.aws"} & set(TABLE.domains(DATA["partitions"]))


FRONTS = {
    "{a}": "{n:012}",
    "{l}": "l{n}",
    "{b}": "b{n}",
    "{ap}": "p{n}-111111111111",
    "{ol}": "o{n}-111111111111",
    "{x}": "b{n}--use1-az4--x-s3",
}
"""Of each kind of first label that is free, one for each number."""


def fronted():
    """Every pattern of the packaged table with one free label before it, as a function of a number, in a region that has it."""
    for service in DATA["services"].values():
        for pattern, found in service["hosts"].items():
            first, _, base = pattern.partition(".")
            if first in FRONTS and not base.startswith("{l}"):
                for partition in found:
                    one = DATA["partitions"][partition]
                    yield first, base.replace("{s}", one["suffix"]).replace("{d}", one["dual"]), one["regions"]


def placed(host):
    try:
        return TABLE.place(host)
    except Unidentified:  # a scope that not every region has
        return None


def test_hosts_with_one_free_label_share_a_certificate():
    seen = set()
    for first, pattern, regions in fronted():
        for region in regions:
            base = pattern.replace("{r}", region).replace("{z}", "use1-az4")
            one, two = (placed(f"{FRONTS[first].format(n=n)}.{base}") for n in (1, 2))
            if one and two:
                assert one.names == two.names == (base, f"*.{base}")
                assert one.free is (first == "{x}")  # its zone, which anybody can make up
                seen.add((first, pattern))
    assert {first for first, _ in seen} == set(FRONTS)
    assert {(first, pattern) for first, pattern, _ in fronted()} == seen
