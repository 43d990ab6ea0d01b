"""A link as a QR code of characters, where the package `segno` is installed (the extra `qr`)."""

from __future__ import annotations

import io


def qr_code(text: str) -> str:
    """The QR code of a text, for a terminal; empty without `segno`."""
    try:
        import segno  # noqa: PLC0415 - an extra, which need not be installed
    except ImportError:
        return ""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
