"""Names that are none of AWS's."""

import pytest

from trio_gate.aws.hosts.outside import is_outside
from trio_gate.aws.hosts.table import HostTable
from trio_gate.shell.models.packaged_data import packaged_hosts

TABLE = HostTable(packaged_hosts())


@pytest.mark.parametrize(
    "host", ["api.model.example", "pypi.org", "amazon.com", "notamazonaws.com", "amazonaws.com.example", "localhost"]
)
def test_outside(host):
    assert is_outside(host, TABLE)


@pytest.mark.parametrize(
    "host",
    [
        *("s3.us-east-1.amazonaws.com", "amazonaws.com", "nothing.known.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn"),
        *("s3.dualstack.eu-west-1.amazonaws.com", "x.lambda-url.us-east-1.on.aws", "bedrock-runtime.us-east-1.api.aws"),
        *("signin.aws.amazon.com", "console.aws.amazon.com", "acme.awsapps.com", "oidc.us-east-1.amazonaws.com", "new.aws"),
        *("s3.eusc-de-east-1.amazonaws.eu", "signin.amazonaws-us-gov.com", "x.cloud.adc-e.uk"),
    ],
)
def test_of_aws_whether_the_table_knows_it_or_not(host):
    assert not is_outside(host, TABLE)
