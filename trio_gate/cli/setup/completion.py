"""`trio-gate completion SHELL`: a script that makes a shell complete verbs, options and their values, names of the configuration among them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place
from trio_gate.cli.setup.completion_scripts import SHELLS, Command, Option
from trio_gate.cli.setup.declared import NOTHING, declared
from trio_gate.config.source import ConfigFaults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXAMPLES = """\
  eval "$(trio-gate completion bash)"                                  # in ~/.bashrc; in ~/.zshrc with zsh
  trio-gate completion fish > ~/.config/fish/completions/trio-gate.fish"""


SOURCES = ("agents", "people", "accounts")
OF_OPTIONS = {"--agent": "agents", "--account": "accounts", "--approver": "people"}
"""What of the configuration the values of options are."""

OF_NAMES: Mapping[tuple[str, ...], str] = {
    ("agent", "rotate"): "agents",
    **{("person", verb): "people" for verb in ("rotate", "remove", "link")},
}
"""What NAME is, of verbs; AGENT is an agent."""

WORDS: Mapping[tuple[str, ...], tuple[str, ...]] = {("log",): ("verify",)}
"""Words that stand where a file may stand."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")
    wanted.add_argument(
        "--names", choices=SOURCES, help="print these of the configuration, a line each, as the scripts ask for them"
    )


def run(args: argparse.Namespace) -> int:
    """Print the script, or names. Returns 1 without a word where no configuration has them, as at an agent's."""
    if args.names:
        return _names(args)
    from trio_gate.cli.main import VERBS, parser_for  # noqa: PLC0415 - that imports this one

    print(SHELLS[args.shell](command((), "", parser_for(VERBS))), end="")
    return 0


def _names(args: argparse.Namespace) -> int:
    args.config = None
    try:
        found = declared(place) if (place := config_place.look(args)) else NOTHING
    except (StartFailed, ConfigFaults):
        return 1
    names = {
        "agents": [one.name for one in found.agents],
        "people": [one.name for one in found.people],
        "accounts": [label or number for number, label in found.accounts.items()],
    }[args.names]
    print("".join(f"{name}\n" for name in names), end="")
    return 0 if names else 1


def command(words: tuple[str, ...], said: str, parser: argparse.ArgumentParser) -> Command:
    """What a parser takes."""
    actions = parser._actions
    own = [action for action in actions if not action.option_strings]
    below = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return Command(
        words=words,
        help=said,
        options=tuple(_options(actions, new=words[:1] == ("init",))),
        values=(*WORDS.get(words, ()), *(str(one) for action in own if action not in below for one in action.choices or ())),
        source=OF_NAMES.get(words, "agents" if any(action.dest == "agent" for action in own) else ""),
        runs=any(action.dest == "command" for action in own),
        below=tuple(
            command((*words, name), helped.get(name, ""), inner)
            for action in below
            for helped in [{one.dest: _plain(one) for one in action._choices_actions}]
            for name, inner in action.choices.items()
        ),
    )


def _options(actions: list[argparse.Action], *, new: bool) -> Iterator[Option]:
    """The options; `new` is whether they name what is made by the verb."""
    for action in actions:
        choices = tuple(map(str, action.choices or ()))
        if action.option_strings:
            yield Option(
                names=tuple(action.option_strings),
                help=_plain(action),
                takes_value=action.nargs != 0,
                choices=choices,
                source="" if new else OF_OPTIONS.get(action.option_strings[0], ""),
            )


def _plain(action: argparse.Action) -> str:
    """The help of an option or a verb."""
    return str(action.help or "") % vars(action)
