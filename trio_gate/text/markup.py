"""Text inside of XML, escaped as `html.escape` does it: that module brings a table of all of HTML's names, which nobody needs for this."""

from __future__ import annotations


def escaped(text: str, *, quote: bool = False) -> str:
    """The text as character data of XML; with `quote` as an attribute's value, too."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#x27;") if quote else text
