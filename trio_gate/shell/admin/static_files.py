"""The files of the approvals page, and the headers that they are served with.

Rule: only the files in `static` are served, by name, read once. The page loads scripts and styles from, and connects to, this
listener alone; nothing is inline or framed, and no string becomes markup (trusted types without a policy).
"""

from __future__ import annotations

from pathlib import Path

from trio_gate.shell.net.plain_response import answer

STATIC = Path(__file__).parent / "static"
INDEX = "index.html"

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

CSP = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # pictures that a call carries, once a person wants to see them
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)

FIELDS = (
    (b"content-security-policy", CSP.encode("ascii")),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def load() -> dict[str, bytes]:
    """The whole HTTP response for each request target, `/` included. Reads the files."""
    found = {f"/{path.name}": _file(path) for path in sorted(STATIC.iterdir()) if path.suffix in KINDS}
    return {"/": found.pop(f"/{INDEX}"), **found}


def _file(path: Path) -> bytes:
    return answer(200, path.read_bytes(), kind=KINDS[path.suffix], more=FIELDS)
