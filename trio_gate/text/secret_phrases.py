"""Secrets in options, headers, statements and files without a secret's name right beside them.

Rule: each pattern is tried only where its own word, in lower case, occurs, and is linear: bounded repeats after that word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.text.secret_readings import bytes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credential)"

PHRASES: Mapping[str, re.Pattern[str]] = {
    "<": re.compile(rf"<[^<>]{{0,60}}{_WORDS}[^<>]{{0,60}}>\s{{0,8}}[^\s<>]"),  # XML and HTML elements
    ": |": re.compile(_WORDS + r"[\"']?: \|[+-]?[0-9]?\s{1,40}\S"),  # YAML's blocks
    ": >": re.compile(_WORDS + r"[\"']?: >[+-]?[0-9]?\s{1,40}\S"),
    "cookie": re.compile(r"cookie[\"'\\]{0,4}\s{0,8}[:=]\s{0,8}[\"'\\]{0,4}[^\s=;\"']{1,64}=[^\s;\"']"),  # RFC 6265
    "machine": re.compile(r"machine\s{1,8}\S{1,200}\s[^\x00]{0,200}?password\s{1,8}\S"),  # netrc
    "default": re.compile(r"default\s{1,8}login\s{1,8}\S{1,64}\s{1,8}password\s{1,8}\S"),
    "login": re.compile(r"login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}\S|login(?=\s)[^|;&\n]{0,100}?\s-p[= ]?[\"']?[^\s\"'-]"),
    ":543": re.compile(r":543[0-9]:[^:\s]{1,64}:[^:\s]{1,64}:\S"),  # pgpass
    "mysql": re.compile(r"mysql[^|;&\n]{0,100}-p(?<=\s-p)[\"']?[^\s\"']"),
    "mariadb": re.compile(r"mariadb[^|;&\n]{0,100}-p(?<=\s-p)[\"']?[^\s\"']"),
    "mongo": re.compile(r"mongo[^|;&\n]{0,100}?\s-p[\"' ]{0,2}[^\s\"'-]"),
    "sshpass": re.compile(r"sshpass\s{1,8}-p[\"' ]{0,2}[^\s\"']"),
    "redis-cli": re.compile(r"redis-cli[^|;&\n]{0,100}?\s-a\s{0,8}\S"),
    "ldap": re.compile(r"ldap[^|;&\n]{0,100}?\s-w\s{0,8}\S"),
    "sqlcmd": re.compile(r"sqlcmd[^|;&\n]{0,100}?\s-p\s{0,8}\S"),
    "sqlplus": re.compile(r"sqlplus\s[^|;&\n]{0,64}?[\w\"]/[^\s/@]"),
    "net": re.compile(
        r"(?<![a-z0-9])net1?(?:\.exe)?\s{1,8}(?:user\s{1,8}[^\s/]\S{0,63}\s{1,8}[^\s/]|use\s[^\n]{0,200}?/u(?:ser)?:)"
    ),
    "chpasswd": re.compile(r"chpasswd"),
    "passwd --stdin": re.compile(r"passwd --stdin\s{0,8}[^\s.,;:)]"),
    "sudo -s": re.compile(r"\|\s{0,8}sudo -s"),
    "-password-stdin": re.compile(r"echo\s[^\n]{0,200}-password-stdin|<<<"),
    "smbclient": re.compile(r"smbclient[^|;&\n]{0,100}?%\S"),
    "vault login": re.compile(r"vault login\s{1,8}[^\s-]"),
    "user_data": re.compile(r"user_data[\"']?\s{0,8}[=:]\s{0,8}[\"']?[^\s\"'$]"),
    "convertto-securestring": re.compile(r"convertto-securestring"),
    "-u": re.compile(r"(?<![\w-])-u[= ]?[\"']?[a-z0-9_.@-]{1,64}:(?![0-9]{1,10}(?!\w))[^\s\"'/]"),
    "-user": re.compile(r"(?<![\w-])--(?:proxy-)?user[= ][\"']?[a-z0-9_.@-]{1,64}:(?![0-9]{1,10}(?!\w))[^\s\"'/]"),
    "pass": re.compile(r"(?<![\w-])-{1,2}[a-z0-9_.-]{0,24}?(?<!by)(?<!com)pass(?:word|wd|phrase)?(?:=\S|\s{1,8}[^\s-])"),
    "pass:": re.compile(r"(?<![a-z0-9])pass:\s{0,8}(?!true|false)\S"),
    **{
        word: re.compile(
            rf"(?<![a-z0-9])(?:[a-z0-9]{{1,20}}[_.-])?{word}[\"'`\]]?\s{{0,8}}={{1,2}}\s{{0,8}}[\"']?(?!true|false)[^\s:?$\"']"
        )
        for word in ("pin", "pw", "otp", "cvv")
    },
    "pass=": re.compile(r"(?<![a-z0-9])(?:[a-z0-9]{1,20}[_.-])?pass=(?!true|false)[^\s:?$]"),
    "password ": re.compile(r"password\s{1,8}[a-z]{0,64}[0-9!@#$%^*+~]"),  # said in words
    " is ": re.compile(_WORDS + r" is (?=[\"']|[a-z]{0,64}[0-9!@#$%^*+~])"),
    "->": re.compile(_WORDS + r"\s{0,8}->\s{0,8}\S"),
    "token\t": re.compile(r"token\t\S"),
    "://": re.compile(r"://[^/\s:@]{0,200}:(?![0-9]{1,5}(?:[/?#,\s]|\Z))[^\s]{1,200}@"),  # a password with a slash in it
    "http": re.compile(r"https?://[^/\s:@?#]{8,200}@"),  # a token in place of a user
}
"""Patterns that reveal a secret, each by a word that it contains and that is searched for first."""

_BASIC = re.compile(r"[Bb]asic\s{1,8}([A-Za-z0-9+/]{4,400})")  # RFC 7617
_VARIABLE = re.compile(
    r"(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]{2,80})[\"'`]?\s{0,4}[=:]\s{0,4}[\"'`]?(?!arn:|true\b|false\b|none\b|null\b)[^\s\"'`$&<>{}\[\](),;|=!:]"
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9_#-]+")


def is_basic(text: str) -> bool:
    """Whether a text holds credentials of the Basic scheme: base64 of a user, a colon and a password."""
    return "asic" in text and any(b":" in bytes_of(found) for found in _BASIC.findall(text))


def variables(text: str) -> set[str]:
    """The names of variables that a text sets, as a shell or an env file does: `STRIPE_KEY=…`."""
    return {*_VARIABLE.findall(text)} if "=" in text or ":" in text else set()


def identifiers(text: str) -> list[str]:
    """The identifiers and keywords of a statement or expression."""
    return _IDENTIFIER.findall(text)


def inserted(folded: str) -> str:
    """The part of an SQL INSERT before VALUES, which names its columns; "" where a text, in lower case, is no such statement."""
    head, values, tail = folded.partition("values")
    return head if values and "insert" in head and ("'" in tail or '"' in tail or "$$" in tail) else ""
