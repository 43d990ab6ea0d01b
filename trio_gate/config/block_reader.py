"""Reads one block: the block's reader asks for each attribute by name and kind; whatever it does not ask for is unknown.

Rule: asking never raises. A fault goes to the report and the answer is None, so the reader can go on with the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from trio_gate.config import condition, expressions
from trio_gate.config.source import Flaw
from trio_gate.errors import did_you_mean
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.config.attribute_types import Kind
    from trio_gate.config.expressions import Lookups, Value
    from trio_gate.config.hcl import Attribute, Block
    from trio_gate.config.source import Report

    T = TypeVar("T")


@value_class
class Reading:
    """What all blocks of one file share."""

    report: Report
    lookups: Lookups
    check: condition.Check
    declared: dict[str, str]  # the id of each block that can be referred to, and its kind


@value_class
class Asked:
    """An attribute that a block's reader asks for.

    Attributes:
        names: its name and its synonyms.
        form: how its value is written, in a few words.
        needed: whether the block must have it.
        default: what stands for it where it is left out, as the file would have it; None where nothing does.
    """

    names: tuple[str, ...]
    form: str
    needed: bool = False
    default: str | None = None


def title(block: Block) -> str:
    """A block's kind and labels, the way messages name it."""
    return " ".join([block.kind, *(f'"{label.text}"' for label in block.labels)])


class Form:
    """A block, and which of its attributes and nested blocks were asked for.

    Attributes:
        block: what was written.
        asked: the attributes that were asked for, in that order.
        inner: forms for all nested blocks that were asked for.
    """

    def __init__(self, block: Block, reading: Reading) -> None:
        self.block = block
        self.reading = reading
        self.report = reading.report
        self.asked: list[Asked] = []
        self.inner: list[Form] = []
        self._known: dict[str, None] = {}
        self._nested: dict[str, None] = {}
        self._given: dict[str, Attribute] = {}
        self._values: dict[str, Value] = {}
        for attribute in block.attributes:
            first = self._given.setdefault(attribute.name, attribute)
            if first is not attribute:
                line = self.report.source.line(first.at)
                self.report.add(attribute.at, f"`{attribute.name}` is given twice", f"first on line {line}")

    @property
    def name(self) -> str:
        """The block's last label, which is its name."""
        return self.block.labels[-1].text

    def fault(self, message: str, hint: str | None = None, *, of: str | None = None, part: int | None = None) -> None:
        """Report a fault at an attribute's value, or at one part of its list, or else at the block."""
        at = self.block.at
        if of in self._values:
            value = self._values[of]
            at = value.data[part].at if part is not None and isinstance(value.data, tuple) else value.at
        elif of in self._given:
            at = self._given[of].at
        self.report.add(at, message, hint)

    def given(self, *names: str) -> Attribute | None:
        """The attribute of this name, or of its synonyms, without reading its value."""
        self._known.update(dict.fromkeys(names))
        found = [self._given[name] for name in names if name in self._given]
        for other in found[1:]:
            self.report.add(other.at, f"`{other.name}` and `{found[0].name}` mean the same", "keep one of them")
        return found[0] if found else None

    def take(self, kind: Kind[T], *names: str) -> T | None:
        """The value of the attribute of this name (or synonyms); None if it is not given or faulty."""
        self.asked.append(Asked(names=names, form=kind.form))
        return self._read(kind, *names)

    def _read(self, kind: Kind[T], *names: str) -> T | None:
        attribute = self.given(*names)
        if attribute is None:
            return None
        try:
            value = expressions.parse(self.report.source.text, attribute.start, attribute.end, self.reading.lookups)
            self._values.update(dict.fromkeys(names, value))
            return kind(value)
        except Flaw as flaw:
            self.report.flaw(flaw)
            return None

    def need(self, kind: Kind[T], *names: str) -> T | None:
        """As `take`, but reports a fault if the attribute is not given."""
        if not any(name in self._given for name in names):
            self.report.add(self.block.at, f"{title(self.block)} needs `{names[0]}`")
        self.asked.append(Asked(names=names, form=kind.form, needed=True))
        return self._read(kind, *names)

    def default(self, kind: Kind[T], name: str, default: T) -> T:
        """As `take`, but returns `default` where that returns None."""
        self.asked.append(Asked(names=(name,), form=kind.form, default=kind.shown(default)))
        found = self._read(kind, name)
        return default if found is None else found

    def condition(self, *names: str) -> str | None:
        """The CEL source of an attribute, checked; None if it is not given or faulty."""
        self.asked.append(Asked(names=names, form="a CEL expression"))
        attribute = self.given(*names)
        return None if attribute is None else condition.read(self.report, attribute, self.reading.check)

    def nested(self, kind: str) -> list[Form]:
        """Forms for the nested blocks of this kind."""
        self._nested[kind] = None
        found = [Form(block, self.reading) for block in self.block.blocks if block.kind == kind]
        self.inner += found
        return found

    def close(self) -> None:
        """Report attributes and nested blocks that were not asked for, as unknown. Called last."""
        for name, attribute in self._given.items():
            if name not in self._known:
                hint = did_you_mean(name, self._known) or self._alternatives()
                self.report.add(attribute.at, f"{title(self.block)} has no attribute `{name}`", hint)
        for block in self.block.blocks:
            if block.kind not in self._nested:
                hint = did_you_mean(block.kind, self._nested)
                self.report.add(block.at, f"{title(self.block)} has no block `{block.kind}`", hint)

    def _alternatives(self) -> str | None:
        known = ", ".join(f"`{name}`" for name in self._known)
        return f"it has {known}" if known else None
