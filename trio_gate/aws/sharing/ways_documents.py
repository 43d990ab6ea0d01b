"""Sharing by documents in other policy languages: OpenSearch Serverless' policies and Verified Access' Cedar.

Rule: what cannot be read without doubt is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.sharing.recipients import EVERYBODY, principals
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]

_ENTRY = {
    "data": frozenset(("Description", "Principal", "Rules")),
    "network": frozenset(("AllowFromPublic", "Description", "Rules", "SourceServices", "SourceVPCEs")),
}
"""The members that an entry of a policy may have, by the policy's type."""

_SAML = re.compile(r"saml/([0-9]{12})/[^/]{1,128}/(?:user|group)/.{1,256}")
_PERMITS = re.compile(r"\bpermit\b", re.ASCII)
_BLANKS = r"[ \n]{0,16}"
_UNCONDITIONAL = re.compile(_BLANKS.join(("permit", r"\(", "principal", ",", "action", ",", "resource", r"\)", ";")))
_FORBIDS_ONLY = re.compile(r"[^\"'/]{0,65536}")
"""A text without strings and comments, in which every word is a keyword or a name."""


def _access_policy(params: Params, caller: CallerContext) -> Found:
    """Who can read and write data: principals, and users of the account's SAML providers."""
    for entry in _entries(params, "data"):
        named = entry.get("Principal") if isinstance(entry, dict) else None
        if not isinstance(named, list) or not named:
            yield UNKNOWN
            continue
        for one in named:
            saml = _SAML.fullmatch(one) if isinstance(one, str) else None
            yield from principals([saml[1] if saml else one], caller)


def _security_policy(params: Params, caller: CallerContext) -> Found:
    """Which networks can reach a collection. Its encryption policy gives access to nobody."""
    if params.get("type") == "encryption":
        return
    for entry in _entries(params, "network"):
        public = entry.get("AllowFromPublic", False) if isinstance(entry, dict) else UNKNOWN
        endpoints = entry.get("SourceVPCEs", []) if isinstance(entry, dict) else UNKNOWN
        if not isinstance(public, bool) or not isinstance(endpoints, list):
            yield UNKNOWN
        elif public:
            yield EVERYBODY
        else:
            yield from (
                one if isinstance(one, str) and re.fullmatch(r"vpce-[0-9a-f]{8,17}", one) else UNKNOWN for one in endpoints
            )


def _entries(params: Params, kind: str) -> Iterator[Any]:
    """The entries of a policy, UNKNOWN for one that is not as documented. An update without a policy has none."""
    text = params.get("policy")
    if text is None:
        return
    if params.get("type") != kind or not isinstance(text, str):
        yield UNKNOWN
        return
    try:
        tree = read_json(text.encode())
    except (Malformed, UnicodeEncodeError):
        tree = None
    for entry in tree if isinstance(tree, list) and tree else [None]:
        yield entry if isinstance(entry, dict) and entry.keys() <= _ENTRY[kind] else UNKNOWN


def _cedar(*, inherits: bool) -> Callable[[Params, CallerContext], Found]:
    """Verified Access: without a policy nobody gets access, except through an endpoint's group. Users named by a condition are unknown."""

    def way(params: Params, _scene: CallerContext) -> Found:
        text, enabled = params.get("PolicyDocument"), params.get("PolicyEnabled")
        if text is None or enabled is False:
            yield from (UNKNOWN,) if inherits or enabled is True or enabled is UNKNOWN else ()
        elif not isinstance(text, str) or not _FORBIDS_ONLY.fullmatch(text):
            yield UNKNOWN
        elif _UNCONDITIONAL.search(text):
            yield EVERYBODY
        elif _PERMITS.search(text):
            yield UNKNOWN

    return way


DOCUMENTS: dict[tuple[str, str], Callable[[Params, CallerContext], Found]] = {
    ("opensearchserverless", "CreateAccessPolicy"): _access_policy,
    ("opensearchserverless", "UpdateAccessPolicy"): _access_policy,
    ("opensearchserverless", "CreateSecurityPolicy"): _security_policy,
    ("opensearchserverless", "UpdateSecurityPolicy"): _security_policy,
    ("ec2", "CreateVerifiedAccessGroup"): _cedar(inherits=False),
    ("ec2", "ModifyVerifiedAccessGroupPolicy"): _cedar(inherits=False),
    ("ec2", "CreateVerifiedAccessEndpoint"): _cedar(inherits=True),
    ("ec2", "ModifyVerifiedAccessEndpointPolicy"): _cedar(inherits=True),
}
"""By service and operation; these functions read the call's document."""
