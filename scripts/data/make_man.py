"""Makes docs/trio-gate.1: the manual page, of what the command line takes.

python -m scripts.data.make_man > docs/trio-gate.1
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from trio_gate.cli import config_place, connecting
from trio_gate.cli.main import STATUSES, VERBS, parser_for
from trio_gate.cli.wiring import proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

    Found = tuple[tuple[str, ...], str, argparse.ArgumentParser]
    """A verb's words, what it is for, and what reads its arguments."""

HEAD = r""".TH TRIO\-GATE 1
.SH NAME
trio\-gate \- lets AI agents and CI jobs use AWS without holding AWS credentials
.SH SYNOPSIS
.B trio\-gate
.I VERB
\&...
.SH DESCRIPTION
One process between agents and AWS: it identifies each request as an AWS operation, applies rules, asks people, signs
with a role and records what happened. This page is made of what the command line takes;
.B trio\-gate
.I VERB
.B \-\-help
has examples, and the folder docs of the repository all the rest.
.SH VERBS
"""

VARIABLES = {
    config_place.VARIABLE: "the configuration's path; set to nothing, there is none",
    connecting.VARIABLE: "a person's token, for the verbs with which people ask a running gateway",
    proofs.SECRET: "an agent's secret, where the configuration's cannot be read",
    proofs.TOKEN: "the proxy token or identity token that an agent needs",
}
FILES = (f"~/.config/trio-gate/{config_place.FILE}", f"/etc/trio-gate/{config_place.FILE}")


def page() -> str:
    """The page, in roff's man macros."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield HEAD.rstrip("\n")
    for words, said, parser in _commands((), "", parser_for(VERBS)):
        if words:
            yield from _verb(words, said, parser)
    yield ".SH EXIT STATUS"
    yield f"{_text(STATUSES)}. Verbs whose statuses differ say so in their help."
    yield ".SH ENVIRONMENT"
    for name, said in VARIABLES.items():
        yield from (".TP", f".B {_text(name)}", _text(said))
    yield ".SH FILES"
    yield f"{_text(' or '.join(FILES))}: the configuration, where none is named."
    yield ".SH SEE ALSO"
    yield r"docs/operation.md, docs/configuration.md and docs/agents.md of the repository"


def _commands(words: tuple[str, ...], said: str, parser: argparse.ArgumentParser) -> Iterator[Found]:
    yield words, said, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helped = {one.dest: one.help or "" for one in action._choices_actions}
            for name, below in action.choices.items():
                yield from _commands((*words, name), helped.get(name, ""), below)


def _verb(words: tuple[str, ...], said: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    own = [action for action in parser._actions if action.dest != "help" and action.help is not argparse.SUPPRESS]
    places = [action for action in own if not action.option_strings]
    yield f".SS {_text(' '.join([*words, *map(_place, places)]))}"
    yield _text(f"{said[:1].upper()}{said[1:]}.")
    for action in own:
        if not isinstance(action, argparse._SubParsersAction):
            shown = ", ".join(f"{name}{_value(action)}" for name in action.option_strings) or _place(action)
            yield from (".TP", f".B {_text(shown)}", _text(str(action.help or "") % vars(action)))


def _value(action: argparse.Action) -> str:
    """What follows the name of an option."""
    if action.nargs == 0:
        return ""
    return f" {action.metavar or '|'.join(map(str, action.choices or ())) or action.dest.upper()}"


def _place(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(str(action.nargs), name)


def _text(text: str) -> str:
    """A line that roff reads as text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("\n", " ")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    sys.stdout.write(page())
