"""Secrets on command lines, and secrets' names that a value follows after a blank.

Rule: as in `secret_phrases`: a pattern is tried only where its own word occurs, and is linear, with bounded repeats after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.text.keyed_patterns import any_found, keyed, to_try
from trio_gate.text.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Mapping

_ON = r"[^|;&\n]{0,100}"
"""What may come between a program and its option. Patterns continue with the option's first letter, which is fast to find."""

_PORT = r"(?!(?:[0-9.]{1,15}:)?[0-9]{1,5}(?:-[0-9]{1,5})?(?::[0-9]{1,5}(?:-[0-9]{1,5})?)?(?:/(?:tc|ud|sct)p)?[\"']?(?!\S))"
"""Not a port, nor a pair of ports as containers map them."""

_VALUE = r"[\"']?[^\s\"'$<-]"


_P = rf"(?=[ \t.\w]){_ON}-p(?<=[ \t]-p)[= ]{{1,8}}{_PORT}{_VALUE}"
_NO_ARGUMENT = r"(?<!-[ugoyn] )(?<!--name[ =])(?<!--user[ =])(?<!--network[ =])"
"""The word is a program that is run, not the name of a user, package or container."""

PROGRAMS: Mapping[str, re.Pattern[str]] = {
    **{
        program: late(_NO_ARGUMENT + program + _P)
        for program in (
            *(
                "mysql",
                "mariadb",
                "login",
                "usermod",
                "useradd",
                "psexec",
                "winrm",
                "netexec",
                "crackmapexec",
                "snowsql",
                "ncftp",
            ),
            *("smbmap", "mongodump", "mongorestore", "cqlsh", "influx", "rabbitmqadmin", "xfreerdp", "rdesktop"),
        )
    },
    **{program: late(program + _P) for program in ("sqlcmd", "bcp", "osql", "isql")},
}
"""Programs whose option is a hyphen and a letter, by their names in lower case."""

COMMANDS: Mapping[str, re.Pattern[str]] = {
    "7z": late(rf"7z[a-z]?\s{_ON}-(?<=\s-)p[\"']?[^\s\"'$]"),
    "osql -": late(rf"osql -{_ON}-(?<=\s-)p[\"']?[^\s\"'$]"),
    "schtasks": late(rf"schtasks{_ON}/rp(?<=\s/rp)\s{{1,8}}{_VALUE}"),
    "rpcclient": late(rf"rpcclient{_ON}%\S"),
    "lftp": late(rf"lftp{_ON}-(?<=\s-)u\s{{0,8}}[\"']?[^\s,\"']{{1,64}},[^\s\"'$]"),
    "openssl": late(rf"openssl\s{{1,8}}(?:passwd\s{_ON}-(?:1|5|6|apr1)\s{{1,8}}[^\s$-]|enc\s{_ON}\s?-k\s{{1,8}}{_VALUE})"),
    "rclone obscure": late(rf"rclone obscure\s{{1,8}}{_VALUE}"),
    "curl": late(rf"curl{_ON}-(?<=\s-)[a-z]{{0,6}}u[= ]{{0,8}}[\"']?[a-z0-9_.@\\-]{{0,64}}[\"']?:(?!//)[\"']?[^\s\"'$]"),
    "--user": late(r"curl[^|;&\n]{0,100}--(?<=\s--)(?:proxy-)?user[= ]{1,8}[\"']?[a-z0-9_.@\\-]{1,64}:[^\s\"'$/]"),
    "passwd": late(r"\|\s{0,8}(?:sudo\s{1,8})?(?:(?:/usr)?/s?bin/)?passwd(?!\S)|passwd --stdin[^|\n]{0,64}<<"),
    "cryptsetup": late(r"\|\s{0,8}(?:sudo\s{1,8})?cryptsetup"),
    " set ": late(
        r"conf(?:ig|igure)(?:\s{1,8}--?\S{1,64}(?:\s{1,8}[^\s-]\S{0,64})?)?\s{1,8}set\s{1,8}[\"']?\S{0,100}"
        rf"(?:secret|token|auth|pass|passwd|password|key)(?<!signingkey)(?<!publickey)(?<!public_key)(?!_id|id)\w{{0,20}}[\"']?[= ]{{1,8}}{_VALUE}"
    ),
    "/p": late(
        r"(?<![^\s\"'`,\[])/(?:p|pw):[\"']?(?![a-z_][a-z0-9_.]{0,80}=)[^\s\"'$]|(?<![^\s\"'`,\[])/(?:pass|pwd|password):[\"']?[^\s\"'$]"
    ),
    "from-literal": late(r"secret\s{1,8}generic[^|;&\n]{0,200}--from-literal[= ]{1,8}[\"']?[\w.-]{1,64}=[^\s$]"),
    "vault kv": late(r"vault kv (?:put|patch)\s{1,8}\S{1,200}\s{1,8}[\w.-]{1,64}=[^\s$@]"),
    "put-parameter": late(
        r"put-parameter(?=[^|;&\n]{0,300}?(?:pass|secret|token|key))[^|;&\n]{0,300}--value[= ]{1,8}[\"']?[^\s\"'$]"
    ),
    "networkcredential": late(
        r"networkcredential\]?(?:::new)?\s{0,8}\(\s{0,8}[\"'][^\"'\n]{0,200}[\"']\s{0,8},\s{0,8}[\"'][^\"']"
    ),
    "private-lines": late(r"private-lines:"),  # PuTTY's keys
    "jdbc:oracle": late(r"jdbc:oracle:[a-z]{1,8}:[^\s/@]{1,64}/[^\s@]{1,200}@"),
    "redis": late(r"rediss?://[^\s:@/?#]{8,200}@"),
    "gen_salt": late(r"crypt\(\s{0,8}'[^']"),
    ":": late(r"(?<!\S)(?:\*|[a-z0-9_.-]{1,100}):(?:\*|[0-9]{3,5}):[^:\s]{1,64}:[^:\s]{1,64}:[^:\s]{1,200}(?!\S)"),  # pgpass
    ":$": late(r"(?<![^\s\"'])[a-z_][a-z0-9_-]{0,31}:\$(?:1|2[abxy]|5|6|7|y|apr1|argon2id?)\$\S"),  # shadow, htpasswd
    "variable": late(
        r"variable\s{1,8}\"?[a-z0-9_-]{0,40}(?:password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|pwd)"
        r"(?![a-z0-9_-]{0,16}(?:ttl|length|expiry|expiration|name|id|arn|count|enabled|days|hours|minutes|seconds|policy|version|type|rotation)\b)"
        r"[a-z0-9_-]{0,16}\"?"
        r"\s{0,8}\{[^}]{0,400}?default\s{0,8}=\s{0,8}\"[^\"]"
    ),  # Terraform
    "<<": late(r"(?:password|passwd|passphrase|secret|token|api_?key|private_?key)\s{0,8}[=:]\s{0,8}<<-?~?[\"']?[a-z]"),
    "-key": late(
        r"(?<![\w-])(?:x-(?!amz-meta|request-|idempotency-|cache-|surrogate-|routing-)[a-z0-9-]{1,40}|[a-z0-9-]{0,32}(?:subscription|functions|auth|api|access|account|master))-key[\"']?\s{0,8}[:=]\s{0,8}[\"']?(?!arn:)[^\s\"'$<{,]"
    ),
    "accountkey": late(r"accountkey\s{0,8}=\s{0,8}[^\s;$]"),
    "psk": late(
        r"(?<![a-z0-9])(?:wpa-)?psk(?:\s{0,8}=\s{0,8}[\"']?[^\s\"'$]|\s{1,8}(?![0-9]{1,4}[ -]?bit)[a-z]{0,64}[0-9!@#$%^*+~])"
    ),
    "requirepass": late(r"requirepass\s{1,8}[\"']?[^\s\"'$]"),
    "masterauth": late(r"masterauth\s{1,8}[\"']?[^\s\"'$]"),
    "acl setuser": late(r"acl setuser\s[^\n]{0,200}>(?<=\s>)\S"),
    "secret ": late(
        r"username\s{1,8}\S{1,64}(?:\s{1,8}privilege\s{1,8}[0-9]{1,2})?\s{1,8}(?:secret|password)\s{1,8}(?:[0-9]\s{1,8})?\S"
        r"|enable\s{1,8}(?:secret|password)\s{1,8}(?:[0-9]\s{1,8}\S|[a-z]{0,64}[0-9!@#$%^*+~]|[a-z]{6,64}(?<!ing)(?<!ion)[ \t]{0,8}(?:\r?\n|\Z))"
    ),
    "creds": late(r"creds?\s{0,8}[:=]\s{0,8}[\"']?(?![/.~]|[a-z0-9]{1,10}://)[^\s\"'$]{1,64}[:/][^\s\"'/]"),
    "snmp-server community": late(r"snmp-server community\s{1,8}\S"),
    **{
        word: late(
            rf"(?<![a-z0-9]){word}[\"']?\s{{0,8}}[:=]\s{{0,8}}[\"']?(?!arn:|true|false|(?:see|siehe|in|ask|from|the|none)\b)[^\s\"'$<{{]"
        )
        for word in (
            "passwort",
            "kennwort",
            "contraseña",
            "пароль",
            "senha",
            "mot de passe",
            "wachtwoord",
            "lösenord",
            "passw0rd",
            "pw",
        )
    },
}
"""Patterns for text in lower case, each by a literal that it contains."""

CASED: Mapping[str, re.Pattern[str]] = {
    "ssh-keygen": late(rf"ssh-keygen{_ON}-(?<=[ \t]-)[NP][ \t]{{1,8}}(?:\"[^\"\s$]|'[^'\s$]|[^\s\"'$-])"),
    "zip": late(rf"(?<![\w.])(?:un)?zip(?=[ \t]){_ON}-(?<=[ \t]-)P\s{{0,8}}[\"']?[^\s\"'$-]"),
    "htpasswd": late(
        rf"htpasswd{_ON}-(?<=\s-)[A-Za-z0-9]{{0,6}}b[A-Za-z0-9]{{0,6}}\s{{1,8}}(?:\S{{1,200}}\s{{1,8}}){{1,3}}[^\s|;&<>-]"
    ),
    "psql": late(rf"psql{_ON}-(?<=\s-)W\s{{1,8}}(?![0-9]{{1,5}}(?!\S))[a-zA-Z]{{0,64}}[0-9!@#$%^*+~]"),
    "sqlcmd": late(rf"sqlcmd{_ON}-(?<=\s-)P\s{{0,8}}\S"),
}
"""Patterns for options whose case matters, each by a literal that it contains."""

_CASED = keyed(CASED)

MAX_BEHIND = 1000
"""Names followed by a blank that are looked at in one text; a text with more counts as holding a secret."""

_NAMES = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "access_key", "access-key", "api_key", "api-key"),
    *("apikey", "auth-key", "auth_key", "subscription-key", "functions-key", "private_key", "authorization"),
)
_BEHIND = r"(?:_?(?:hash|key|value)|[0-9]{1,3})?[\"']?(?:[ \t]{1,8}(?:is:? |[-\u2013\u2192=]{1,2}>?[ \t]{1,8})?|[\u2192/])[\"']?([^\s\"']{1,200})"
_BLANK = {word: late(word + _BEHIND) for word in _NAMES}
_NAMED = keyed(_BLANK)
_STRONG = frozenset({"password", "passwd", "passphrase", "passcode", "pwd"})
_BARE = frozenset({"secret", "token", "authorization"})
_LONE = late(r"\A\s{0,8}[\"'(\[{]?[\w.-]{0,64}\Z")
_TELLING = late(r"(?=[^0-9]{0,64}[0-9])[A-Za-z0-9][A-Za-z0-9!@#%^*+~=_.$]{4,}[)\]}]?[.;,]?\Z")
_TELLING_STRONG = late(r"[A-Za-z]{0,64}[0-9!@#$%^*+~]\S|[a-z]{1,32}[A-Z]\S{0,64}[a-z]|[A-Z]{1,3}[a-z]{1,32}[A-Z]\S")
_PROSE = late(
    r"(?:is|was|and|or|for|of|in|on|at|to|from|with|by|as|if|the|a|an|that|when|must|should|will|may|can|cannot|not|only|here|has|have|had|are|be"
    r"|policy|field|file|hash|hint|prompt|less|auth|login|access|vault|age|store|column|invalid|incorrect|wrong|mismatch|unknown|please|attempt"
    r"|page|form|input|value|option|name|email|mail|username|user|id|key|change|update|reset|length|strength|rule|manage|rotate|required|bucket|server"
    r"|endpoint|header|sauce|sharing|free|expiry|lock|unlock|set|length|type|text|string|number|token|secret|based|safe|reuse|entry|box|dialog|tool|app|service"
    r"|[a-z]{2,32}(?:ed|er|or|ion|ing|ment|ness|ity|ies|ble|ive|ful|ous|al|ly|ure|ence|ance|ts|rs|es|ns|ds|ws|gs))[.,;:!?]?",
    re.IGNORECASE,
)


def is_option(text: str) -> bool:
    """Whether a text gives a program a secret by an option whose case matters."""
    return "-" in text and any_found(_CASED, text)


def is_named(text: str, folded: str) -> bool:
    """Whether a text has a secret's name with the value behind it, after a blank or a slash. `folded` is the text in lower case."""
    tried = to_try(_NAMED, folded)
    if not tried:
        return False
    source = text if len(text) == len(folded) else folded  # case distinguishes a password from a word of prose
    behind = ((word, found) for word, pattern in tried for found in pattern.finditer(folded))
    return any(
        at >= MAX_BEHIND or _follows(word, source, found.span(1), found.start()) for at, (word, found) in enumerate(behind)
    )


def _follows(word: str, source: str, span: tuple[int, int], start: int) -> bool:
    """Whether the word after a secret's name and a blank is its value: it looks like one, or the two fill a line alone."""
    value = source[slice(*span)]
    between = source[start + len(word) : span[0]]
    if between.strip("\"'") == "/" and (word not in _STRONG or source[max(0, start - 1) : start].strip(" \t\r\n\"'")):
        return False  # a path or an ARN
    if word in _BARE and not between.strip(" \t\"'") and source[max(0, start - 1) : start] not in ("-", "_"):
        return _TELLING.match(value) is not None and _is_alone(source, start, span[1])
    if word in _STRONG:
        if source[max(0, start - 2) : start].endswith(("$", "(", "`")):  # the shell's own `pwd`
            return False
        if _TELLING_STRONG.match(value) is not None:
            return True
    elif _TELLING.match(value) is not None:
        return True
    elif source[max(0, start - 1) : start] in ("-", "_"):  # a header or variable, as X-Vault-Token
        return _TELLING_STRONG.match(value) is not None or (_plain(value) and _is_alone(source, start, span[1]))
    elif word in _BARE:
        return False
    return _plain(value) and _is_alone(source, start, span[1])


def _is_alone(source: str, start: int, end: int) -> bool:
    line = source[max(source.rfind("\n", max(0, start - 80), start) + 1, start - 80) : start]
    return _LONE.match(line) is not None and not source[end : end + 8].partition("\n")[0].strip(" \t\r\"')]}")


def is_prose(value: str) -> bool:
    """Whether a word often follows a secret's name in prose, like `changed` in "password changed"."""
    return _PROSE.fullmatch(value) is not None


def _plain(value: str) -> bool:
    """Whether a value consists of letters alone and is still not a word of prose."""
    return len(value) >= 6 and value.isalpha() and not value.istitle() and _PROSE.fullmatch(value) is None
