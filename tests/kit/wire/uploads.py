"""Uploads to S3 as bytes, in each form that a client may send them, signed by botocore and by hand: the oracle of the gateway's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
HASHED = "hash"
FORMS = (HASHED, UNSIGNED, UNSIGNED_TRAILER, SIGNED, SIGNED_TRAILER)


def _reflected(polynomial: int, width: int) -> Callable[[bytes], bytes]:
    table = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)

    def digest(data: bytes) -> bytes:
        ones = value = (1 << width) - 1
        for byte in data:
            value = table[(value ^ byte) & 255] ^ value >> 8
        return (value ^ ones).to_bytes(width // 8, "big")

    return digest


CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "crc32c": _reflected(0x82F63B78, 32),
    "crc64nvme": _reflected(0x9A6C9329AC4BC9B5, 64),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
}


class _Signer(S3SigV4Auth):
    """botocore's, with a given word for the payload."""

    def __init__(self, key: Credentials, payload: str) -> None:
        super().__init__(key, "s3", REGION)
        self._payload = payload

    def payload(self, request: AWSRequest) -> str:
        return self._payload


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What is sent, and where it lies.

    Attributes:
        sent: the content that is sent after `data` was hashed, signed and summed, where it is another.
        forged: chunks whose signature is of nothing; the last is -1, the trailers' is "trailer".
        checksum: the value that is declared, where it is not the right one.
        body: the last say about the framed bytes.
    """

    host: str
    path: str
    data: bytes
    form: str
    method: str = "PUT"
    account: str = "staging"
    algorithm: str = "crc32"
    chunk: int = 64 * 1024
    chunked: bool = False
    expect: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    sent: bytes | None = None
    forged: tuple[int | str, ...] = ()
    checksum: str | None = None
    body: Callable[[bytes], bytes] = bytes

    def __call__(self, **changes) -> Upload:
        return replace(self, **changes)

    @property
    def made(self) -> tuple[bytes, bytes]:
        """Head and body, as they go on the wire."""
        made = self._request()
        key = Credentials(f"AKIA{ACCOUNTS[self.account]}CI01", SECRET)
        word = hashlib.sha256(self.data).hexdigest() if self.form == HASHED else self.form
        _Signer(key, word).add_auth(made)
        body = self.body(self._body(made))
        framing = "Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {len(body)}"
        more = ["Expect: 100-continue"] if self.expect else []
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in made.headers.items()), framing]
        head = "\r\n".join([*lines, *more, "", ""]).encode()
        return head, _transfer(body) if self.chunked else body

    def _request(self) -> AWSRequest:
        made = AWSRequest(method=self.method, url=f"http://{self.host}{self.path}", data=b"")
        made.headers["Host"] = self.host
        fields = {}
        if self.form not in (HASHED, UNSIGNED):
            fields = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(len(self.data))}
        if self.form.endswith("TRAILER"):
            fields["X-Amz-Trailer"] = f"x-amz-checksum-{self.algorithm}"
        for name, value in {**fields, **dict(self.fields)}.items():
            made.headers[name] = value
        return made

    def _body(self, made: AWSRequest) -> bytes:
        content = self.data if self.sent is None else self.sent
        if self.form in (HASHED, UNSIGNED):
            return content
        cuts = range(0, len(content), self.chunk)
        pieces = [(self.data[at : at + self.chunk], content[at : at + self.chunk]) for at in cuts]
        chain = _Chain(made) if self.form.startswith(SIGNED) else None
        raw = b""
        for number, (signed, data) in enumerate(pieces):
            raw += self._line(chain, signed, data, forged=number in self.forged) + data + b"\r\n"
        raw += self._line(chain, b"", b"", forged=-1 in self.forged)
        return raw + self._trailers(chain) + b"\r\n"

    def _line(self, chain: _Chain | None, signed: bytes, data: bytes, *, forged: bool) -> bytes:
        if chain is None:
            return b"%x\r\n" % len(data)
        signature = chain.next("PAYLOAD", EMPTY, hashlib.sha256(signed).hexdigest())
        return f"{len(data):x};chunk-signature={'0' * 64 if forged else signature}\r\n".encode()

    def _trailers(self, chain: _Chain | None) -> bytes:
        if not self.form.endswith("TRAILER"):
            return b""
        value = self.checksum or base64.b64encode(CHECKSUMS[self.algorithm](self.data)).decode()
        line = f"x-amz-checksum-{self.algorithm}:{value}"
        if chain is None:
            return f"{line}\r\n".encode()
        signature = chain.next("TRAILER", hashlib.sha256(f"{line}\n".encode()).hexdigest())
        return f"{line}\r\nx-amz-trailer-signature:{'0' * 64 if 'trailer' in self.forged else signature}\r\n".encode()


class _Chain:
    def __init__(self, made: AWSRequest) -> None:
        authorization = made.headers["Authorization"]
        scope = authorization.partition("Credential=")[2].partition(",")[0].partition("/")[2]
        self._last = authorization.rpartition("Signature=")[2]
        self._when = (made.context["timestamp"], scope)
        self._key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            self._key = hmac.new(self._key, part.encode(), "sha256").digest()

    def next(self, kind: str, *digests: str) -> str:
        text = "\n".join((f"AWS4-HMAC-SHA256-{kind}", *self._when, self._last, *digests))
        self._last = hmac.new(self._key, text.encode(), "sha256").hexdigest()
        return self._last


def _transfer(body: bytes) -> bytes:
    """In HTTP chunks that cut the framing inside wherever they fall."""
    pieces = [body[at : at + 8000] for at in range(0, len(body), 8000)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
