"""Completion scripts for bash, zsh and fish, made of what the command line takes.

Rule: what is no verb, option or choice is completed as a file.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


@value_class
class Option:
    """An option: its names, what it is for, whether a value follows, and the values that there are, none for any."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@value_class
class Command:
    """A verb, or a verb's verb: its words, what it is for, its options, the verbs below it, and the values of its own words."""

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    below: tuple[Command, ...]
    values: tuple[str, ...] = ()

    @property
    def choices(self) -> dict[str, str]:
        """What may be typed next, and what it is for."""
        words = {one.words[-1]: one.help for one in self.below} | dict.fromkeys(self.values, "")
        return words | {name: one.help for one in self.options for name in one.names}


def every(command: Command) -> Iterator[Command]:
    """A command and all below it."""
    yield command
    for one in command.below:
        yield from every(one)


def bash(root: Command) -> str:
    """For bash 4 and later: a case for each verb, and one for each option with a value."""
    cases = (f"{_pattern(one)}) found={shlex.quote(' '.join(one.choices))} ;;" for one in _deepest_first(root))
    values = (f"{pattern}) found={shlex.quote(' '.join(choices))} ;;" for pattern, choices in _values(root))
    return _filled(_BASH, cases, values)


def zsh(root: Command) -> str:
    """For zsh: as for bash, with what each word is for."""
    cases = (f"{_pattern(one)}) found=({' '.join(map(_described, one.choices.items()))}) ;;" for one in _deepest_first(root))
    values = (f"{pattern}) found=({' '.join(map(shlex.quote, choices))}) ;;" for pattern, choices in _values(root))
    return _filled(_ZSH, cases, values)


def _filled(script: str, cases: Iterable[str], values: Iterable[str]) -> str:
    return script.replace("CASES\n", "".join(f"      {line}\n" for line in cases)).replace(
        "VALUES\n", "".join(f"    {line}\n" for line in values)
    )


def _values(root: Command) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Patterns of the words before a value, with the values that there are; none for those that may be anything."""
    for one in _deepest_first(root):
        by_choices: dict[tuple[str, ...], list[str]] = {}
        for option in one.options:
            if option.takes_value:
                by_choices.setdefault(option.choices, []).extend(option.names)
        for choices, names in by_choices.items():
            yield "|".join(f"{_pattern(one)}{name}\\ " for name in names), choices


def fish(root: Command) -> str:
    """For fish: a line for each word and each option."""
    return "".join(f"{line}\n" for one in every(root) for line in _fish(one))


def _fish(command: Command) -> Iterator[str]:
    head = "complete -c trio-gate -n " + shlex.quote(
        f"__fish_seen_subcommand_from {command.words[-1]}" if command.words else "__fish_use_subcommand"
    )
    for one in command.below:
        yield f"{head} -f -a {one.words[-1]} -d {_fish_text(one.help)}"
    for value in command.values:
        yield f"{head} -f -a {value}"
    for option in command.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        value = f" -x -a {_fish_text(' '.join(option.choices))}" if option.choices else " -r" if option.takes_value else ""
        yield f"{head} {names}{value} -d {_fish_text(option.help)}"


def _fish_text(text: str) -> str:
    """A text in quotes, in which fish knows a backslash before a quote and before a backslash alone."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _deepest_first(root: Command) -> Sequence[Command]:
    return sorted(every(root), key=lambda one: -len(one.words))


def _pattern(command: Command) -> str:
    """A pattern of the words so far: the verbs, then anything."""
    return "".join(f"{word}\\ " for word in command.words) + "*"


def _described(word: tuple[str, str]) -> str:
    name, text = word
    return shlex.quote(f"{name}:{text}" if text else name)


SHELLS: dict[str, Callable[[Command], str]] = {"bash": bash, "zsh": zsh, "fish": fish}

_BASH = """\
_trio_gate() {
  local found= before="${COMP_WORDS[*]:1:COMP_CWORD-1} "
  case "$before" in
VALUES
    *) case "$before" in
CASES
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$found" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _trio_gate trio-gate
"""

_ZSH = """\
#compdef trio-gate
_trio_gate() {
  local -a found
  local before="${words[2,CURRENT-1]} "
  case "$before" in
VALUES
    *) case "$before" in
CASES
    esac ;;
  esac
  _describe trio-gate found || _files
}
compdef _trio_gate trio-gate
"""
