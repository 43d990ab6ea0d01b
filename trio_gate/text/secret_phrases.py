"""Secrets in options, headers, statements and files without a secret's name right beside them.

Rule: each pattern is tried only where its own word, in lower case, occurs, and is linear: bounded repeats after that word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.text.late_patterns import late
from trio_gate.text.secret_readings import bytes_of

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

_WORDS = r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credential)"

PHRASES: Mapping[str, re.Pattern[str]] = {
    "<": late(rf"<[^<>]{{0,60}}{_WORDS}[^<>]{{0,60}}>\s{{0,8}}[^\s<>]"),  # XML and HTML elements
    ": |": late(_WORDS + r"[\"']?: \|[+-]?[0-9]?\s{1,40}\S"),  # YAML's blocks
    ": >": late(_WORDS + r"[\"']?: >[+-]?[0-9]?\s{1,40}\S"),
    "cookie": late(r"cookie[\"'\\]{0,4}\s{0,8}[:=]\s{0,8}[\"'\\]{0,4}[^\s=;\"']{1,64}=[^\s;\"']"),  # RFC 6265
    "machine": late(r"machine\s{1,8}\S{1,200}\s[^\x00]{0,200}?password\s{1,8}\S"),  # netrc
    "default": late(r"default\s{1,8}login\s{1,8}\S{1,64}\s{1,8}password\s{1,8}\S"),
    "login": late(r"login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}\S|login(?=\s)[^|;&\n]{0,100}?\s-p[= ]?[\"']?[^\s\"'-]"),
    ":543": late(r":543[0-9]:[^:\s]{1,64}:[^:\s]{1,64}:\S"),  # pgpass
    "mysql": late(r"mysql[^|;&\n]{0,100}-p(?<=\s-p)[\"']?[^\s\"']"),
    "mariadb": late(r"mariadb[^|;&\n]{0,100}-p(?<=\s-p)[\"']?[^\s\"']"),
    "mongo": late(r"mongo[^|;&\n]{0,100}?\s-p[\"' ]{0,2}[^\s\"'-]"),
    "sshpass": late(r"sshpass\s{1,8}-p[\"' ]{0,2}[^\s\"']"),
    "redis-cli": late(r"redis-cli[^|;&\n]{0,100}?\s-a\s{0,8}\S"),
    "ldap": late(r"ldap[^|;&\n]{0,100}?\s-w\s{0,8}\S"),
    "sqlcmd": late(r"sqlcmd[^|;&\n]{0,100}?\s-p\s{0,8}\S"),
    "sqlplus": late(r"sqlplus\s[^|;&\n]{0,64}?[\w\"]/[^\s/@]"),
    "net": late(r"(?<![a-z0-9])net1?(?:\.exe)?\s{1,8}(?:user\s{1,8}[^\s/]\S{0,63}\s{1,8}[^\s/]|use\s[^\n]{0,200}?/u(?:ser)?:)"),
    "chpasswd": late(r"chpasswd"),
    "passwd --stdin": late(r"passwd --stdin\s{0,8}[^\s.,;:)]"),
    "sudo -s": late(r"\|\s{0,8}sudo -s"),
    "-password-stdin": late(r"echo\s[^\n]{0,200}-password-stdin|<<<"),
    "smbclient": late(r"smbclient[^|;&\n]{0,100}?%\S"),
    "vault login": late(r"vault login\s{1,8}[^\s-]"),
    "user_data": late(r"user_data[\"']?\s{0,8}[=:]\s{0,8}[\"']?[^\s\"'$]"),
    "convertto-securestring": late(r"convertto-securestring"),
    "-u": late(r"(?<![\w-])-u[= ]?[\"']?[a-z0-9_.@-]{1,64}:(?![0-9]{1,10}(?!\w))[^\s\"'/]"),
    "-user": late(r"(?<![\w-])--(?:proxy-)?user[= ][\"']?[a-z0-9_.@-]{1,64}:(?![0-9]{1,10}(?!\w))[^\s\"'/]"),
    "pass": late(r"(?<![\w-])-{1,2}[a-z0-9_.-]{0,24}?(?<!by)(?<!com)pass(?:word|wd|phrase)?(?:=\S|\s{1,8}[^\s-])"),
    "pass:": late(r"(?<![a-z0-9])pass:\s{0,8}(?!true|false)\S"),
    **{
        word: late(
            rf"(?<![a-z0-9])(?:[a-z0-9]{{1,20}}[_.-])?{word}[\"'`\]]?\s{{0,8}}={{1,2}}\s{{0,8}}[\"']?(?!true|false)[^\s:?$\"']"
        )
        for word in ("pin", "pw", "otp", "cvv")
    },
    "pass=": late(r"(?<![a-z0-9])(?:[a-z0-9]{1,20}[_.-])?pass=(?!true|false)[^\s:?$]"),
    "password ": late(r"password\s{1,8}[a-z]{0,64}[0-9!@#$%^*+~]"),  # said in words
    " is ": late(_WORDS + r" is (?=[\"']|[a-z]{0,64}[0-9!@#$%^*+~])"),
    "->": late(_WORDS + r"\s{0,8}->\s{0,8}\S"),
    "token\t": late(r"token\t\S"),
    "://": late(r"://[^/\s:@]{0,200}:(?![0-9]{1,5}(?:[/?#,\s]|\Z))[^\s]{1,200}@"),  # a password with a slash in it
    "http": late(r"https?://[^/\s:@?#]{8,200}@"),  # a token in place of a user
}
"""Patterns that reveal a secret, each by a word that it contains and that is searched for first."""

_BASIC = late(r"[Bb]asic\s{1,8}([A-Za-z0-9+/]{4,400})")  # RFC 7617
_VARIABLE = late(
    r"(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]{2,80})[\"'`]?\s{0,4}[=:]\s{0,4}[\"'`]?(?!arn:|true\b|false\b|none\b|null\b)[^\s\"'`$&<>{}\[\](),;|=!:]"
)
_IDENTIFIER = late(r"[A-Za-z0-9_#-]+")


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
