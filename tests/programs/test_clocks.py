"""The AWS SDKs for JavaScript with a clock that is off: they mend it by the gateway's answers, as by AWS's."""

from __future__ import annotations

import json

import pytest

from tests.kit.gateway import running
from tests.programs.kit import CLIENTS, Job, Way, need
from tests.programs.programs import MODULES, NODE

RULES = 'rule "all" { action = "allow" }\n'
CODES = {
    "s3": "RequestTimeTooSkewed",
    "dynamodb": "InvalidSignatureException",
    "sts": "SignatureDoesNotMatch",
    "ec2": "RequestExpired",
    "lambda": "InvalidSignatureException",
    "route53": "SignatureDoesNotMatch",
}


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES) as gateway:
        yield gateway


@pytest.fixture
def said(gate, tmp_path):
    def run(version, minutes, *words):
        need(f"version {version} of the AWS SDK for JavaScript", NODE, MODULES / {"2": "aws-sdk", "3": "@aws-sdk"}[version])
        way = Way(name="endpoint", ca_file="", endpoint=f"http://{gate.doors['endpoint']}")
        job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        return json.loads(
            job.run(NODE, "--no-warnings", CLIENTS / "clock.cjs", MODULES, version, minutes, *words).splitlines()[-1]
        )

    return run


@pytest.mark.parametrize("minutes", [-20, 20, 13_000], ids=["late", "early", "days early"])
@pytest.mark.parametrize("version", ["2", "3"])
def test_the_sdk_mends_its_clock(gate, said, version, minutes):
    before = len(gate.log)
    assert set(said(version, minutes, "heal").values()) == {"ok"}
    assert ("Signature expired" if minutes < 0 else "not yet current") in gate.log[before:], "a call was refused first"


@pytest.mark.parametrize("minutes", [-20, 20])
def test_without_that_it_says_the_services_code(said, minutes):
    assert said("2", minutes) == CODES


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_clock_that_is_a_little_off_does_not_matter(gate, said, version):
    before = len(gate.log)
    assert set(said(version, 6).values()) == {"ok"}
    assert " refused " not in gate.log[before:]
