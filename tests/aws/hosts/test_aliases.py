"""Second names of AWS hosts, and names that are not served."""

from __future__ import annotations

import pytest

from tests.kit.aws.host_table import ACCOUNT, TABLE
from trio_gate.errors import Unidentified


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("vpce-0a1b2c3d-abcd.dynamodb.us-east-1.vpce.amazonaws.com", "dynamodb", "us-east-1"),
        ("vpce-0a1b2c3d4e5f-abcdefgh-us-west-2a.sync-states.us-west-2.vpce.amazonaws.com", "stepfunctions", "us-west-2"),
        (f"{ACCOUNT}.control.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com", "s3control", "us-west-2"),
        ("query-cell1.timestream.eu-west-1.amazonaws.com", "timestream-query", "eu-west-1"),
        ("queue.amazonaws.com", "sqs", "us-east-1"),
        ("us-west-2.queue.amazonaws.com", "sqs", "us-west-2"),
        ("cn-north-1.queue.amazonaws.com.cn", "sqs", "cn-north-1"),
        ("realtime.machinelearning.us-east-1.amazonaws.com", "machinelearning", "us-east-1"),
        ("search-my-dom-abcdefghijklmnopqrstuvwxyz.us-east-1.cloudsearch.amazonaws.com", "cloudsearchdomain", "us-east-1"),
        ("doc-dom-0123456789abcdefghijklmnop.eu-west-1.cloudsearch.amazonaws.com", "cloudsearchdomain", "eu-west-1"),
    ],
)
def test_second_names(host, service, region):
    place = TABLE.place(host)
    assert [(one.service, one.region, one.host) for one in place.candidates] == [(service, region, host)]
    assert place.host == host


REFUSED = {
    "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com": "belongs to a customer",
    "abcd.lambda-url.us-east-1.on.aws": "belongs to a customer",
    "ec2-203-0-113-10.compute-1.amazonaws.com": "belongs to a customer",
    "x.us-east-1.elb.amazonaws.com": "belongs to a customer",
    "search-d-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com": "belongs to a customer",
    "search-domain-abcdefghijklmnopqrstuvwxy.us-east-1.cloudsearch.amazonaws.com": "belongs to a customer",
    "find-domain-abcdefghijklmnopqrstuvwxyz.us-east-1.cloudsearch.amazonaws.com": "belongs to a customer",
    "abc.appsync-api.us-east-1.amazonaws.com": "belongs to a customer",
    "aabbccddeeff.data.mediastore.us-east-1.amazonaws.com": "belongs to a customer",
    "c.cluster-abc.us-east-1.neptune.amazonaws.com": "belongs to a customer",
    "vpce-0a1b2c3d-abcd.vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com": "belongs to a customer",
    "a1b2c3-ats.iot.us-east-1.amazonaws.com": "use data-ats.iot",
    "111111111111.dkr.ecr.us-east-1.amazonaws.com": "container registry",
    "b.s3-website-us-east-1.amazonaws.com": "is a website",
    "b.s3-website.eu-central-1.amazonaws.com": "is a website",
    "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com": "SigV4A.*one region",
    "abc123.456def.endpoint.events.amazonaws.com": "SigV4A.*EndpointId",
    "abc123.456def.endpoints.email.amazonaws.com": "SigV4A.*EndpointId",
    "111111111111.cloudfront-kvs.global.api.aws": "SigV4A",
    "vpce-0a1b2c3d-abcd.nothing.us-east-1.vpce.amazonaws.com": "not an interface endpoint",
    "x.vpce-0a1b2c3d-abcd.dynamodb.us-east-1.vpce.amazonaws.com": "not an interface endpoint",
    "vpce-0a1b2c3d-abcd.s3.us-east-1.vpce.amazonaws.com": "not an interface endpoint",
    "vpce-0a1b2c3d-abcd.bucket.s3.us-east-1.vpce.amazonaws.com": "not an interface endpoint",
    "accesspoint.vpce-0a1b2c3d-abcd.s3.us-east-1.vpce.amazonaws.com": "not an interface endpoint",
    **dict.fromkeys(
        [
            "iamadmin.amazonaws.com",
            "iam.us-east-1.amazonaws.com",
            "dynamodb.amazonaws.com",
            "dynamodb.us-east-9.amazonaws.com",
            "dynamodb.us-east-1.amazonaws.com.cn",
            "dynamodb.cn-north-1.amazonaws.com",
            "dynamodb.us-east-1.us-east-1.amazonaws.com",
            "dynamodb.us-east-1.amazonaws.com.evil.example",
            "dynamodb.us-east-1.evilamazonaws.com",
            "x.dynamodb.us-east-1.amazonaws.com",
            "networkmanager.us-east-1.amazonaws.com",
            "11111111111.ddb.us-east-1.amazonaws.com",
            "1111111111111.ddb.us-east-1.amazonaws.com",
            "ddb.us-east-1.amazonaws.com",
            "a.b.c.data-kinesis.us-east-1.amazonaws.com",
            "myid-1234.s3-control.us-east-1.amazonaws.com",
            f"x.{ACCOUNT}.s3-control.us-east-1.amazonaws.com",
            "s3-accelerate.amazonaws.com",
            "s3-accesspoint.us-west-2.amazonaws.com",
            "ap.s3-accesspoint.us-west-2.amazonaws.com",
            f"-{ACCOUNT}a.s3-accesspoint.us-west-2.amazonaws.com".lstrip("-"),
            f"a.ap-{ACCOUNT}.s3-accesspoint.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.s3-outposts.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.ec2.s3-outposts.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.xy-1.s3-outposts.us-west-2.amazonaws.com",
            "a.b.s3-object-lambda.us-west-2.amazonaws.com",
            "b--usw2-az1--x-s3.s3express-usw2-az2.us-west-2.amazonaws.com",
            "b--usw2-az1--y-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
            "s3express-usw2-az1.us-west-2.amazonaws.com",
            "b.s3express-control.us-west-2.amazonaws.com",
            "s3-us-west-9.amazonaws.com",
            "b.s3-external-2.amazonaws.com",
            "query-cella.timestream.eu-west-1.amazonaws.com",
            "us-west-9.queue.amazonaws.com",
            "amazonaws.com",
            "us-east-1.amazonaws.com",
            "example.com",
            "127.0.0.1",
            "169.254.169.254",
        ],
        "not an AWS host that this gateway knows",
    ),
}


@pytest.mark.parametrize(("host", "reason"), REFUSED.items())
def test_names_that_are_not_served(host, reason):
    with pytest.raises(Unidentified, match=reason) as caught:
        TABLE.place(host)
    assert caught.value.reason.startswith(host)
