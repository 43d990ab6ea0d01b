"""Signs a request in its URL, for somebody who sends it later without the gateway.

Rule: the URL holds the id and the token of the session that signs, never its secret. The signature covers the host, every field of the
head, the whole query and, but for S3, that there is no body. The tests compare with botocore's presigner.

Source: "Authenticating requests: using query parameters (AWS signature version 4)", Amazon S3 API Reference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.signing.sigv4 import (
    ALGORITHM,
    S3_FAMILY,
    SigningKeys,
    by_name,
    canonical_request,
    sign_string,
    stamp,
    string_to_sign,
)
from trio_gate.wire.head import encoded_path

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.signing.sigv4 import Credentials
    from trio_gate.wire.head import RequestHead

EXPIRES = "X-Amz-Expires"
"""The parameter that says for how many seconds after its date the signature works."""

_SESSION = "X-Amz-Security-Token"


def signed_url(
    head: RequestHead,
    *,
    seconds: int,
    payload_hash: str,
    credentials: Credentials,
    service: str,
    region: str,
    now: datetime,
    keys: SigningKeys | None = None,
) -> str:
    """The URL that stands for a request.

    Args:
        head: what the URL stands for, unsigned; who uses the URL must send its fields too.
        seconds: how long the signature works, from `now` on.
        payload_hash: the word or hash that stands for the body.
        credentials: the keys to sign with.
        service: signing name.
        region: signing region.
        now: the current time, aware.
        keys: the cache of derived keys; None for none.
    """
    amz_date, names = stamp(now), sorted(name for name, _ in head.headers)
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    added = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": amz_date,
        EXPIRES: str(seconds),
        "X-Amz-SignedHeaders": ";".join(names),
        **({_SESSION: credentials.session_token} if credentials.session_token else {}),
    }
    target = replace(head.target, query=(*head.target.query, *added.items()))
    path = target.path if service in S3_FAMILY else encoded_path(target.path)
    request = canonical_request(head.method, by_name(head), path=path, query=target.query, names=names, payload_hash=payload_hash)
    key = (keys or SigningKeys()).key(credentials.secret_access_key, amz_date[:8], region, service)
    signature = sign_string(key, string_to_sign(amz_date, scope, request))
    return f"https://{head.first['host']}{target.text}&X-Amz-Signature={signature}"
