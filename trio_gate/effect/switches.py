"""What single members mean that make a call worse, in words.

Rule: the words are for people; whether a call destroys or unguards is decided by the review. A member that is not here is named by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Value

Kind = Literal["destroys", "unguards", "code"]

_BEYOND = 10**9
"""No number that decides anything is as large."""

MAX_LOOKED_AT = 2000
"""How many values of the parameters are looked at."""

_ANY = "*"
_LOSSES: Mapping[tuple[str, str], str] = {
    ("DeleteAssociatedSnapshots", "true"): "its snapshots are deleted as well",
    ("DeleteAutomatedBackups", "true"): "its backups are deleted as well",
    ("Expiration", _ANY): "objects are deleted by age",
    ("ForceDelete", "true"): "what is inside is deleted as well",
    ("ForceDeleteWithoutRecovery", "true"): "it cannot be restored",
    ("force", "true"): "what is inside is deleted as well",
    ("NoncurrentVersionExpiration", _ANY): "old versions are deleted by age",
    ("SkipFinalClusterSnapshot", "true"): "no snapshot is kept",
    ("SkipFinalSnapshot", "true"): "no snapshot is kept",
    ("TerminateInstances", "true"): "its instances are terminated",
}
_GUARDS: Mapping[tuple[str, str], str] = {
    ("BackupRetentionPeriod", "0"): "backups end, and those that exist are deleted",
    ("BlockPublicAcls", "false"): "ACLs may make it public",
    ("BlockPublicPolicy", "false"): "a policy may make it public",
    ("BypassGovernanceRetention", "true"): "a retention lock is passed over",
    ("DeletionProtection", "false"): "it can be deleted from now on",
    ("DeletionProtectionEnabled", "false"): "it can be deleted from now on",
    ("DisableApiTermination", "false"): "it can be terminated from now on",
    ("Enable", "false"): "it is turned off",
    ("EnableLogFileValidation", "false"): "changed logs are not noticed any more",
    ("EnableTerminationProtection", "false"): "it can be deleted from now on",
    ("IgnorePublicAcls", "false"): "ACLs may make it public",
    ("IncludeGlobalServiceEvents", "false"): "calls of global services are not recorded any more",
    ("IsMultiRegionTrail", "false"): "calls in other regions are not recorded any more",
    ("IsOrganizationTrail", "false"): "calls in other accounts are not recorded any more",
    ("MFADelete", "Disabled"): "deleting needs no second factor any more",
    ("RestrictPublicBuckets", "false"): "a public policy takes effect",
    ("Status", "Suspended"): "what is deleted or replaced is not kept any more",
    ("TerminationProtectionEnabled", "false"): "it can be deleted from now on",
}
_CODE: Mapping[tuple[str, str], str] = {
    ("Code", _ANY): "code that will run",
    ("Content", _ANY): "a document that says what will run",
    ("Image", _ANY): "an image that will run",
    ("ImageUri", _ANY): "an image that will run",
    ("Payload", _ANY): "commands that will run",
    ("ScriptLocation", _ANY): "a script that will run",
    ("Steps", _ANY): "steps that will run",
    ("TemplateBody", _ANY): "a template, which can create, change and delete anything",
    ("TemplateURL", _ANY): "a template, which can create, change and delete anything",
    ("UserData", _ANY): "a script that runs as root at the first start",
    ("ZipFile", _ANY): "code that will run",
    ("DesiredState", _ANY): "any kind of resource",
    ("PatchDocument", _ANY): "a change of any kind of resource",
    ("S3Key", _ANY): "code that will run, from S3",
    ("buildspecOverride", _ANY): "commands that will run",
    ("command", _ANY): "a command that will run",
    ("commands", _ANY): "commands that will run",
    ("definition", _ANY): "a definition of what will run",
    ("image", _ANY): "an image that will run",
}
_WORDS: Mapping[Kind, Mapping[tuple[str, str], str]] = {"destroys": _LOSSES, "unguards": _GUARDS, "code": _CODE}


def deciding(kind: Kind, params: Mapping[str, Value]) -> list[str]:
    """The members sent that make a call worse, each with what it means: "SkipFinalSnapshot: no snapshot is kept"."""
    known = _WORDS[kind]
    found = [
        f"{name}: {text}"
        for name, value in members(params)
        if (
            text := known.get((name, _text(value))) or (known.get((name, _ANY)) if value not in (None, "", b"", [], {}) else None)
        )
    ]
    return list(dict.fromkeys(found))


def _text(value: Value) -> str:
    if isinstance(value, dict) and set(value) == {"Value"}:  # EC2's attributes
        value = value["Value"]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return fold(value) if value in ("TRUE", "FALSE", "True", "False") else value[:64]
    return (
        str(value) if isinstance(value, int) and abs(value) < _BEYOND else ""
    )  # the text of a list would be as long as all in it


def members(params: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Members with their values at any depth, the outer ones first, the first MAX_LOOKED_AT."""
    level: list[tuple[str, Value]] = list(params.items())
    left = MAX_LOOKED_AT
    while level and left > 0:
        below: list[tuple[str, Value]] = []
        for name, value in level[:left]:
            yield name, value
            for inner in value[:left] if isinstance(value, list) else (value,):
                if isinstance(inner, dict):
                    below.extend(inner.items())
        left -= len(level)
        level = below
