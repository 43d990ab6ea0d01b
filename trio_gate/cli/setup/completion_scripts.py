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
    """An option: its names, what it is for, whether a value follows, and the values that there are, none for any.

    `source` is what of the configuration its values are, such as agents; empty where they are none of it.
    """

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]
    source: str = ""


@value_class
class Command:
    """A verb, or a verb's verb: its words, what it is for, its options, the verbs below it, and the values of its own words.

    `source` is as for an option. `runs` is whether it has a command after `--`, in which nothing is its own.
    """

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    below: tuple[Command, ...]
    values: tuple[str, ...] = ()
    source: str = ""
    runs: bool = False

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
    cases = (
        f"{_pattern(one)}) found={shlex.quote(' '.join(one.choices))} source={one.source} ;;" for one in _deepest_first(root)
    )
    values = (
        f"{pattern}) found={shlex.quote(' '.join(choices))} source={source} ;;" for pattern, choices, source in _values(root)
    )
    return _filled(_BASH, cases, values)


def zsh(root: Command) -> str:
    """For zsh: as for bash, with what each word is for."""
    cases = (
        f"{_pattern(one)}) found=({' '.join(map(_described, one.choices.items()))}) source={one.source} ;;"
        for one in _deepest_first(root)
    )
    values = (
        f"{pattern}) found=({' '.join(map(shlex.quote, choices))}) source={source} ;;"
        for pattern, choices, source in _values(root)
    )
    return _filled(_ZSH, cases, values)


def _filled(script: str, cases: Iterable[str], values: Iterable[str]) -> str:
    return script.replace("CASES\n", "".join(f"      {line}\n" for line in cases)).replace(
        "VALUES\n", "".join(f"    {line}\n" for line in values)
    )


def _values(root: Command) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Patterns of the words before a value, with the values that there are, none for those that may be anything, and their source."""
    for one in _deepest_first(root):
        if one.runs:
            yield f"{_pattern(one)}\\ --\\ *", (), ""
        by_choices: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for option in one.options:
            if option.takes_value:
                by_choices.setdefault((option.choices, option.source), []).extend(option.names)
        for (choices, source), names in by_choices.items():
            yield "|".join(f"{_pattern(one)}{name}\\ " for name in names), choices, source


def fish(root: Command) -> str:
    """For fish: a line for each word and each option."""
    return "".join(f"{line}\n" for one in every(root) for line in _fish(one))


def _fish(command: Command) -> Iterator[str]:
    seen = [f"__fish_seen_subcommand_from {word}" for word in command.words] or ["__fish_use_subcommand"]
    if command.words and command.below:
        seen.append(f"not __fish_seen_subcommand_from {' '.join(one.words[-1] for one in command.below)}")
    if command.runs:
        seen.append("not string match -q -- -- (commandline -opc)")
    head = "complete -c trio-gate -n " + shlex.quote("; and ".join(seen))
    if command.source:
        yield f"{head} -f -a '({_ASK} {command.source} 2>/dev/null)'"
    for one in command.below:
        yield f"{head} -f -a {one.words[-1]} -d {_fish_text(one.help)}"
    for value in command.values:
        yield f"{head} -f -a {value}"
    for option in command.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        offered = f"({_ASK} {option.source} 2>/dev/null)" if option.source else " ".join(option.choices)
        value = f" -x -a {_fish_text(offered)}" if offered else " -r" if option.takes_value else ""
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

_ASK = "trio-gate completion --names"
"""Prints what the configuration has of a source."""

_BASH = """\
_trio_gate() {
  local found= source= word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[*]:1:COMP_CWORD-1} "
  case "$before" in
VALUES
    *) case "$before" in
CASES
    esac ;;
  esac
  if [[ -n $source && $word != -* ]]; then found="$found $(trio-gate completion --names $source 2>/dev/null)"; fi
  COMPREPLY=($(compgen -W "$found" -- "$word"))
}
complete -o default -F _trio_gate trio-gate
"""

_ZSH = """\
#compdef trio-gate
_trio_gate() {
  local -a found
  local source= before="${words[2,CURRENT-1]} "
  case "$before" in
VALUES
    *) case "$before" in
CASES
    esac ;;
  esac
  if [[ -n $source && ${words[CURRENT]} != -* ]]; then found+=(${(f)"$(trio-gate completion --names $source 2>/dev/null)"}); fi
  _describe trio-gate found || _files
}
compdef _trio_gate trio-gate
"""
