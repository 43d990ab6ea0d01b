"""Signatures in URLs as AWS verifies them, which moto does not: by botocore's own signer, and with the fields that S3 wants covered.

A request whose signature is good goes on to moto signed in its head with the same key, so that moto looks at roles and policies as ever.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.sts.models import sts_backends

from trio_gate.shell.clock import SystemClock

_OWN = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Security-Token")


def with_head_signature(environ: dict[str, Any]) -> str | None:
    """Verify a request that is signed in its URL and sign it in its head; return why it is refused, None if it is not."""
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    if "X-Amz-Signature" not in query:
        return None
    key_id, _, region, service, _ = query["X-Amz-Credential"].split("/")
    keys = _keys(key_id, query.get("X-Amz-Security-Token"))
    made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if keys is None:
        return "InvalidAccessKeyId"
    if not 0 <= (SystemClock().now() - made).total_seconds() <= int(query["X-Amz-Expires"]):
        return "Request has expired"
    fields = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    covered = query["X-Amz-SignedHeaders"].split(";")
    if any(name.startswith("x-amz-") and name not in covered for name in fields):
        return "There were headers present in the request which were not signed"
    rest = {name: value for name, value in query.items() if name not in _OWN and name != "X-Amz-Signature"}
    url = f"https://{fields['host']}{quote(environ['PATH_INFO'].encode('latin-1'), safe='/-._~')}"
    if _signature(environ["REQUEST_METHOD"], url, query, fields, covered, keys) != query["X-Amz-Signature"]:
        return "SignatureDoesNotMatch"
    _sign(environ, url, rest, keys, service, region)
    return None


def _keys(key_id: str, token: str | None) -> Credentials | None:
    """The session with this key and token."""
    for partitions in sts_backends.values():
        for backend in partitions.values():
            for one in backend.assumed_roles:
                if (one.access_key_id, one.session_token) == (key_id, token):
                    return Credentials(one.access_key_id, one.secret_access_key, one.session_token)
    return None


def _signature(
    method: str, url: str, query: dict[str, str], fields: dict[str, str], covered: list[str], keys: Credentials
) -> str:
    """What botocore computes for the request as it came."""
    _, _, region, service, _ = query["X-Amz-Credential"].split("/")
    signer = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(keys, service, region, int(query["X-Amz-Expires"]))
    text = urlencode([pair for pair in query.items() if pair[0] != "X-Amz-Signature"], quote_via=quote)
    request = AWSRequest(method, f"{url}?{text}", headers={name: fields[name] for name in covered if name in fields})
    request.context["timestamp"] = query["X-Amz-Date"]
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


def _sign(environ: dict[str, Any], url: str, rest: dict[str, str], keys: Credentials, service: str, region: str) -> None:
    """Sign the request in its head; as a form, where it has an action in its query, whose signature moto cannot verify."""
    text, body = urlencode(rest, quote_via=quote), environ["wsgi.input"].read()
    if "Action" in rest:
        text, body = "", text.encode()
        environ |= {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
        }
    environ |= {"wsgi.input": io.BytesIO(body), "QUERY_STRING": text}
    request = AWSRequest(environ["REQUEST_METHOD"], f"{url}?{text}" if text else url, data=body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, region).add_auth(request)
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
