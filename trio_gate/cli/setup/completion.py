"""`trio-gate completion SHELL`: a script that makes a shell complete verbs, options and their values."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from trio_gate.cli.setup.completion_scripts import SHELLS, Command, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = """\
  eval "$(trio-gate completion bash)"                                  # in ~/.bashrc; in ~/.zshrc with zsh
  trio-gate completion fish > ~/.config/fish/completions/trio-gate.fish"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from trio_gate.cli.main import VERBS, parser_for  # noqa: PLC0415 - that imports this one

    print(SHELLS[args.shell](command((), "", parser_for(VERBS))), end="")
    return 0


def command(words: tuple[str, ...], said: str, parser: argparse.ArgumentParser) -> Command:
    """What a parser takes."""
    actions = parser._actions
    below = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return Command(
        words=words,
        help=said,
        options=tuple(_options(actions)),
        values=tuple(
            str(one) for action in actions if not action.option_strings and action not in below for one in action.choices or ()
        ),
        below=tuple(
            command((*words, name), helped.get(name, ""), inner)
            for action in below
            for helped in [{one.dest: _plain(one) for one in action._choices_actions}]
            for name, inner in action.choices.items()
        ),
    )


def _options(actions: list[argparse.Action]) -> Iterator[Option]:
    for action in actions:
        choices = tuple(map(str, action.choices or ()))
        if action.option_strings:
            yield Option(names=tuple(action.option_strings), help=_plain(action), takes_value=action.nargs != 0, choices=choices)


def _plain(action: argparse.Action) -> str:
    """The help of an option or a verb."""
    return str(action.help or "") % vars(action)
