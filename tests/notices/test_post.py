"""Posting a notice: its signature, by the vector of the specification, and what each answer means."""

from base64 import b64decode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.config.receivers.model import Url
from trio_gate.errors import Malformed
from trio_gate.notices.post import request, signed, trouble_of
from trio_gate.notices.trouble import Trouble
from trio_gate.wire.head import ResponseHead


def test_a_request_is_a_post_of_json_to_the_url():
    head = request(Url(host="hooks.example", target="/a/b?c=d"), {"webhook-id": "x"})
    assert (head.method, head.target.text, head.one("host"), head.one("content-type"), head.one("webhook-id")) == (
        "POST",
        "/a/b?c=d",
        "hooks.example",
        "application/json",
        "x",
    )


SPELLINGS = [
    "/",
    "//x",
    "/a/../b/",
    "/services/T0/B0/AbC",
    "/a%2Fb%20c?x=%C3%A9&x=&y=~",
    "/a%00",
    "/a%ff",
    "/a%FF",
    "/?x=%E2%82",
    "/a;b",
    "/a:b@c",
    "/a+b",
    "/%2f",
    "/%7E",
    "/?",
    "/a?b",
    "/a?b&c=d",
    "/a?=",
    "/a?=b",
    "/a?b=c=d",
    "/a?b=/c",
    "/a??b=c",
    "/a?b=c&",
    "/a?b='c'",
    "/a?b=c?",
]


@pytest.mark.parametrize("target", SPELLINGS)
def test_a_url_is_canonical_if_it_is_sent_as_it_stands(target):
    url = Url.read(f"https://hooks.example{target}")
    try:
        sent = request(url, {}).target.text
    except Malformed:
        sent = None
    assert url.canonical == (sent == target)


@given(st.from_regex(r"/(?:[a-z/._~+-]|%2F|%C3%A9|%41|[?&]a=b|[?&=]){0,12}", fullmatch=True))
def test_no_canonical_url_is_sent_otherwise(target):
    url = Url.read(f"https://hooks.example{target}")
    if url is not None and url.canonical:
        assert request(url, {}).target.text == target


def test_a_signature_is_that_of_the_specification():
    fields = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert fields == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    ("status", "final", "text"),
    [
        (301, True, "h answers with a redirect, which is not followed"),
        (307, True, "h answers with a redirect, which is not followed"),
        (400, True, "h answers with status 400"),
        (404, True, "h answers with status 404"),
        (408, False, "h answers with status 408"),
        (429, False, "h answers with status 429"),
        (500, False, "h answers with status 500"),
        (503, False, "h answers with status 503"),
    ],
)
def test_an_answer_that_takes_nothing(status, final, text):
    headers = ((b"retry-after", b"7"), (b"location", b"https://127.0.0.1/canary"))
    after = 0.0 if 300 <= status < 400 else 7.0
    assert trouble_of("h", ResponseHead(status=status, headers=headers)) == Trouble(text=text, final=final, after=after)


@pytest.mark.parametrize("value", [b"", b"soon", b"-1", b"1e9", b"99999999999"])
def test_only_seconds_are_read_as_seconds(value):
    assert trouble_of("h", ResponseHead(status=503, headers=((b"retry-after", value),))).after == 0.0


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_answer_that_takes_it(status):
    assert trouble_of("h", ResponseHead(status=status, headers=())) is None
