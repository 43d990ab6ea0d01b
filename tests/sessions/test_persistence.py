"""What is written of a session is read again, and nothing else is."""

import json
from dataclasses import replace

import pytest

from tests.kit.sessions import SENT, session
from trio_gate.sessions.persistence import from_json, to_json
from trio_gate.wire.head import RequestHead, Target

EXPRESS = RequestHead(method="GET", target=Target(segments=("a b", ""), query=(("session", ""),)), headers=(("host", "h"),))


@pytest.mark.parametrize(
    "made",
    [
        session(),
        session(agent=None, role=None, chain=(), sent=None),
        session(sent=replace(SENT, body=b"", once=True)),
        session(sent=type(SENT)(head=EXPRESS, body=b"\xff", signing_name="s3express", region="r")),
    ],
)
def test_a_session_is_the_same_after_the_disk(made):
    assert from_json(json.loads(json.dumps(to_json(made)))) == made


@pytest.mark.parametrize("name", to_json(session()))
def test_a_part_that_is_missing_is_found(name):
    kept = to_json(session())
    del kept[name]
    with pytest.raises((LookupError, TypeError, ValueError)):
        from_json(kept)


def test_a_session_of_an_older_gateway_was_asked_for_with_a_signature():
    assert "once" not in to_json(session())["sent"]
    assert not from_json(to_json(session())).sent.once
