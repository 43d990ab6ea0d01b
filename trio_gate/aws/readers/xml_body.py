"""XML as AWS documents need it: elements, attributes, text. Read by expat with everything else refused.

Refused: a DOCTYPE, entities, processing instructions, comments (a comment inside a text joins or cuts it, depending on the
reader), another encoding than UTF-8, text beside elements, nesting beyond MAX_DEPTH, more than MAX_VALUES elements, and an
element in another namespace than the root's: who reads namespaces would not see it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from trio_gate.aws.readers import MAX_DEPTH, MAX_VALUES
from trio_gate.errors import Malformed

_BLANK = " \t\r\n"


@dataclass(slots=True, kw_only=True)
class Element:
    """One element: names as written, prefixes included; `text` is what stands directly in it."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the element, entities resolved."""
        return "".join(self.parts)

    @property
    def blank(self) -> bool:
        """Whether it holds no text but white space."""
        return not self.text.strip(_BLANK)


def read_xml(data: bytes) -> Element:
    """The root of an XML document.

    Raises:
        Malformed: it is not XML, or holds what is refused here.
    """
    # expat follows a byte order mark whatever encoding it was told.
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the XML body is not UTF-8") from None
    if text.startswith("\ufeff") or "\0" in text:
        raise Malformed("the XML body begins with a byte order mark or holds NUL")
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError:
        raise Malformed("the body is not XML") from None
    return builder.root


class _Builder:
    __slots__ = ("count", "namespace", "open", "parser")

    def __init__(self) -> None:
        self.count = 0
        self.namespace: str | None = None
        self.open: list[Element] = [Element(name="", attributes={})]
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        parser.XmlDeclHandler = self.declaration
        parser.StartDoctypeDeclHandler = self.refuse_doctype
        parser.ProcessingInstructionHandler = self.refuse_instruction
        parser.CommentHandler = self.refuse_comment
        self.parser = parser

    @property
    def root(self) -> Element:
        return self.open[0].children[0]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_VALUES or len(self.open) > MAX_DEPTH:
            raise Malformed(f"the XML body has more than {MAX_VALUES} elements or {MAX_DEPTH} levels")
        if self.count == 1:
            self.namespace = attributes.get("xmlns")
        if attributes.get("xmlns", self.namespace) != self.namespace:
            raise Malformed("the XML body has an element in another namespace than its root's")
        element = Element(name=name, attributes=attributes)
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _name: str) -> None:
        element = self.open.pop()
        if element.children and not element.blank:
            raise Malformed("the XML body has text beside elements")

    def data(self, text: str) -> None:
        self.open[-1].parts.append(text)

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and not (encoding.isascii() and encoding.lower() in ("utf-8", "us-ascii")):
            raise Malformed("the XML body is not UTF-8")

    def refuse_doctype(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a DOCTYPE")

    def refuse_instruction(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a processing instruction")

    def refuse_comment(self, *_: Any) -> NoReturn:
        raise Malformed("the XML body has a comment")
