"""Decides what is a secret: by a member's name, by its own form, by a word inside a text, or by the name beside it.

Rule: code that stores or hides a value asks here. Names are compared without case and separators, so `DB_PASSWORD`, `dbPassword`
and `db.password` are one. Every pattern is linear: bounded repeats after a literal, on texts that the caller has bounded.

Theory: masking one value too many makes a reader look elsewhere; masking one too few leaves a secret on disk for years.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from trio_gate.text.keyed_patterns import any_found, keyed, within
from trio_gate.text.late_patterns import late
from trio_gate.text.secret_commands import COMMANDS, PROGRAMS, is_named, is_option
from trio_gate.text.secret_phrases import PHRASES, identifiers, inserted, is_basic, variables
from trio_gate.text.secret_readings import is_packed, is_plain, readings
from trio_gate.text.secret_tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_NAME = 2048
"""Characters of a name that is judged; a longer one counts as secret."""

MAX_JSON = 64 * 1024
"""Characters of a text that is read as JSON, for names and values inside it."""

MAX_DEPTH = 64
"""Levels of that JSON that are looked at; anything nested deeper counts as secret."""

_SEPARATORS = late(r"[-_./:\s]")
_SECRET = late(
    r"password|passwd|passphrase|privatekey|token|samlassertion|ssecustomerkey|plaintext|keymaterial|apikeyvalue"
    r"|secret(?:string|binary|key|accesskey|value|hash)|clientsecret|sharedsecret|\Asecret\Z"
)
_NO_SECRET = late(
    r"\A(?:next|continuation|idempotency|client|clientrequest)token\Z|(?:id|arn|name|type|version|md5|algorithm|length|policy|age)\Z"
)
_KEPT_SECRET = late(
    r"(?:credentials?|authorization|signature|cookie|secret|userdata|connectionstring|keytab|apikey|authkey|activationkey|presharedkey)\Z"
    r"|(?:authentication|authorization|auth|accept|activation|confirmation|verification|device|mfa|security|user)code[0-9]?\Z"
    r"|(?:passcode|pwd|otp|codeverifier|bearer|jwt)\Z"
    r"|\A(?:appkey|genappkey|nwkkey|appskey|nwkskey|nwksenckey|fnwksintkey|snwksintkey)\Z"  # LoRaWAN's session keys
)
_SUFFIX = (
    r"(?:s|v?[0-9]{1,3}|prod|production|live|dev|test|staging|stage|qa|uat|old|new|current|previous|primary|secondary|backup)"
)
_OWN_SECRET = late(
    r"passw|pswd|credential|secret|apikey|authkey|accesskey|presharedkey|connectionstring|passcode|pwd|userdata|cookie|bearer|kennwort"
    r"|(?:master|user|admin|root|db|sql|ftp|smtp|ldap|bind|login|key|store|my|api|service|mail|ssh|dbuser)pass"
    r"|(?:pass|pin|pw|pat|salt|otp|cvv|jwt|authorization|signature)" + _SUFFIX + r"{0,2}\Z"
)
_OWN_KEY = late(r"[a-z0-9]key" + _SUFFIX + r"{0,3}\Z")
_NAMES_KEY = late(
    r"(?:public|partition|sort|hash|range|primary|foreign|object|tag|cache|routing|group|s3|kms|cmk|parameter|property|attribute"
    r"|option|header|metric|label|index|unique|composite|row|lookup|deduplication|dedup|order|message|map|context|condition|config"
    r"|setting|filter|mon|tur|don|whis|joc|start|evaluated|first|last|data|query|search|record|item|entity|resource|path|field|column"
    r"|event|idempotency|distribution|join|file|bucket|prefix|translation|nonce|dimension|variable|document|template|state|lock|sub)"
    r"key" + _SUFFIX + r"{0,3}\Z"
)
"""Names of keys that identify something and so are no secrets, such as a partition key."""

_OWN_NO_SECRET = late(
    r"(?:idlist|ids|arns|names|enabled|required|expiry|ttl|rotation|count|header|days|hours|timeout|region|provider|config)\Z"
)
_ENV = late(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""The way environment variables are written; no member of a model looks like this."""

_SHORT = late(r"(?:\A|[-_./:\s])(?:pass|pin|pw|PASS|PIN|PW|Pass|Pin)\Z|[a-z0-9](?:Pass|Pin)\Z")

_SHAPES: Mapping[str, re.Pattern[str]] = {
    **{
        prefix: late(rf"(?<![A-Z0-9]){prefix}[A-Z2-7]{{16}}(?![A-Z0-9])")  # IAM's access key ids
        for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")
    },
    "-----BEGIN ": late(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY"),  # RFC 7468
    "eyJ": late(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\."),  # RFC 7519: a signed token
    **{
        prefix: late(rf"(?<![A-Za-z0-9_]){re.escape(prefix)}[A-Za-z0-9_-]{{16}}")  # tokens of services that mark theirs
        for prefix in (
            *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "pypi-", "hf_", "dop_v1_", "sk-"),
            *("xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "sk_live_", "rk_live_", "AIza", "ya29."),
            *("xapp-", "SG.", "glrt-", "shpat_", "AGE-SECRET-KEY-"),
        )
    },
    "://": late(r"://[^/\s:@]*:[^/\s@]+@"),  # RFC 3986 section 3.2.1: a password in a URL
    "hooks.slack.com/": late(r"hooks\.slack\.com/(?:services|workflows)/\w"),  # the paths of webhooks are the secret
    "/api/webhooks/": late(r"/api/webhooks/[0-9]{1,30}/\w"),
    ".webhook.office.com/": late(r"\.webhook\.office\.com/\w"),
}
"""What a key or token looks like, by a literal part that is searched for first."""

KEY_LENGTH = 40
"""Characters of a secret access key."""

_KEY = late(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40}")
"""What a secret access key looks like. A SHA-1 in hex does not match, as it has letters of one case only."""

_NO_VALUE = r"(?!arn:|true\b|false\b|null\b|none\b|\$\{|\$\(|\{\{resolve|!|:[a-z_]|\?(?:\W|\Z))"
_ASSIGNED = (
    r"(?:s|[_-]?(?:hash|value|string|key|text|[0-9]{1,3}))?"
    r"(?:[\\\"'`\])]{0,4}\s{0,8}(?::=|=>|={1,2}|:)\s{0,8}(?:[\\\"'`]{1,4}"
    + _NO_VALUE
    + r"[^\\\"'`\s]|"
    + _NO_VALUE
    + r"[^\\\"'`\s{}\[\](),;&|<>])"
    r"|[^a-z0-9]{1,40}(?:[a-z]{1,12}[_-]?)?value[\\\"'`]{0,4}\s{0,8}[=:]\s{0,8}[\\\"'`]{0,4}" + _NO_VALUE + r"[^\\\"'`\s{}\[\],])"
)
_QUOTED = r"(?:[_-]?(?:hash|key))?\s{0,8}(?:\(\s{0,8})?(?:e|n|u&)?['\"$]['\"$]?" + _NO_VALUE + r"[^'\"$\s,:;)}\]]"
_OPTION = r"[a-z0-9-]{0,20}(?:=\S|\s{1,8}[^\s-])"
_AHEAD = {"secret": r"(?<!:)", "token": r"(?<!next)(?<!client)(?<!request)(?<!continuation)(?<!next_)(?<!next-)"}

_WORDS = (
    *("password", "passwd", "passphrase", "pwd", "passcode", "secret", "token", "signature", "authorization", "credential"),
    *("apikey", "api_key", "api-key", "accesskey", "access_key", "privatekey", "private_key", "authkey", "auth_key"),
    *("connectionstring", "connection_string", "db_pass", "dbpass"),
)
_SAID = {word: late(_AHEAD.get(word, "") + word + _ASSIGNED) for word in _WORDS}
_QUOTED_AFTER = {word: late(word + r"(?:_id)?" + _QUOTED) for word in (*_WORDS, "session_token") if word != "credential"}
"""SQL: COPY … SECRET_ACCESS_KEY '…'"""

_MORE: Mapping[str, re.Pattern[str]] = {
    "password": late(
        r"password"
        + _QUOTED
        + r"|password\s{1,8}for\s[^\n]{0,80}?(?:[:=]|\sis\s|\s[-\u2013\u2014]{1,2}\s|->|\u2192|\s(?:as|to)\s{1,8}[\"'])\s{0,8}\S"
        r"|password\s{1,8}for\s{1,8}(?:\S{1,64}\s{1,8}){1,3}(?:[\"']\S|[a-z]{0,64}[0-9!@#$%^*+~])"
        r"|password\s{1,8}for\s{1,8}\S{1,64}[ \t]{0,8}\r?\n\s{0,8}[^\s-]{6,64}\s{0,8}\Z"
    ),  # SQL: PASSWORD '…', SET PASSWORD FOR
    "identified": late(r"identified\s{1,8}(?:(?:with|via)\s{1,8}[\w'\"]{1,64}\s{1,8})?(?:by|as|using)\s{1,8}\S"),
    "credentials": late(r"credentials\s{0,8}(?:as\s{0,8})?['\"](?!arn:|aws_iam_role=arn:)\S"),  # SQL: COPY … CREDENTIALS '…'
    "bearer": late(r"bearer\s{1,8}[a-z0-9._~+/-]{8}"),
    "--": late(
        r"--(?:[a-z0-9]{1,16}[-_.]){0,3}(?:password|passwd|pass|passphrase|pwd|pin|token|secret|credentials|cookie|api-key|private-key|access-key|auth-key)"
        + _OPTION
    ),
    "=": late(
        r"[?&;](?:[a-z0-9_.]{1,16}-){0,3}[a-z0-9_.]{0,24}(?<!next)(?<!continuation)(?:token|key|sig|signature|secret|password|pass|pwd|auth|code|hmac)=[^&\s]"
    ),
}
"""Patterns for text in lower case, each by a word that it contains and that is searched for first."""

_WORD = late(r"[A-Za-z0-9_.#/,@+*()-]*")
"""A text without anything but a slash or a comma that sets a value off from its name: no pattern matches it, save those in _ALONE."""

_SHORT_WORD = late(
    r"(?!BZh9|.{0,6}(?i:chpasswd)|(?=.{0,13},).{0,12}(?i:pass|pwd|secret|token|key|credential|pin|pw))[A-Za-z0-9_.#,@+*()-]{0,14}"
)
"""A word that is too short to be a key, a token or read as base64, none of `_ALONE`, and no row that `Tables` reads."""

_ALONE = {word: PHRASES[word] for word in ("chpasswd", "convertto-securestring")}
"""Patterns that match a word."""

_FOLDED = keyed(_SAID, _QUOTED_AFTER, _MORE, PHRASES)
_ON_LINES = keyed(_SAID, _QUOTED_AFTER, _MORE, PHRASES, COMMANDS) + within("-", keyed(PROGRAMS))
_CASED = keyed(_SHAPES)
_OF_WORDS = keyed(_ALONE)

_MAY_HIDE = late(
    r"pass|p(?:s?wd?|in|at|laintext)|secret|token|key|credential|authorization|signature|cookie|userdata|connectionstring|saml|code"
    r"|otp|bearer|jwt|kennwort|salt|cvv"
)
"""What is in every name that hides its value, without separators and in lower case."""

_VALUES = frozenset({"content", "data", "default", "text", "valuelist", "val", "v"})
"""Members that hold the value of the name in another member, like those that end in `value` or `values`."""

_REMEMBERED, _NAMES = 64, 1024
"""Characters of a member's name for which it is remembered whether it tells of others, and how many names are."""

_NOBODY: frozenset[str] = frozenset()

_BOUND = frozenset({"parameters", "executionparameters", "expressionattributevalues", "parametersets", "queryparameters"})
"""Members whose values stand for placeholders in a statement or expression beside them."""


def is_secret(name: str) -> bool:
    """Whether a member's name says that it holds a secret. A name longer than MAX_NAME counts as one."""
    if len(name) > MAX_NAME:
        return True
    bare = _bare(name)
    return _SECRET.search(bare) is not None and _NO_SECRET.search(bare) is None


def hides(name: str, *, own: bool = False) -> bool:
    """Whether the value of this name must not be stored: as `is_secret`, with more names, such as `DB_PASS` or `MfaCode`.

    With `own` the name was made up by an agent (a map's key, a variable): then `STRIPE_KEY` and `credentials2` count too.
    """
    if len(name) > MAX_NAME:
        return True
    bare = _bare(name)
    if _MAY_HIDE.search(bare) is None or _NO_SECRET.search(bare) is not None:
        return False
    if _SECRET.search(bare) is not None or _KEPT_SECRET.search(bare) is not None or _SHORT.search(name) is not None:
        return True
    return (own or _ENV.fullmatch(name) is not None) and _hides_own(bare)


def looks_secret(text: str) -> bool:
    """Whether a text holds a key, a signed token or a password, by its form or after a word that says so, in any encoding."""
    if _SHORT_WORD.fullmatch(text) is not None:
        return False
    tables = Tables(_own)
    if _reveals(text, tables):
        return True
    return not is_plain(text) and (is_packed(text) or _hides_inside(text, tables))


def _hides_inside(text: str, tables: Tables) -> bool:
    """Whether a text reveals a secret once its encodings are undone, or has too many of them."""
    return any(reading is None or _reveals(reading[0], None if reading[1] else tables) for reading in readings(text))


def _own(name: str) -> bool:
    return hides(name, own=True)


def _hides_own(bare: str) -> bool:
    if _OWN_NO_SECRET.search(bare) is not None:
        return False
    return _OWN_SECRET.search(bare) is not None or (_OWN_KEY.search(bare) is not None and _NAMES_KEY.search(bare) is None)


def _reveals(text: str, tables: Tables | None) -> bool:
    """Whether one reading of a text reveals a secret. Without `tables` its lines are joined: rows and commands are not read."""
    if (len(text) == KEY_LENGTH and _KEY.fullmatch(text) is not None) or any_found(_CASED, text):
        return True
    folded = text.lower()  # letters beyond ASCII may become longer; no offset is used here
    if _WORD.fullmatch(text) is not None:
        found = any_found(_OF_WORDS, folded) or ("/" in text and is_named(text, folded))
        return found or ("," in text and tables is not None and tables.reveal(text, folded))
    if tables is None:
        found = any_found(_FOLDED, folded)
    else:
        found = any_found(_ON_LINES, folded) or is_option(text) or is_named(text, folded) or tables.reveal(text, folded)
    if found or is_basic(text) or ("insert" in folded and _speaks(inserted(folded))) or any(map(_own, variables(text))):
        return True
    return folded[:64].lstrip()[:1] in ("{", "[") and _holds_pairs(text)


def kept_text(text: str) -> str:
    """What a person wrote, in the form that is stored and logged: a mask (JSON) if it holds a secret."""
    return json.dumps({"$masked": {"length": len(text)}}) if looks_secret(text) else text


def hidden_beside(members: Mapping[str, object]) -> frozenset[str]:
    """Names of the members of a structure that hold a secret because of what another member says.

    Covers `{Name: DB_PASSWORD, Value: …}` in any spelling, a patch of a path, and values for a statement that names a secret.
    """
    found = [(name, tells) for name in members if any(tells := _tells(name) if len(name) > _REMEMBERED else _told(name))]
    if not found:
        return _NOBODY
    values, bound = {name for name, (value, _) in found if value}, {name for name, (_, bound) in found if bound}
    both = values | bound
    texts = [text for name, item in members.items() if name not in both for text in _texts(item)]
    named = values if [text for text in texts if len(text) <= MAX_NAME and hides(text, own=True)] else set()
    if not bound:
        return frozenset(named)
    cut = any(isinstance(item, dict) and "$cut" in item for item in members.values())  # a statement that is shown in part
    spoken = bound if cut or any(map(_speaks, [*texts, *_aliases(members)])) else set()
    return frozenset(named | spoken)


def may_be_beside(names: Iterable[str]) -> bool:
    """Whether `hidden_beside` may find something in a structure whose members have these names."""
    return any(any(_tells(name)) for name in names)


def _tells(name: str) -> tuple[bool, bool]:
    """Whether a member holds the value of a name beside it, and whether it holds values for a statement there."""
    word = _bare(name)
    return word in _VALUES or word.endswith(("value", "values")), word in _BOUND


_told = lru_cache(_NAMES)(_tells)


def hidden_after(before: object, item: object) -> bool:
    """Whether an item of a list is the value of the one before it: of an option such as `--password`, `-p` or `-u`."""
    if not isinstance(before, str) or not before.startswith("-") or "=" in before or len(before) > MAX_NAME:
        return False
    if before == "-p":
        return not isinstance(item, str) or _PORT.match(item) is None
    if before in ("-u", "--user", "--proxy-user"):
        return isinstance(item, str) and ":" in item and _PORT.match(item) is None
    return hides(before.lstrip("-"), own=True)


def is_pair(items: list[Any]) -> bool:
    """Whether a list is the name of a secret and its value. Only for lists that no model describes."""
    names = [text for text in _texts(items[0]) if len(text) <= MAX_NAME] if len(items) == 2 else []
    return any("/" not in name and hides(name, own=True) for name in names)


_PORT = late(r"/|[0-9]")
"""What may follow `-p` or `-u` without being a password: a port, another number or a folder."""


def _texts(item: object) -> list[str]:
    """The texts of an item: itself, those of a list, or the one inside `{"S": …}`, as DynamoDB and RDS write it."""
    match item:
        case str():
            return [item]
        case list():
            return [text for text in item if isinstance(text, str)]
        case dict() if len(item) == 1:
            return [text for text in item.values() if isinstance(text, str)]
        case _:
            return []


def _bare(name: str) -> str:
    name = name[: MAX_NAME + 1]
    return name.lower() if name.isalnum() else _SEPARATORS.sub("", name).lower().lstrip("-$")


def _speaks(text: str) -> bool:
    """Whether a statement or expression names a secret. One longer than MAX_JSON counts as doing so."""
    return len(text) > MAX_JSON or any(hides(word, own=True) for word in {*identifiers(text)})


def _aliases(members: Mapping[str, object]) -> list[str]:
    """Names that an expression refers to by aliases (DynamoDB's ExpressionAttributeNames)."""
    found = [item for name, item in members.items() if _bare(name) == "expressionattributenames"]
    return [text for item in found if isinstance(item, dict) for text in item.values() if isinstance(text, str)]


def _holds_pairs(text: str) -> bool:
    """Whether a JSON text holds a secret, by the names in it. False for a text that is not JSON or longer than MAX_JSON."""
    if len(text) > MAX_JSON:
        return False
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return False
    todo: list[tuple[object, int]] = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > MAX_DEPTH:
            return True
        if isinstance(node, dict):
            hidden = hidden_beside(node)
            if any(_filled(item) and (name in hidden or hides(name.rpartition(":")[2], own=True)) for name, item in node.items()):
                return True
            todo.extend((item, depth + 1) for item in node.values())
        elif isinstance(node, list):
            todo.extend((item, depth + 1) for item in node)
            if is_pair(node) or any(hidden_after(before, item) for before, item in pairwise(node)):
                return True
    return False


def _filled(value: object) -> bool:
    """Whether a value could be a secret: a text that is neither empty nor a reference."""
    return isinstance(value, str) and value != "" and not value.startswith(("arn:", "${", "{{resolve:"))
