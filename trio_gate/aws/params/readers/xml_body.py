"""Reads XML as AWS documents use it: elements, attributes, text. expat parses it, and everything else is refused.

Refused: versions other than 1.0 (in 1.1, U+0085 and U+2028 end lines), encodings other than UTF-8, declared US-ASCII with other
bytes, a DOCTYPE, entities, processing instructions, comments (some readers join the text around one, others cut it), text beside
elements, nesting beyond MAX_DEPTH, more than MAX_VALUES elements, a tag of more than MAX_TAG bytes, names that are not ASCII, an
element with a prefix or in a namespace other than the root's (a reader of namespaces would not see it), and any attribute prefix
but `xsi`, bound to XML Schema's instances.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from trio_gate.aws.params.readers import MAX_DEPTH, MAX_VALUES
from trio_gate.aws.params.readers.pieces import Branch, from_utf8
from trio_gate.errors import Malformed
from trio_gate.text.folding import fold

MAX_TAG = 16 * 1024
"""Bytes of a tag with its attributes. In AWS's documents these are only names of namespaces and types."""

_BLANK = " \t\r\n"
_PARTS = "\n"
"""Separates namespace, name and prefix in what expat reports. No namespace contains it."""

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(slots=True, kw_only=True)
class Element(Branch):
    """One element. Names have no namespace, except `xsi:type`, which keeps its prefix. `text` is the text directly inside it.

    `namespace` is that of the whole document, "" without one.
    """

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    namespace: str = ""

    @property
    def text(self) -> str:
        """The text directly inside the element, with entities resolved."""
        return "".join(self.parts)

    @property
    def blank(self) -> bool:
        """Whether it holds no text but white space."""
        return not any(part.strip(_BLANK) for part in self.parts)


def read_xml(data: bytes) -> Element:
    """Read an XML document and return its root.

    Raises:
        Malformed: it is not XML, or holds something that is refused here.
    """
    # expat obeys a byte order mark, whatever encoding it is given.
    try:
        text = from_utf8(data)
    except UnicodeDecodeError:
        raise Malformed("the XML body is not UTF-8") from None
    if text.startswith("\ufeff") or "\0" in text:
        raise Malformed("the XML body begins with a byte order mark or holds NUL")
    tree = Element(name="", attributes={})
    try:
        _parse(_parser(tree, ascii_only=text.isascii()), data)
    except expat.ExpatError:
        raise Malformed("the body is not XML") from None
    return tree.children[0]


def _parser(tree: Element, *, ascii_only: bool) -> expat.XMLParserType:
    """Make a parser that puts the root below `tree`. Its handlers do not refer to it, so nothing waits for garbage collection."""
    builder = _Builder(tree, ascii_only=ascii_only)
    parser = expat.ParserCreate("utf-8", _PARTS)
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.XmlDeclHandler = builder.declaration
    parser.StartDoctypeDeclHandler = builder.refuse_doctype
    parser.ProcessingInstructionHandler = builder.refuse_instruction
    parser.CommentHandler = builder.refuse_comment
    return parser


def _parse(parser: expat.XMLParserType, data: bytes) -> None:
    """Feed a parser, which begins again at each piece with a tag that has no end yet: a long one would be read over and over."""
    if hasattr(parser, "SetReparseDeferralEnabled"):  # an expat that else waits for more of a tag, and says no place meanwhile
        parser.SetReparseDeferralEnabled(False)
    for at in range(0, len(data), MAX_TAG):
        piece = data[at : at + MAX_TAG]
        parser.Parse(piece, False)
        begun = parser.CurrentByteIndex if parser.CurrentByteIndex >= 0 else at
        if at + len(piece) - begun > MAX_TAG:
            raise Malformed(f"the XML body has a tag, comment or instruction of more than {MAX_TAG} bytes")
    parser.Parse(b"", True)


class _Builder:
    __slots__ = ("ascii_only", "count", "namespace", "open")

    def __init__(self, tree: Element, *, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.count = 0
        self.namespace = ""
        self.open = [tree]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_VALUES or len(self.open) > MAX_DEPTH:
            raise Malformed(f"the XML body has more than {MAX_VALUES} elements or {MAX_DEPTH} levels")
        space, local, prefix = _name(name)
        if self.count == 1:
            self.namespace = space
        if prefix or space != self.namespace:
            raise Malformed("the XML body has an element with a prefix, or in another namespace than its root's")
        given = {_attribute(key): value for key, value in attributes.items()}
        element = Element(name=local, attributes=given, namespace=space)
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _name: str) -> None:
        element = self.open.pop()
        if element.children and not element.blank:
            raise Malformed("the XML body has text beside elements")

    def data(self, text: str) -> None:
        self.open[-1].parts.append(text)

    def declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise Malformed("the XML body is of another version than 1.0")
        coding = None if encoding is None else fold(encoding)
        if coding not in (None, "utf-8") and not (coding == "us-ascii" and self.ascii_only):
            raise Malformed("the XML body is not UTF-8")

    def refuse_doctype(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a DOCTYPE")

    def refuse_instruction(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a processing instruction")

    def refuse_comment(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a comment")


def _name(text: str) -> tuple[str, str, str]:
    """Namespace, name and prefix of a name that expat has resolved; each may be empty but the name."""
    if not text.isascii():
        raise Malformed("the XML body has a name beyond ASCII")
    parts = text.split(_PARTS)
    if len(parts) > 3:
        raise Malformed("the XML body has a namespace that holds a line end")
    if len(parts) == 1:
        return "", text, ""
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _attribute(text: str) -> str:
    space, local, prefix = _name(text)
    if not space:
        return local
    if (space, prefix) != (_INSTANCE, "xsi"):
        raise Malformed("the XML body has an attribute with another prefix than xsi, or with xsi for another namespace")
    return f"{prefix}:{local}"
