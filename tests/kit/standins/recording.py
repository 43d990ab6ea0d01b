"""A TLS server on loopback that plays any host of AWS, and keeps what it was sent."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.kit.standins.https import https

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.kit.standins.https import Answer, Seen


@dataclass(kw_only=True)
class Recording:
    """The server: where it is, and what it has seen. `answer` is the status, headers and body of every answer."""

    port: int
    ca_file: str
    seen: list[Seen] = field(default_factory=list)
    answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"")

    def route(self, host: str) -> str:
        """The `upstream` block that leads `host` here."""
        return f'upstream "{host}" {{\n  address = "127.0.0.1:{self.port}"\n  ca_file = "{self.ca_file}"\n}}\n'


@contextmanager
def recording(folder: Path, *hosts: str) -> Iterator[Recording]:
    """Serve as `hosts`."""
    ca_file = folder / "recording-ca.pem"
    made = Recording(port=0, ca_file=str(ca_file))

    def answer(seen: Seen) -> Answer:
        made.seen.append(seen)
        return made.answer

    with https(ca_file, hosts, answer) as made.port:
        yield made
