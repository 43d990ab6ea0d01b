"""Compares our strict parsers with others: what ours accept, Go's and Node's standard libraries must read in the same way.

Inputs are samples of each kind, truncated, duplicated and mixed with constructs that parsers are known to read differently. What ours
reject is not compared. A difference is minimized and printed with its bytes in hex and both readings; the exit status is then 1. A peer
that is not installed is named and left out. The same --seed produces the same inputs.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.xml_body import Element, read_xml
from trio_gate.errors import GateError
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd, Informational, PeerClosed
from trio_gate.wire.head import RequestHead, ResponseHead, Target
from trio_gate.wire.upstream_connection import UpstreamConnection

PEERS = Path(__file__).parent / "peers"
NODE = Path(__file__).parents[2] / ".venv-programs" / "bin"
"""Where scripts/programs installs Node.js."""

BATCH = 2000
SLOWEST = 60
"""Seconds that a peer may take for one batch, or its compiler."""

ROUNDS = 40
"""Steps for minimizing a difference."""

REFUSED = "refused"
Reader = Callable[[bytes], str]
Peer = Callable[[str, Sequence[bytes]], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of input: our parser, the peers that have one, samples, and pieces to insert."""

    read: Reader
    peers: tuple[str, ...]
    samples: tuple[bytes, ...]
    pieces: tuple[bytes, ...]


def _hex(text: str) -> str:
    return text.encode("utf-8").hex()


def _json(raw: bytes) -> str:
    return _shown(read_json(raw))


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "n", True: "t", False: "f"}[value]
    if isinstance(value, str):
        return "s" + _hex(value)
    if isinstance(value, list):
        return f"[{','.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{_hex(name)}:{_shown(item)}" for name, item in value.items())) + "}"
    return "d" + struct.pack(">d", float(value) or 0.0).hex()


def _form(raw: bytes) -> str:
    return "form " + "&".join(sorted(f"{_hex(name)}={_hex(value)}" for name, value in read_form(raw).items()))


def _xml(raw: bytes) -> str:
    return _element(read_xml(raw))


def _element(one: Element) -> str:
    blanks = str.maketrans("\r\n\t", "   ")
    attributes = sorted(f"{_hex(name)}={_hex(value.translate(blanks))}" for name, value in one.attributes.items())
    inside = "".join(map(_element, one.children)) or _hex(one.text)
    return f"({_hex(one.name)} {' '.join(attributes)} {inside})"


def _answer(raw: bytes) -> str:
    connection = UpstreamConnection()
    connection.send_request(RequestHead(method="GET", target=Target(segments=("",)), headers=(("host", "a"),)), length=0)
    connection.send_end()
    status, body = 0, b""
    connection.receive(raw)
    connection.receive(b"")
    while not isinstance(event := connection.next_event(), BodyEnd):
        if isinstance(event, ResponseHead):
            status = event.status
        elif isinstance(event, BodyData):
            body += event.data
        elif not isinstance(event, Informational):
            return REFUSED
    connection.next_event()  # bytes after the answer are a fault
    return f"{status} {body.hex()} "


def _request(raw: bytes) -> str:
    connection = AgentConnection()
    connection.receive(raw)
    connection.receive(b"")
    head, body = None, b""
    while not isinstance(event := connection.next_event(), BodyEnd):
        if event is NEED_DATA or isinstance(event, PeerClosed):
            return REFUSED
        if isinstance(event, RequestHead):
            head = event
        elif isinstance(event, BodyData):
            body += event.data
    if head is None:
        return REFUSED
    hidden = ("host", "transfer-encoding", "trailer")  # Go removes these from the fields
    fields = "&".join(sorted(f"{_hex(name)}={_hex(value)}" for name, value in head.headers if name not in hidden))
    path, host = _hex("/" + "/".join(head.target.segments)), _hex((head.one("host") or "").lower())
    return f"{head.method} {path} {host} {fields} {body.hex()} {connection.leftover.hex()}"


_HEAD = b"POST /a%2Fb/c?d=e%26f HTTP/1.1\r\nHost: a.b\r\n"
_OK = b"HTTP/1.1 200 OK\r\n"


def _words(text: str) -> tuple[bytes, ...]:
    """The pieces of an ASCII text, separated by blanks."""
    return tuple(word.encode("ascii") for word in text.split(" "))


_BLANKS = (*(bytes([octet]) for octet in b" \t\r\n\x0b\x0c\x00\x7f"), b"\r\n", *map(str.encode, "\x85\xa0\u2028\ufeff"))
_ODD = (*_BLANKS, b"\xe2\x84\xaa", b"\xc3\xa9", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf")
_LINES = "Transfer-Encoding: chunked|Content-Length: 2|Content-Length: 9223372036854775808|Connection: close|x-amz-meta-a: b|A: b"
_HTTP = (
    *_ODD,
    *(f"{line}\r\n".encode() for line in (*_LINES.split("|"), "Host: a.b:443", "\r\n", "0\r\n", "2\r\nhi")),
    *(b": ", b"204 ", b"304 ", b"100 "),
    *_words("chunked identity ;a=b 2 00000000000000000 HTTP/1.0 HTTP/1.1 http/1.1 , + - _ 0x"),
)

KINDS = {
    "json": Kind(
        read=_json,
        peers=("go", "node"),
        samples=(
            b'{"a":[1,-2.5e1,true,null,"b"],"c":{"d":"\\u00e9"}}',
            b'[0,1e2,123456789012345678901234567890,"\\ud83d\\ude00"]',
            b'"a"',
            b"{}",
        ),
        pieces=(
            *_ODD,
            *_words(r"""" \ \u0000 \ud800 \/ { } [ ] , : 1 0 - + . e9 1e400 "a":1"""),
            *_words("NaN Infinity // /**/ ' true True null 1.0 -0 1_0"),
        ),
    ),
    "form": Kind(
        read=_form,
        peers=("go", "node"),
        samples=(b"Action=ListUsers&Version=2010-05-08&PathPrefix=/a", b"a=b+c%2B&d%3Be=%C3%A9&f", b"a.1=b&a.2=c", b"?a=b"),
        pieces=(*_ODD, *_words("% %zz %4 %41 %00 %C3%A9 %C0%AE %u0041 & = ; + ? # [] %26")),
    ),
    "xml": Kind(
        read=_xml,
        peers=("go",),
        samples=(
            b'<?xml version="1.0" encoding="UTF-8"?>\n<D xmlns="u"><O><K>a b</K><V/></O><Q>true</Q></D>',
            b'<A xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><G xsi:type="C">&lt;&#x41;<![CDATA[<b>]]></G></A>',
            b'<?xml version="1.0" encoding="us-ascii" standalone="yes"?><a b="c" d=\'e\'>f</a>',
        ),
        pieces=(
            *_ODD,
            *_words("< > & &amp; &#13; &#10; &#0; &b; <![CDATA[ ]]> <b/> </b> 1.1 latin1 utf-16 x: : standalone"),
            *(b"<!-- -->", b"<?x y?>", b"<!DOCTYPE a>", b' xmlns=""', b' xmlns="v"', b' xmlns:x="v"', b' xml:lang="e"'),
        ),
    ),
    "answer": Kind(
        read=_answer,
        peers=("go",),
        samples=(
            _OK + b"Content-Length: 2\r\nETag: e\r\n\r\nab",
            _OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nx-t: a\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n" + _OK + b"\r\nab",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nab",
        ),
        pieces=_HTTP,
    ),
    "request": Kind(
        read=_request,
        peers=("go",),
        samples=(
            _HEAD + b"Content-Length: 5\r\nX-Amz-Acl: private\r\n\r\nhello",
            _HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-t: a\r\n\r\n",
            _HEAD + b"Content-Length: 0\r\n\r\n" + _HEAD + b"\r\n",
            b"GET //a/./../%2e?x HTTP/1.1\r\nhost: A.B\r\nX-Amz-Meta-A:  b  c \r\n\r\n",
        ),
        pieces=_HTTP,
    ),
}


def mutated(chance: random.Random, kind: Kind) -> bytes:
    """A sample with a few changes."""
    data = bytearray(chance.choice(kind.samples))
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5))):
        start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(6):
            case 0:
                del data[start : min(end, start + 8)]
            case 1:
                data[start:start] = data[start:end]
            case 2:
                other = chance.choice(kind.samples)
                data[start:start] = other[chance.randrange(len(other)) :][:12]
            case 3:
                data[start : start + 1] = bytes([chance.randrange(256)])
            case _:
                data[start:start] = chance.choice(kind.pieces)
    return bytes(data)


def ours(kind: Kind, data: bytes) -> str:
    """Our reading, or "refused"."""
    try:
        return kind.read(data)
    except GateError:
        return REFUSED


def differences(name: str, kind: Kind, inputs: Iterable[bytes], peers: dict[str, Peer]) -> tuple[int, list[tuple[bytes, str]]]:
    """How many inputs ours accepts, and those that a peer reads differently, with its name."""
    taken = [(data, reading) for data in dict.fromkeys(inputs) if (reading := ours(kind, data)) != REFUSED]
    found = []
    for peer in (peer for peer in kind.peers if peer in peers):
        readings = peers[peer](name, [data for data, _ in taken])
        pairs = zip(taken, readings, strict=True)
        found += [(data, peer) for (data, reading), other in pairs if reading != other and not known(name, data, peer, other)]
    return len(taken), found


def known(name: str, data: bytes, peer: str, other: str) -> bool:
    """Whether a difference is known and harmless: Go rejects `]]>` in an attribute, XML allows it."""
    return name == "xml" and peer == "go" and other == REFUSED and b"]]>" in data


def smallest(name: str, kind: Kind, data: bytes, peers: dict[str, Peer]) -> bytes:
    """A shorter input that still differs, made by removing pieces as long as possible."""
    for _ in range(ROUNDS):
        sizes = sorted({max(1, len(data) >> shift) for shift in range(1, 12)}, reverse=True)
        cuts = [data[:at] + data[at + size :] for size in sizes for at in range(0, len(data), max(1, size // 2))]
        _, found = differences(name, kind, cuts, peers)
        if not found:
            break
        data = min((cut for cut, _ in found), key=len)
    return data


def installed(folder: Path) -> dict[str, Peer]:
    """The peers whose programs are installed."""
    peers: dict[str, Peer] = {}
    if go := shutil.which("go"):
        built = [go, "build", "-o", str(folder / "peer"), str(PEERS / "peer.go")]
        alone = {"GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
        if subprocess.run(built, env=os.environ | alone, timeout=5 * SLOWEST, check=False).returncode == 0:
            peers["go"] = _peer(str(folder / "peer"))
    if node := shutil.which("node", path=f"{NODE}{os.pathsep}{os.environ['PATH']}"):
        peers["node"] = _peer(node, str(PEERS / "peer.js"))
    return peers


def _peer(*command: str) -> Peer:
    def read(name: str, inputs: Sequence[bytes]) -> list[str]:
        if not inputs:
            return []
        text = "".join(f"{name} {data.hex()}\n" for data in inputs)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=SLOWEST)
        return done.stdout.splitlines()

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare for some time. Returns 1 if a difference was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--batches", type=int, default=1_000_000, help=f"of {BATCH} inputs each, at most")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kind", choices=KINDS, action="append")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory() as folder:
        peers = installed(Path(folder))
        for absent in sorted({"go", "node"} - peers.keys()):
            print(f"fuzz: no {absent}, so nothing is compared with it", file=sys.stderr)
        return compare(options.kind or list(KINDS), peers, seed=seed, seconds=options.seconds, batches=options.batches)


def compare(names: Sequence[str], peers: dict[str, Peer], *, seed: int, seconds: float, batches: int) -> int:
    """Run batches of each kind in turn until the time or number is reached, or something differs."""
    chance, ends = random.Random(seed), time.monotonic() + seconds
    tried, taken = 0, dict.fromkeys(names, 0)
    for name in itertools.islice(itertools.cycle(names), batches):
        if time.monotonic() > ends:
            break
        kind = KINDS[name]
        count, found = differences(name, kind, [mutated(chance, kind) for _ in range(BATCH)], peers)
        tried, taken[name] = tried + BATCH, taken[name] + count
        if found:
            report(name, kind, min(found, key=lambda one: len(one[0])), peers, seed)
            return 1
    said = ", ".join(f"{count} of {name}" for name, count in taken.items())
    print(
        f"fuzz: seed {seed}, {tried} inputs, taken by ours: {said}; none is read differently by {' or '.join(peers) or 'nobody'}"
    )
    return 0


def report(name: str, kind: Kind, found: tuple[bytes, str], peers: dict[str, Peer], seed: int) -> None:
    """Print the smallest form of a difference."""
    data, peer = found
    data = smallest(name, kind, data, {peer: peers[peer]})
    print(f"fuzz: seed {seed}: {name} is read differently by {peer}: {data!r}\n  hex   {data.hex()}")
    print(f"  ours  {ours(kind, data)}\n  {peer:5} {peers[peer](name, [data])[0]}")


if __name__ == "__main__":
    sys.exit(main())
