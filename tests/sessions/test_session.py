"""A session's key has a placeholder's form, and nothing that could be used is shown."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.sessions import SENT, placeholder, session
from trio_gate.aws.claim import VIRTUAL, read_claim
from trio_gate.config.model import Agent
from trio_gate.sessions.session import RANDOM_BYTES, placeholder_of, proof_of
from trio_gate.wire.head import RequestHead, Target

SECRET = "agent-secret-0123456789"
CI = Agent(name="ci", key_suffix="CI01", secrets=(SECRET,), accounts=())


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_a_key_id_is_a_placeholder_of_its_account_and_its_token_is_the_claims(random):
    made = placeholder_of("222222222222", random)
    credential = f"{made.key_id}/20260131/us-east-1/sts/aws4_request"
    fields = (
        ("authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature={'0' * 64}"),
        ("x-amz-date", "20260131T000000Z"),
        ("x-amz-security-token", made.token),
    )
    claim = read_claim(RequestHead(method="GET", target=Target(segments=("",)), headers=fields))
    assert (claim.account, claim.token, claim.access_key_id[:4]) == ("222222222222", made.token, VIRTUAL)
    assert len(made.key_id) == 32


def test_every_random_byte_counts():
    plain = placeholder()
    for at in range(RANDOM_BYTES):
        random = bytearray(RANDOM_BYTES)
        random[at] = 0x80
        assert placeholder_of("111111111111", bytes(random)) != plain


def test_only_its_own_token_is_a_sessions():
    assert session(1).has_token(placeholder(1).token)
    assert not session(1).has_token(placeholder(2).token)


def test_a_proof_changes_with_all_that_proves_an_agent():
    others = [
        (replace(CI, name="cd"), SECRET),
        (replace(CI, key_suffix="CI02"), SECRET),
        (CI, "another-secret-0123456789"),
        (None, None),
    ]
    assert len({proof_of(agent, secret) for agent, secret in ((CI, SECRET), *others)}) == 5


def test_a_proof_is_of_the_secret_that_signed_alone():
    more = replace(CI, secrets=("another-secret-0123456789", SECRET), accounts=("111111111111",))
    assert proof_of(more, SECRET) == proof_of(CI, SECRET)


def test_nothing_that_could_be_used_is_shown():
    made = placeholder(1)
    shown = f"{session(1)!r}{made!r}{SENT!r}"
    assert made.secret not in shown
    assert made.token not in shown
    assert "ExternalId" not in shown


def test_what_was_sent_knows_its_host():
    assert SENT.host == "sts.us-east-1.amazonaws.com"
    assert not SENT.express
