"""What agents say about why they call, as their SDKs send it, reaches the people who are asked, and not AWS."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws) as made:
        yield made


def reason_of(gate, client, key):
    """What a person is shown of a write by this client."""
    alice = Person(gate)
    with ThreadPoolExecutor(1) as agent:
        made = agent.submit(client.delete_object, Bucket="prod-data", Key=key)
        prompt = alice.answer("deny")
        with pytest.raises(ClientError):
            made.result(60)
    assert "x-trio-gate-reason" not in [name for name, _ in prompt["headers"]]  # those that AWS would get
    return prompt["agent_reason"]


def test_a_header_says_why(gate):
    client = gate.client("s3", "prod")
    client.meta.events.register(
        "before-sign.s3", lambda request, **_: request.headers.add_header("X-Trio-Gate-Reason", "old exports")
    )
    assert reason_of(gate, client, "by-header") == "old exports"


def test_the_user_agent_says_why(gate):
    client = gate.client("s3", "prod", user_agent_extra="trio-gate-reason/nightly%20clean-up%E2%80%AE")
    assert reason_of(gate, client, "by-user-agent") == r"nightly clean-up\u{202e}"


def test_an_agent_that_says_nothing(gate):
    assert reason_of(gate, gate.client("s3", "prod"), "silent") is None
