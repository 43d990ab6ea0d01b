"""The host table: which services a host name may stand for, and in which scopes requests to it are signed.

Rule: only names from botocore's endpoint rule sets, or listed one by one in `aliases`, are known; a matching suffix is never
enough. Host names are built only from the table.

Theory: a host is a front (`prefixes`), fixed labels with at most one region among them, and a suffix. Without the region and with a
slot for the suffix, the part after the front is a key of the table; its rows name services, partitions and scopes. A host that several
partitions or regions share has a candidate for each scope, and the signature selects one. There are ten thousand rows, of which an
agent needs a few: they are made when a host is first looked up.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import Candidate, Place
from trio_gate.aws.hosts.aliases import first_name, why_refused
from trio_gate.aws.hosts.prefixes import SLOTS, Where, read_front
from trio_gate.errors import Unidentified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_PATTERN = re.compile(r"((?:\{(?:a|l|b|ap|ol|op|x)\}\.)*)(.+)")
_ZONE = re.compile(r"(s3express(?:-fips)?)-(?!control|fips-)([a-z0-9-]+)")

MOST_LABELS = 48
"""Labels of a host name: a bucket has up to 32, and what follows it fewer than ten. Each may begin what the table has."""

_REMEMBERED = 256
"""How many hosts' places are cached: agents call few, and global names of S3 have a candidate for every region."""

_OLDER_NAMES = {"iot": "execute-api"}
"""Signing names that SDKs with older models use (Go's first SDK, botocore until 2021). AWS accepts both."""

_Scopes = tuple[tuple[str, str], ...]
_Pattern = tuple[str, str, "Mapping[str, Any]"]
"""The slot before a pattern's base, its service, and its scopes by partition."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One service at one pattern. `scopes` maps host regions to (region, signing name); None if each region is its own scope."""

    service: str
    partition: str
    signing_name: str
    scopes: Mapping[str, _Scopes] | None


@dataclass(frozen=True, slots=True)
class _Service:
    signing_name: str
    default: Mapping[str, str]


class HostTable:
    """All hosts of AWS that the gateway knows.

    Args:
        data: the content of `hosts.json.gz`; its format is described in shell/exchange/host_rules.py.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        partitions: Mapping[str, Mapping[str, Any]] = data["partitions"]
        self._regions = {region: name for name, one in partitions.items() for region in one["regions"]}
        self._suffixes = {name: {"{s}": one["suffix"], "{d}": one["dual"]} for name, one in partitions.items()}
        self._services = {name: _Service(one["signing_name"], one["default"]) for name, one in data["services"].items()}
        self._endings = [(f".{suffix}", slot, name) for name, by in self._suffixes.items() for slot, suffix in by.items()]
        self._patterns: dict[str, tuple[_Pattern, ...]] = {}
        self._domains: dict[str, set[str]] = {name: set() for name in partitions}
        self._signed_as: dict[str, tuple[str, ...]] = {}
        self._remembered = functools.lru_cache(_REMEMBERED)(self._look_up)
        self._scoped = functools.lru_cache(_REMEMBERED)(self._look_up_scope)
        alike: dict[str, Mapping[str, Any]] = {}  # most of the thousands are one of a few: they are kept once
        for name, one in data["services"].items():
            for pattern, found in one["hosts"].items():
                self._add(name, pattern, alike.setdefault(repr(found), found))

    def _add(self, service: str, pattern: str, found: Mapping[str, Any]) -> None:
        matched = _PATTERN.fullmatch(pattern)
        if matched is None:
            raise ValueError(f"the host table's pattern {pattern} of {service} cannot be read")
        slot, base = matched.groups()
        self._patterns[base] = (*self._patterns.get(base, ()), (slot, service, found))
        last = base.rpartition(".")[2]
        for partition in found:
            self._domains[partition].add(self._suffixes[partition].get(last) or base.rpartition("}.")[2])
        for name in _signing_names(service, self._services[service].signing_name, found.values()):
            own = self._signed_as.get(name, ())
            if service not in own:
                self._signed_as[name] = (*own, service)

    def _rows(self, here: str) -> Mapping[str, Sequence[_Row]] | None:
        """The rows of a host's part after the front, by slot; None without any."""
        found: dict[str, list[_Row]] = {}
        for base, partition in self._bases(here):
            for slot, service, scopes in self._patterns.get(base, ()):
                found.setdefault(slot, []).extend(self._rows_of(service, scopes, partition))
        return found or None

    def _bases(self, here: str) -> Iterator[tuple[str, str | None]]:
        """The bases of patterns that it may be of, each with the partition whose suffix it has; None for a pattern without one."""
        yield here, None
        for ending, slot, partition in self._endings:
            if here.endswith(ending):
                yield f"{here.removesuffix(ending)}.{slot}", partition

    def _rows_of(self, service: str, found: Mapping[str, Any], partition: str | None) -> Iterator[_Row]:
        name = self._services[service].signing_name
        for here in found if partition is None else found.keys() & {partition}:
            row = _row(service, here, name, found[here])
            yield row
            if service in _OLDER_NAMES and row.scopes is None:
                yield replace(row, signing_name=_OLDER_NAMES[service])

    def _with_suffix(self, base: str, partition: str) -> str:
        """The base with its partition's suffix filled in."""
        stem, _, last = base.rpartition(".")
        suffix = self._suffixes[partition].get(last)
        return base if suffix is None else f"{stem}.{suffix}"

    def place(self, host: str) -> Place:
        """Look up what a host name means.

        Args:
            host: lower case, without a port.

        Raises:
            Unidentified: it is not in the table; the reason says what else it is, if that is known.
        """
        return self._remembered(host)

    def _look_up(self, host: str) -> Place:
        if len(host) > 253 or host.count(".") >= MOST_LABELS or not _HOST.fullmatch(host):
            raise Unidentified("the request's host is not a host name in lower case")
        first = None if (found := self._find(host, host)) else first_name(host)
        if first is not None:
            found = self._find(first, host)
        if found is None:
            raise Unidentified(f"{host} {why_refused(host)}")
        return found

    def _find(self, host: str, asked: str) -> Place | None:
        """The place for a name of the table, with `asked` as its host. The longest match after a front wins."""
        labels = host.split(".")
        marked = [self._mark(label) for label in labels]
        for start in range(len(labels) - 1):
            slots = self._rows(".".join(marked[start:]))
            if slots is None:
                continue
            region = next((label for label in labels[start:] if label in self._regions), "")
            zone = next((found[2] for found in map(_ZONE.fullmatch, labels[start:]) if found), "")
            for slot in SLOTS:
                rows = slots.get(slot, ())
                place = self._at(slot, rows, labels[:start], region=region, zone=zone, asked=asked)
                if place is not None:
                    names = _covered(asked, ".".join(asked.split(".")[start:]), wide=any(slots))
                    return replace(place, names=names, free=bool(zone) or start > 1 or asked != host)
        return None

    def _mark(self, label: str) -> str:
        if label in self._regions:
            return "{r}"
        found = _ZONE.fullmatch(label) if label.startswith("s3express-") else None
        return f"{found[1]}-{{z}}" if found else label

    def _at(self, slot: str, rows: Sequence[_Row], front: Sequence[str], *, region: str, zone: str, asked: str) -> Place | None:
        partition = self._regions.get(region)
        own = [row for row in rows if partition in (None, row.partition)]
        if not own:
            return None
        read = read_front(slot, front, Where(partition=own[0].partition, region=region, zone=zone))
        if read is None:
            return None
        candidates = tuple(
            Candidate(service=row.service, host=asked, partition=row.partition, region=signed_for, signing_name=name)
            for row in own
            for signed_for, name in _scopes_at(row, region)
        )
        return Place(host=asked, candidates=candidates, bucket=read.bucket, account=read.account) if candidates else None

    def place_of_scope(self, signing_name: str, region: str, *, service: str | None = None, twins: Sequence[str] = ()) -> Place:
        """Find the place of a request of which only the scope is known: the default hosts of services with that signing name.

        Global services take any region of their partition here, because SDKs that are given an endpoint sign for the client's
        region; their candidates carry the region that AWS wants.

        Args:
            signing_name: the service of the scope.
            region: the region of the scope.
            service: botocore's name, if the request says which service it means.
            twins: services that share operations with that one.

        Raises:
            Unidentified: there is no such service, region or pair.
        """
        return self._scoped(signing_name, region, service, tuple(twins))

    def _look_up_scope(self, signing_name: str, region: str, service: str | None, twins: tuple[str, ...]) -> Place:
        partition = self._regions.get(region)
        if partition is None:
            raise Unidentified("the signature's scope names no AWS region that this gateway knows")
        names = self._signed_as.get(signing_name)
        if names is None:
            raise Unidentified("the signature's scope names no AWS service that this gateway knows")
        if service is not None and service not in names:
            raise Unidentified(f"the service that the path names is not one that signs as {signing_name}")
        candidates = tuple(
            candidate
            for name in ([service, *(one for one in twins if one in names and one != service)] if service else names)
            for candidate in self._default(name, partition, region)
            if candidate.signing_name == signing_name
        )
        if not candidates:
            raise Unidentified(f"{signing_name} has no host in {region}")
        return Place(host=candidates[0].host, candidates=candidates, scoped=True)

    def _default(self, service: str, partition: str, region: str) -> tuple[Candidate, ...]:
        by = self._services[service].default
        pattern = by.get(region, by.get(partition, by.get("*", "")))
        host = self._with_suffix(pattern.replace("{r}", region), partition)
        found = self._find(host, host) if pattern else None
        own = [one for one in found.candidates if one.service == service and one.partition == partition] if found else []
        return tuple([one for one in own if one.region == region] or own)

    def partition_of(self, region: str) -> str | None:
        """The partition of a region; None for a region that is not in the table."""
        return self._regions.get(region)

    def domains(self, partitions: Iterable[str]) -> tuple[str, ...]:
        """The domains of all hosts in these partitions, such as "amazonaws.com" and "api.aws"; sorted."""
        return tuple(sorted({domain for name in partitions for domain in self._domains[name]}))

    @functools.cached_property
    def all_domains(self) -> tuple[str, ...]:
        """The domains of all hosts of the table."""
        return self.domains(self._domains)


def _covered(host: str, base: str, *, wide: bool) -> tuple[str, ...]:
    return (base, f"*.{base}") if wide and host in (base, f"{host.partition('.')[0]}.{base}") else (host,)


def _signing_names(service: str, own: str, found: Iterable[str | Mapping[str, Sequence[str]]]) -> dict[str, None]:
    """The names that requests to one pattern of a service are signed with."""
    names: dict[str, None] = {}
    for scopes in found:
        if isinstance(scopes, str):
            names[scopes[2:] or own] = None
            if service in _OLDER_NAMES:
                names[_OLDER_NAMES[service]] = None
        else:
            names[own] = None
            names |= dict.fromkeys(text.partition("/")[2] or own for texts in scopes.values() for text in texts)
    return names


def _row(service: str, partition: str, signing_name: str, scopes: str | Mapping[str, Sequence[str]]) -> _Row:
    if isinstance(scopes, str):
        return _Row(service, partition, scopes.partition("/")[2] or signing_name, None)
    named = {
        region: tuple((text.partition("/")[0], text.partition("/")[2] or signing_name) for text in found)
        for region, found in scopes.items()
    }
    return _Row(service, partition, signing_name, named)


def _scopes_at(row: _Row, region: str) -> _Scopes:
    return ((region, row.signing_name),) if row.scopes is None else row.scopes.get(region, ())
