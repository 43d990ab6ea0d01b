"""An agent that follows what refusals say, and nothing else, does the right next thing. With other programs: `tests/programs`."""

from botocore.exceptions import ClientError

from tests.kit.approvals.scripted_agent import AGENT, PEOPLE, RULES, expects, expects_the_operator
from tests.kit.gateway import running


def creates(gate):
    """With boto3, which raises what the gateway says."""

    def run(account, bucket):
        try:
            gate.client("s3", account).create_bucket(Bucket=bucket)
        except ClientError as refused:
            return str(refused)
        return None

    return run


def test_it_follows_the_sentences(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE) as gate:
        expects(gate, creates(gate), "boto3")
        outcomes = [row["decision"]["outcome"] for row in gate.records()]
    assert outcomes == ["deny", "pending", "approve", "refused", "allow", "stopped", "allow", "expired", "approve"]


def test_it_tells_its_operator_what_it_cannot_mend(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE, role="no-such-role") as gate:
        expects_the_operator(gate, creates(gate))
