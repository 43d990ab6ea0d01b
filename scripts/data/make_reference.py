"""Makes docs/reference.md: every attribute of the configuration, as the readers of its blocks ask for it.

python -m scripts.data.make_reference > docs/reference.md
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from trio_gate.config.load import forms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.config.block_reader import Asked, Form

EVERY_BLOCK = """
gateway {
  listener "proxy" {}
  listener "tls" {}
  listener "endpoint" {}
  admin {}
  metrics {}
}
credential "aws_account" "NAME" {}
endpoint "aws_api" "NAME" {}
upstream "HOSTS" {}
agent "NAME" {
  oidc {}
}
person "NAME" {}
approver "human" "NAME" {
  notify "NAME" {}
}
rule "NAME" {}
operation "SERVICE:OPERATION" {}
"""
"""A file with every kind of block, each of them empty."""

HEAD = """# Reference of the configuration

Every block and attribute, with the form of its value and its default. This page is made by
`scripts/data/make_reference.py` from what the program reads. [Configuration](configuration.md) says what they mean, and
has examples.
"""


def page() -> str:
    """The whole page, ending in a line break."""
    return HEAD + "".join(_section(form) for form in forms_of(EVERY_BLOCK))


def _section(form: Form, around: str = "") -> str:
    header = " ".join([form.block.kind, *(f'"{label.text}"' for label in form.block.labels)])
    place = f"In a block [`{around.partition(' ')[0]}`](#{_anchor(around)}).\n\n" if around else ""
    table = "\n".join(_rows(form.asked))
    return f"\n## `{header}`\n\n{place}{table}\n" + "".join(_section(inner, header) for inner in form.inner)


def _anchor(title: str) -> str:
    """What a heading is called in links."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _rows(asked: list[Asked]) -> Iterator[str]:
    yield "| attribute | value | default |"
    yield "|---|---|---|"
    for one in asked:
        names = " or ".join(f"`{name}`" for name in one.names)
        default = "required" if one.needed else "" if one.default is None else f"`{one.default}`"
        yield f"| {names} | {one.form.replace('|', '&#124;')} | {default} |"


if __name__ == "__main__":
    sys.stdout.write(page())
