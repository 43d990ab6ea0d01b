"""AWS's answer goes to the agent only as a session that is on disk and whose credentials are kept."""

import pytest

from tests.kit.aws.sts import REQUEST
from tests.kit.aws.sts import given as answered
from tests.kit.records import NOW
from tests.kit.sessions import DEPLOY, SENT
from trio_gate.errors import AnswerWithheld, CredentialsUnavailable, Denied, SessionOver, StorageUnavailable
from trio_gate.exchange.virtual import Plan
from trio_gate.sessions.answer import read_answer
from trio_gate.sessions.table import SessionTable
from trio_gate.shell.sessions.answers import SessionAnswer
from trio_gate.wire.head import ResponseHead

PLAN = Plan(
    account="111111111111",
    role=DEPLOY,
    chain=(DEPLOY,),
    parent=None,
    home="111111111111",
    agent="ci",
    proof="p",
    rule="roles",
    sent=SENT,
)
OK = ResponseHead(status=200, headers=())


def given(account="111111111111"):
    return answered(arn=f"arn:aws:sts::{account}:assumed-role/deploy/run")


class Kept:
    """What the answer needs: sessions, credentials and a clock; it keeps the order of what it is told."""

    def __init__(self, *faults):
        self.faults = faults
        self.told = []
        self.stopped = self.ended_meanwhile = False
        self.table = SessionTable()

    def check(self, session):
        if self.stopped:
            raise Denied("stopped")

    def _fails(self, kind):
        for fault in self.faults:
            if isinstance(fault, kind):
                raise fault

    async def open(self, session):
        self._fails((StorageUnavailable, Denied))
        self.told.append(session)
        if not self.ended_meanwhile:
            self.table.add(session)

    def end(self, ends):
        self.table.end(ends)

    def keep(self, request, credentials):
        self._fails(CredentialsUnavailable)
        self.told.append((request, credentials))

    def now(self):
        return NOW


def answer(kept):
    return SessionAnswer(PLAN, REQUEST, check=kept.check, sessions=kept, credentials=kept, clock=kept)


async def test_the_session_is_stored_and_its_credentials_kept_before_it_is_answered():
    kept = Kept()
    found = read_answer(await answer(kept).of_aws(SENT, OK, given().encode())).credentials
    session, (request, credentials) = kept.told
    assert (found.access_key_id, found.secret_access_key) == (session.key_id, session.secret)
    assert session.has_token(found.session_token)
    assert (request.key_id, request.signer, credentials.access_key_id) == (session.key_id, REQUEST, "ASIA1")


async def test_a_session_whose_credentials_end_at_once_is_withheld_and_ended():
    kept = Kept(CredentialsUnavailable("they expire"))
    with pytest.raises(AnswerWithheld, match="ends at once"):
        await answer(kept).of_aws(SENT, OK, given().encode())
    assert kept.table.all() == []


async def test_a_session_that_was_ended_while_it_was_written_is_not_handed_out():
    for own in (False, True):
        kept = Kept()
        kept.ended_meanwhile = True
        made = answer(kept)
        with pytest.raises(SessionOver, match="has ended"):
            await (made.of_gateway("id") if own else made.of_aws(SENT, OK, given().encode()))
        assert len(kept.told) == 1, "no credentials"


@pytest.mark.parametrize("text", ["", "<a/>", given().replace("AROA123", "ASIA1"), given(account="222222222222")])
async def test_what_is_no_session_is_withheld(text):
    kept = Kept()
    with pytest.raises(AnswerWithheld, match="not one session"):
        await answer(kept).of_aws(SENT, OK, text.encode())
    assert kept.told == []


async def test_an_encoded_answer_is_withheld():
    with pytest.raises(AnswerWithheld, match="encoded"):
        await answer(Kept()).of_aws(SENT, ResponseHead(status=200, headers=((b"content-encoding", b"gzip"),)), given().encode())


async def test_a_session_that_cannot_be_stored_is_withheld():
    kept = Kept(StorageUnavailable("tell your operator"))
    with pytest.raises(AnswerWithheld, match="could not be stored"):
        await answer(kept).of_aws(SENT, OK, given().encode())
    with pytest.raises(Denied):
        await answer(Kept(Denied("too many"))).of_aws(SENT, OK, given().encode())


async def test_an_agent_that_was_stopped_while_aws_answered_gets_no_session():
    kept = Kept()
    kept.stopped = True
    made = answer(kept)
    for own in (False, True):
        with pytest.raises(Denied, match="stopped"):
            await (made.of_gateway("id") if own else made.of_aws(SENT, OK, given().encode()))
    assert kept.told == []
