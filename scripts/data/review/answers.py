"""Proposes what an answer may contain, by the members of the output: credentials, stored secrets, and places where people leave secrets.

Rule: a proposal is based on names and traits only, and names the member that it comes from. If it is wrong, `by_hand.txt` removes it. A
secret that a read returns was stored; one that a write returns may be new, so both marks are proposed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scripts.data.review.models import one_of
from trio_gate.aws.iam.answer_members import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.data.review.models import Leaf, Modelled

Mark = Literal["vends", "secret", "exposes"]

_NAMED = one_of(
    "arn arns id ids identifier name names type types status version versions algorithm format size count field xpath hint hash"
    " digest fingerprint thumbprint endpoint alias date region provider method expiry expiration lifetime validity enabled"
    " policy usage label labels prefix suffix param scheme style state reference check"
)
"""Last words of members that name, count or describe a secret but do not contain it."""

_SECRETS = one_of(
    "accountpassword passworddata passphrase passcode secretstring secretbinary secretkey secretcode secrettoken clientsecretvalue"
    " keymaterial plaintext presharedkey sharedsecret base32stringseed qrcodepng appkey nwkkey genappkey appskey nwkskey fnwksintkey"
    " snwksintkey nwksenckey statickeyvalue basicauthcredentials credential sqlservercredentials streamkey authkey apikey hectoken"
    " personalpin privatekeybase64 authenticationkey mackey secretaccesskeyid authparameters customerrouterconfig"
)
_MINTED = one_of(
    "secretaccesskey sessiontoken accesstoken refreshtoken idtoken authcode authorizationcode registrationcode activationcode"
    " activationkey unlockcode devicecode usercode invitecode codeverifier tokenvalue manifesturi noderegistrationscript"
)
_HANDLES = one_of(
    "next client continuation pagination page idempotency request lock change update creation checkpoint block upload billing first"
    " second version list export import feedback hooks policy portfolio source copy last conditional term offer voip log sync"
    " preview initial grant task job sequence result pattern work"
)
"""Words in names of tokens for pagination or for identifying a request, which give no access."""

_SECRET_MAPS = one_of("providerdetails identityproviderdetails connectionproperties")
_LOG_IN = one_of(
    "presigned signed authorized login session embed stream streaming tunnel dashboard webhook anonymous deep shell admin"
)
_SIGNED = one_of("presigned signed pre download upload")
_LINKS = one_of("url uri link urls")

_ENVIRONMENTS = one_of(
    "environment environmentvariables envvars env variables additionalenvironmentvariables runtimeenvironmentvariables"
    " environmentvariable"
)
_ARGUMENTS = one_of(
    "command commands args arguments entrypoint containerarguments containerentrypoint defaultarguments nonoverridablearguments"
    " additionallaunchargs entrypointarguments sparksubmitparameters startcommand buildcommand hyperparameters"
    " statichyperparameters jobargs codelocation parametervalue outputvalue resolvedvalue"
)
_DOCUMENTS = one_of(
    "templatebody template buildspec definition definitionbody pipelineconfigurationbody scriptbody script pythonscript scalacode"
    " userdata configurationbody statemachinedefinition workflowdefinition dockerfiletemplatedata serverproperties"
    " standardoutputcontent standarderrorcontent stdout stderr imagedata configuration supplementaryconfiguration"
    " inlinecode spec manifest startupscript bootstrapscript targetinput"
)
_FREE_MAPS = ("configuration", "properties", "settings", "overrides", "environment", "variables", "arguments", "hyperparameters")
_RUNS = one_of("job jobs command commands execution executions task tasks run runs stack stacks automation pipeline workflow")


def proposals(operation: Modelled, *, read: bool) -> Iterator[tuple[Mark, Leaf]]:
    """The marks that an operation's output suggests, each with the first member that does. `read`: its level is read or list."""
    seen: set[Mark] = set()
    for leaf in operation.outputs:
        for mark in _marks(operation, leaf, read=read):
            if mark not in seen:
                seen.add(mark)
                yield mark, leaf


def _marks(operation: Modelled, leaf: Leaf, *, read: bool) -> Iterator[Mark]:
    if not leaf.text or not leaf.names:
        return
    if _is_minted(operation, leaf):
        yield "vends"
        if read and leaf.names[-1].lower() not in operation.name.lower():
            yield "exposes"
    elif _is_secret(leaf) or _is_value(operation, leaf):
        yield "secret"
        yield "exposes"
        if not read or _is_value(operation, leaf):
            yield "vends"
    elif _ran(operation, leaf):
        yield "vends"
        yield "exposes"
    elif _is_left(operation, leaf):
        yield "exposes"


def _is_minted(operation: Modelled, leaf: Leaf) -> bool:
    name = leaf.names[-1]
    said, low = words(name), name.lower()
    if low in _MINTED or (low == "code" and "code" in operation.words):
        return True
    if said[-1:] == ("token",):
        return not _HANDLES & set(said)
    if said and said[-1] in _LINKS:
        here = set(said) if len(said) > 1 else set(operation.words)
        made = operation.words[0] in {"generate", "create"} and bool(_LINKS & set(operation.words))
        return bool(here & _LOG_IN or made) and not (here | set(operation.words)) & {
            "download",
            "upload",
            "attachment",
            "report",
            "document",
        }
    return False


def _is_secret(leaf: Leaf) -> bool:
    name = leaf.names[-1]
    said, low = words(name), name.lower()
    if not said or said[-1] in _NAMED:
        return False
    if low == "properties" and leaf.sensitive:
        return True
    if any(part.lower() in _SECRET_MAPS for part in leaf.names) and leaf.path[-1] == "*":
        return True
    if low in _SECRETS or low.endswith(("password", "passphrase")):
        return True
    return said[-1] == "secret" or ("private" in said and "key" in said)


def _is_value(operation: Modelled, leaf: Leaf) -> bool:
    """A bare `value` of an operation about keys, secrets or tokens."""
    return (
        [name.lower() for name in leaf.names] in (["value"], ["items", "value"])
        and bool({"key", "keys", "secret", "token"} & set(operation.words))
        and operation.service != "cloudfront-keyvaluestore"
    )


def _ran(operation: Modelled, leaf: Leaf) -> bool:
    """Output of a program or state machine that ran with a role while the caller waited; it may contain anything."""
    said = set(operation.words)
    waits = operation.words[0] in {"invoke", "execute", "test"} or {"start", "sync"} <= said
    return waits and (leaf.names[-1].lower() == "stdout" or (leaf.names[-1].lower() == "output" and leaf.sensitive))


def _is_left(operation: Modelled, leaf: Leaf) -> bool:
    """A place where people leave secrets."""
    low = [part.lower() for part in leaf.names]
    said = set(words(leaf.names[-1]))
    if said & _LINKS:
        return bool(said & _SIGNED or set(operation.words) & _SIGNED)
    if low[-1] in _ARGUMENTS or low[-1] in _DOCUMENTS or any("userdata" in part for part in low):
        return True
    if any(part in _ENVIRONMENTS for part in low) and (leaf.path[-1] == "*" or low[-1] == "value"):
        return True
    if low[-1] == "value" and len(low) > 1 and low[-2] == "optionsettings":
        return True
    if leaf.path[-1] == "*" and low[-1].endswith(_FREE_MAPS):
        return True
    if leaf.path[-1] == "*" and low[-1] == "parameters" and _RUNS & set(operation.words):
        return True
    if low[-1] in {"input", "output"} and leaf.sensitive:
        return True
    return (
        low[-1] in {"content", "configuration", "data", "output", "body"}
        and bool({"configuration", "config", "console", "revision", "document"} & set(operation.words))
        and operation.words[0] in {"get", "describe"}
        and len(leaf.names) < 3
    )
