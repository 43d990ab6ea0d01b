"""Chunks that are signed are checked with the agent's secret, however their request is read; where none are, nothing is kept for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kit.aws.host_table import TABLE
from tests.kit.aws.naming import catalog
from tests.kit.configs import BASE, MAIN, load
from tests.kit.gateway import SECRET
from tests.kit.wire.claims import when
from tests.kit.wire.raw import S3
from tests.kit.wire.uploads import FORMS, SIGNED, SIGNED_TRAILER, Upload
from trio_gate.aws.ingress import Ingress
from trio_gate.errors import Unauthenticated
from trio_gate.exchange import steps
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.sessions.table import SessionTable
from trio_gate.signing.sigv4 import SigningKeys
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Held
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from trio_gate.exchange.results import Routed

KEYS = SigningKeys()
AGENT = f'agent "ci" {{\n  key_suffix = "CI01"\n  secrets = ["another-{SECRET}", "{SECRET}"]\n}}\n'
GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n'
SNAPSHOT = compile_snapshot(1, load(GATEWAY + BASE + MAIN + AGENT))


def routed(head: bytes) -> Routed:
    claimed = steps.claim(parse_request_head(head), Ingress(kind="tls", sni=S3), "127.0.0.1")
    declared = steps.declared_payload(claimed, SNAPSHOT, has_body=True)
    assert declared is not None
    signer = steps.prove(claimed, declared, SNAPSHOT, TABLE, SessionTable(), now=when(claimed.claim), keys=KEYS)
    found = steps.route(steps.admit(claimed, SNAPSHOT, signer, None), SNAPSHOT, TABLE, KEYS)
    catalog().ensure([candidate.service for candidate in found.place.candidates])
    return found


def read(upload: Upload) -> bytes:
    """The content, read as it comes or whole, as its operation needs it."""
    head, body = upload.made
    found, content = routed(head), bytearray()
    streamed = steps.streamed(found, catalog(), len(body))
    if streamed is None:
        held = steps.unframe(found, Held(data=body)).body
        assert isinstance(held, Held)
        return held.data
    checker = checker_for(streamed, content.extend, found.chain and found.chain.fresh())
    checker.feed(body)
    checker.finish()
    return bytes(content)


WAYS = [
    Upload(host=S3, path="/b/k", data=b"hello" * 9000, form=SIGNED),
    Upload(host=S3, path="/b?delete=", data=b"<a/>", form=SIGNED),
]
WAYS[1] = WAYS[1](method="POST")


@pytest.mark.parametrize("form", [SIGNED, SIGNED_TRAILER])
@pytest.mark.parametrize("upload", WAYS, ids=["streamed", "held"])
def test_signed_chunks_are_checked(upload, form):
    assert read(upload(form=form)) == upload.data
    for forged in (0, -1, *(["trailer"] if form == SIGNED_TRAILER else [])):
        with pytest.raises(Unauthenticated, match="signature of a chunk"):
            read(upload(form=form, forged=(forged,)))


@pytest.mark.parametrize("form", FORMS)
def test_a_chain_is_made_for_signed_chunks_alone(form):
    head, _ = WAYS[0](form=form).made
    assert (routed(head).chain is not None) == form.startswith(SIGNED)
