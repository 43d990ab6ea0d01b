"""Asks the gateway on the agent's machine: one request to its own address, signed with the agent's keys of the environment.

Rule: the agent's secret is used to sign and goes nowhere. All that is printed of an answer was made printable. What stands for no call may
go unsigned, where there are no keys and the agent has an identity token.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import ssl
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from trio_gate import __version__
from trio_gate.aws.ingress import IDENTITY_FIELD, OWN_SERVICE
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.shell.clock import SystemClock
from trio_gate.signing.sigv4 import Credentials, sign
from trio_gate.text.visible import plain
from trio_gate.values import value_class
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from trio_gate.wire.head import Headers

    T = TypeVar("T")

USER_AGENT = f"trio-gate/{__version__}"
"""The gateway sends it a sign of life while people are asked."""

SILENCE_SECONDS = 90
"""Without a sign of life from the gateway, which may wait for people for a minute where it is asked to."""

MOST_BYTES = 1024 * 1024
"""Of an answer: what an agent reads about itself is the longest, see `agent_view.view`."""

MOST_SAID = 1024
"""Characters of a refusal that are shown."""

_URL = re.compile(r"(https?)://(?:([^@/]{1,1024})@)?(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.\-]{1,253})(?::([0-9]{1,5}))?/?")
_NO_KEYS = "the agent's keys are not set: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""What an identity token is, of the two kinds of tokens that the variable may hold: proxy tokens are shown to the proxy alone."""


class NotAnsweredError(Exception):
    """There is no answer; the text is one line for the user. `status` is the exit status: 1, or 2 for wrong usage."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


@value_class
class Signature:
    """What the gateway signed: a URL, the fields to send with it, for how many seconds it works, and until when."""

    url: str
    headers: Mapping[str, str]
    seconds: int
    expires: datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the gateway is, and what for."""
    parser.add_argument(
        "--gateway", metavar="URL", help="its endpoint or proxy listener (default: AWS_ENDPOINT_URL or HTTPS_PROXY)"
    )
    parser.add_argument("--region", help="the region (default: AWS_REGION or AWS_DEFAULT_REGION)")
    parser.add_argument("--certificate", metavar="FILE", help="the agent's client certificate and its key, for such a listener")
    parser.add_argument(
        "--token-file",
        "--token",
        dest="token",
        metavar="FILE",
        help="the agent's OIDC token, where it is proven by one too (default: TRIO_GATE_AGENT_TOKEN)",
    )
    parser.add_argument("--ca", metavar="FILE", help="what verifies an endpoint listener with TLS (default: AWS_CA_BUNDLE)")


def add_account(parser: argparse.ArgumentParser) -> None:
    """Declare the account, which an agent's key names else."""
    parser.add_argument(
        "--account", metavar="ID", help="the account, where the agent has no keys but a token alone, and several accounts"
    )


def run(verb: str, args: argparse.Namespace, path: str, members: Mapping[str, object]) -> Signature | int:
    """The gateway's answer to a request for a signature; an exit status where there is none, after saying why."""
    if _keys() is None:
        print(f"trio-gate {verb}: {_NO_KEYS}", file=sys.stderr)
        return 2
    return asked(verb, args, path, members, _signature)


def asked(
    verb: str, args: argparse.Namespace, path: str, members: Mapping[str, object], read: Callable[[dict[str, Any]], T]
) -> T | int:
    """What `read` makes of the gateway's answer to a request; an exit status where there is none, after saying why.

    `read` may raise ValueError, KeyError and TypeError.
    """
    try:
        text = answer(args, "POST", path, json.dumps(members).encode("ascii"))
        try:
            return read(json.loads(text))
        except (ValueError, KeyError, TypeError):
            raise NotAnsweredError("what answers is not a gateway of this version") from None
    except NotAnsweredError as error:
        print(f"trio-gate {verb}: {error}", file=sys.stderr)
        return error.status


def answer(
    args: argparse.Namespace,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    query: tuple[tuple[str, str], ...] = (),
    accept: str = "application/json",
) -> str:
    """The gateway's answer to a request, as it came. Raises NotAnsweredError, with what it says where it refuses."""
    status, text = _sent(args, method, Target(segments=tuple(path.split("/")[1:]), query=query), body, accept)
    if status != 200:
        raise NotAnsweredError(f"{_said(text)} (status {status})")
    return text.decode("utf-8", "replace")


def _sent(args: argparse.Namespace, method: str, target: Target, body: bytes, accept: str) -> tuple[int, bytes]:
    """Status and body of the answer. Raises NotAnsweredError."""
    connection, at = _connection(args)
    keys, token = _keys(), _token(args)
    if keys is None and not token and "proxy-authorization" not in dict(at):
        raise NotAnsweredError(f"{_NO_KEYS}; nor is its identity token: TRIO_GATE_AGENT_TOKEN", 2)
    if keys is None and args.account:
        target = replace(target, query=(*target.query, ("account", args.account)))
    fields = (
        *at,
        *token,
        ("accept", accept),
        ("user-agent", USER_AGENT),
        *((("content-type", "application/json"),) if body else ()),
    )
    head = RequestHead(method=method, target=target, headers=fields)
    signed = head if keys is None else _signed(args, head, body, keys)
    try:
        connection.request(signed.method, target.text, body or None, dict(signed.headers))
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NotAnsweredError(f"the gateway at {dict(at)['host']} does not answer: {_why(error)}") from None
    finally:
        connection.close()
    if len(text) > MOST_BYTES:
        raise NotAnsweredError(f"the gateway's answer is longer than {MOST_BYTES >> 10} KiB, so it is not read")
    return answer.status, text


def _signed(args: argparse.Namespace, head: RequestHead, body: bytes, keys: Credentials) -> RequestHead:
    """The head with the agent's signature. Raises NotAnsweredError."""
    region = args.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise NotAnsweredError("the region is not known: set AWS_REGION, or give --region", 2)
    hashed, now = hashlib.sha256(body).hexdigest(), SystemClock().now()
    return sign(head, payload_hash=hashed, credentials=keys, service=OWN_SERVICE, region=region, now=now, s3=False).head


def _connection(args: argparse.Namespace) -> tuple[http.client.HTTPConnection, Headers]:
    """A connection to the gateway, not yet made, and the fields that its address asks for. Raises NotAnsweredError."""
    env = os.environ.get
    url = args.gateway or env("AWS_ENDPOINT_URL") or env("HTTPS_PROXY") or env("https_proxy")
    if not url:
        raise NotAnsweredError("the gateway is not known: set AWS_ENDPOINT_URL or HTTPS_PROXY, or give --gateway", 2)
    found = _URL.fullmatch(url)
    if found is None:
        raise NotAnsweredError("the gateway's address is not like http://127.0.0.1:8081", 2)
    scheme, user, host, port = found.groups()
    at = [("host", f"{host}:{port}" if port else host)]
    if user:  # the agent's name and proxy token
        at.append(("proxy-authorization", f"Basic {base64.b64encode(unquote_to_bytes(user)).decode('ascii')}"))
    if scheme == "http":
        return http.client.HTTPConnection(host.strip("[]"), int(port or 80), timeout=SILENCE_SECONDS), tuple(at)
    try:
        trust = client_context(args.ca or env("AWS_CA_BUNDLE"))
        if args.certificate:
            trust.load_cert_chain(args.certificate)
    except CertificatesUnavailable as error:
        raise NotAnsweredError(error.reason, 2) from None
    except OSError as error:  # TLS's faults are some, too
        raise NotAnsweredError(f"the client certificate cannot be used: {error.strerror}", 2) from None
    return http.client.HTTPSConnection(host.strip("[]"), int(port or 443), timeout=SILENCE_SECONDS, context=trust), tuple(at)


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not verify ({error.verify_message}): --ca names the file that verifies it"
    return str(getattr(error, "strerror", None) or error)


def _token(args: argparse.Namespace) -> Headers:
    """The field with the agent's OIDC token; none where it has none. Raises NotAnsweredError."""
    token = os.environ.get("TRIO_GATE_AGENT_TOKEN", "").strip()
    if not _JWT.fullmatch(token):
        token = ""
    if args.token:
        try:
            token = Path(args.token).read_text("ascii")
        except (OSError, ValueError):
            raise NotAnsweredError(f"the OIDC token cannot be read from {plain(args.token)}", 2) from None
    token = token.strip()
    if token and not _TOKEN.fullmatch(token):
        raise NotAnsweredError("the OIDC token is not one: it has characters that no token has, or is too long", 2)
    return ((IDENTITY_FIELD, token),) if token else ()


def _keys() -> Credentials | None:
    """The agent's keys; None where they are not set."""
    env = os.environ.get
    key_id, secret = env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
    if not key_id or not secret:
        return None
    return Credentials(access_key_id=key_id, secret_access_key=secret, session_token=env("AWS_SESSION_TOKEN"))


def _signature(read: dict[str, Any]) -> Signature:
    expires = datetime.fromisoformat(read["expires"])
    return Signature(url=read["url"], headers=read["headers"], seconds=int(read["seconds"]), expires=expires)


def _said(body: bytes) -> str:
    """Why there is no signature: what the gateway says or, where it stopped before it could say so in JSON, its text."""
    text = body.decode("utf-8", "replace")
    with suppress(ValueError, KeyError, TypeError):
        text = str(json.loads(text)["message"])
    return plain(" ".join(text.split()))[:MOST_SAID] or "the gateway said nothing"
