"""Retries, repeats and cool-downs."""

from datetime import timedelta

import pytest

from tests.kit.approvals.questions import NOW, question
from trio_gate.approval import send_history
from trio_gate.approval.send_history import KEPT, MAX_SENDS, RETRY_WITHIN, Ledger, throttled
from trio_gate.approval.state import Verdict

YES = Verdict(outcome="approve", by=("alice",), reason="")
COOLDOWN = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


@pytest.fixture
def book() -> Ledger:
    return Ledger(COOLDOWN)


def test_throttled_calls_are_sent_again_a_few_times(book):
    sent = book.sending("ci", "d", "i", YES, NOW)
    for number in range(1, MAX_SENDS):
        assert book.retry("ci", "d", "i", NOW) is None
        sent.ended = "throttled"
        assert book.retry("ci", "d", "i", NOW) is sent
        assert book.sending("ci", "d", "i", YES, NOW) is sent
        assert sent.sends == number + 1
    sent.ended = "throttled"
    assert book.retry("ci", "d", "i", NOW) is None


@pytest.mark.parametrize("ended", [None, 200, 400])
def test_only_throttling_lets_it_through_again(book, ended):
    book.sending("ci", "d", "i", YES, NOW).ended = ended
    assert book.retry("ci", "d", "i", NOW) is None


@pytest.mark.parametrize("other", [("eve", "d", "i"), ("ci", "e", "i"), ("ci", "d", "j"), ("ci", "d", None)])
def test_a_retry_is_of_the_same_agent_digest_and_id(book, other):
    book.sending("ci", "d", "i", YES, NOW).ended = "throttled"
    assert book.retry("ci", "d", "i", NOW) is not None
    assert book.retry(*other, NOW) is None


def test_a_retry_is_under_the_rule_that_was_approved(book):
    book.sending("ci", "d", "i", YES, NOW, "rule and approvers").ended = "throttled"
    assert book.retry("ci", "d", "i", NOW, "other approvers") is None
    assert book.retry("ci", "d", "i", NOW, "rule and approvers") is not None


def test_calls_without_an_id_have_no_retries(book):
    book.sending("ci", "d", None, YES, NOW).ended = "throttled"
    assert book.retry("ci", "d", None, NOW) is None


def test_a_retry_comes_soon(book):
    book.sending("ci", "d", "i", YES, NOW).ended = "throttled"
    assert book.retry("ci", "d", "i", NOW + RETRY_WITHIN - SECOND) is not None
    assert book.retry("ci", "d", "i", NOW + RETRY_WITHIN) is None


def test_what_was_not_sent_does_not_count(book):
    sent = book.sending("ci", "d", "i", YES, NOW)
    book.unsent("ci", "d", sent)
    assert book.earlier("ci", "d", NOW) is None
    sent = book.sending("ci", "d", "i", YES, NOW)
    sent.ended = "throttled"
    book.unsent("ci", "d", book.sending("ci", "d", "i", YES, NOW))
    assert sent.sends == 1
    assert book.retry("ci", "d", "i", NOW) is sent


@pytest.mark.parametrize(
    ("ended", "words"),
    [(None, "no answer is known"), (200, "AWS answered 200"), ("throttled", "throttled it")],
)
def test_a_repeat_says_what_was_sent(book, ended, words):
    book.sending("ci", "d", "i", YES, NOW).ended = ended
    said = book.earlier("ci", "d", NOW + SECOND)
    assert said.startswith("already sent at 05:06:07 UTC")
    assert words in said
    assert book.earlier("ci", "e", NOW) is None
    assert book.earlier("ci", "d", NOW + KEPT) is None


@pytest.mark.parametrize(
    ("status", "code", "is_one"),
    [
        *((503, None, True), (429, None, True), (400, "ThrottlingException", True), (503, "SlowDown", True)),
        *((200, None, False), (400, "ValidationException", False), (500, None, False), (400, "LimitExceededException", False)),
    ],
)
def test_what_throttling_is(status, code, is_one):
    assert throttled(status, code) is is_one


def test_a_denial_cools_down_by_repeat_key(book):
    book.denied("ci", question(), "no", NOW)
    assert book.cooling("ci", question(digest="f" * 64), NOW + COOLDOWN - SECOND) == "no"
    assert book.cooling("ci", question(), NOW + COOLDOWN) is None
    assert book.cooling("ci", question(repeat_key="f" * 64), NOW) is None
    assert book.cooling("eve", question(), NOW) is None


def test_without_a_cooldown_nothing_cools():
    book = Ledger(timedelta())
    book.denied("ci", question(), "no", NOW)
    assert book.cooling("ci", question(), NOW) is None


def test_old_notes_are_forgotten_and_their_number_is_bounded(book, monkeypatch):
    monkeypatch.setattr(send_history, "MAX_KEPT", 2)
    for digest in "abc":
        book.sending("ci", digest, "i", YES, NOW)
    assert [book.earlier("ci", digest, NOW) is None for digest in "abc"] == [True, False, False]
    book.denied("ci", question(), "no", NOW)
    book.forget(NOW + KEPT)
    assert book.earlier("ci", "c", NOW) is None
    assert book.cooling("ci", question(), NOW) is None
