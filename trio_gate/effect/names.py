r"""Names that an agent chose, as they stand in a sentence: marked, escaped, and shortened in the middle.

Rule: no name can pass for words of the sentence. It stands bare only if it is one run of characters that no word has (`sg-0123`,
`reports/q3.csv`); any other stands in quotes (`"deploy"`, `"all objects"`). What cannot be seen, moves its neighbours or passes for
another letter is shown by number, as everywhere (`text.visible`), and so are a quote inside of quotes and a `…` of the agent's: that
mark stands only where the gateway has shortened a name.
"""

from __future__ import annotations

import re
from functools import lru_cache

from trio_gate.aws.resources.arns import parse
from trio_gate.text.visible import visible

MAX_NAME = 2048
"""Characters of a whole name that are kept, as in the record; AWS has no longer names."""

_SHORT = 64
"""Characters of a name that is remembered as it is shown: most calls are about the same tables, buckets and instances."""

_BARE = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._/:@+=#~$-]*")
_LETTER, _MARK = re.compile(r"[A-Za-z]"), re.compile(r"[0-9._/:@#-]")
_UNIT = re.compile(r"\\u\{[0-9a-f]{1,6}\}|.")
_CUT = "…"
_ESCAPE = "\\u{"
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?")
_DIGITS = 12
_QUEUE = re.compile(r"https?://[A-Za-z0-9.:-]{1,253}/([0-9]{12})/([A-Za-z0-9_.-]{1,80})")


def shown(name: str, room: int | None = None) -> str:
    """A name as it stands in a sentence. `room`: the characters that it may take, its quotes left aside; None for all."""
    return fitted(safe(name), room)


def fitted(name: tuple[str, bool], room: int | None) -> str:
    """What `safe` returned, in so many characters."""
    text, bare = name
    if room is not None:
        text = shortened(text, room)
    return text if bare else f'"{text}"'


def safe(name: str) -> tuple[str, bool]:
    """A name as text that is safe to show, and whether it stands without quotes."""
    return _remembered(name) if len(name) <= _SHORT else _safe(name)


def _safe(name: str) -> tuple[str, bool]:
    if _BARE.fullmatch(name) is not None:  # nothing in it needs an escape
        text, bare = name[:MAX_NAME], _stands_out(name)
    else:
        text, bare = visible(name[:MAX_NAME]).replace(_CUT, "\\u{2026}").replace('"', "\\u{22}"), False
    return (text + _CUT if len(name) > MAX_NAME else text), bare


_remembered = lru_cache(maxsize=1024)(_safe)


def _stands_out(name: str) -> bool:
    """Whether nobody would read it as a word or a number of the sentence."""
    if name.isalpha():  # a word
        return False
    if name.isdecimal():
        return len(name) == _DIGITS
    return _ADDRESS.fullmatch(name) is not None or (_LETTER.search(name) is not None and _MARK.search(name) is not None)


def shortened(text: str, room: int) -> str:
    """A visible text in at most so many characters: its middle is replaced by `…`, and no escape is cut."""
    if len(text) <= room:
        return text
    head, tail = (room - 1 + 1) // 2, (room - 1) // 2
    if _ESCAPE not in text:
        return f"{text[:head]}{_CUT}{text[len(text) - tail :]}"
    units = _UNIT.findall(text)
    return _taken(units, head) + _CUT + _taken(units[::-1], tail, reverse=True)


def _taken(units: list[str], room: int, *, reverse: bool = False) -> str:
    kept: list[str] = []
    for unit in units:
        room -= len(unit)
        if room < 0:
            break
        kept.append(unit)
    return "".join(reversed(kept) if reverse else kept)


def own_name(name: str, account: str, region: str) -> str:
    """A resource of the call's own account and region by its last name, such as `deploy` for its ARN; any other as it is."""
    if not name.startswith(("arn:", "http")):  # as most are
        return name
    queue = _QUEUE.fullmatch(name)
    if queue is not None:
        return queue[2] if queue[1] == account else name
    arn = parse(name)
    if arn is None or arn.account not in ("", account) or arn.region not in ("", region):
        return name
    kind, _, rest = arn.resource.replace(":", "/", 1).partition("/") if arn.service != "s3" else ("", "", arn.resource)
    return rest or kind
