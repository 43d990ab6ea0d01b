"""The access level of an operation: IAM's own, corrected for changes of access and for reads that do something.

Rule: changing who may do what is `permissions`, and so is setting a credential that the caller chose. A read that runs a model or
somebody's code, or that sends, hides or changes something, is `write`, as is what IAM does not know. Words of names decide here;
`by_hand.txt` corrects what they cannot show.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.data.review.models import one_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scripts.data.review.models import Leaf, Modelled
    from trio_gate.aws.call import Access

_ACTS = one_of(
    "agentic apply cancel converse create drop invoke optimize predict probe put receive request send stop update delete"
)
"""First words of operations that do something, even if IAM says that they only read."""

_ASKS = frozenset(
    [
        ("query", "assistant"),
        ("test", "invoke"),
        ("test", "availability"),
        ("test", "connection"),
        ("test", "identity"),
        ("verify", "trust"),
        ("evaluate", "code"),
        ("retrieve", "and"),
    ]
)
"""First two words of reads that call a model, somebody's code or another system."""

_ABOUT_ACCESS = frozenset(
    ["iam", "identitystore", "ram", "rolesanywhere", "sso-admin", "verifiedpermissions", "eks-auth", "account-access-runtime"]
)
"""Services in which every change is a change of who may do what."""

_NAMES = re.compile(
    r"""
      Permission | ResourcePolic | PolicyStatement$
    | (?<!Snapshot)Grants?(?![a-z])
    | (?:^|[a-z])Shar(?:e|es|ing)(?![a-z]) | SharedDirectory | ^Unshare | Share(?:Invitation|s)
    | ^Authorize | Authorization(?!s?Cache)(?:$|Polic|Config)
    | ^Revoke\w*(?:Ingress|Egress|Access|Entitlement|IpRules|Permission|Grant)
    | Authorizer$ | Trust(?:Anchor|Provider|Store|edTokenIssuer)? (?:$|s$|Association) | TrustStore
    | Delegat(?:ed|ion|e)(?!ionS)(?:Admin|Request|$) | (?:Organization|^\w+)Admin(?:istrator)?(?:Account|Invitation|$)
    | ^Accept\w*Invitation | ^InviteMembers
    | Access(?:Entry|Policy|Control|Scope|Rule|Override|Propert|IpRules) | (?:PublicAccess|EndpointAccess$|ServiceAccess|OrganizationsAccess|ConsoleAccess|DataAccess$)
    | ^(?:Create|Update|Delete)Access$ | AccessBackupVault | ResourceAccess | AccessSettings | AccessAssociation | AccessKey
    | (?:Snapshot|Image)Attribute | SecurityGroupRules$ | NetworkAclEntry
    | IdentityProvider | OpenIDConnect | SAMLProvider | PodIdentity | IdentityPoolRoles | SsoAssignment | AccountAssignment
    | (?:Group|Role)Membership | (?:Add|Remove)\w*(?:User|Member|Principal|Client)s?(?:To|From)Group | Principal(?:With|From)
    | ^(?:Import|Upload|Send|Register)\w*(?:PublicKey|KeyPair|Certificate|SSHPublicKey)(?:WithoutCA)?$
    | ^(?:Set|Reset|Change|Admin(?:Set|Reset))\w*Password | KeyGroup$ | ^(?:Create|Update|Delete)(?:ACL|PublicKey)$
    | ^(?:Add|Associate|Attach)\w*Role(?!Alias) | Role(?:To|From)DB | ^(?:Remove|Disassociate|Detach)\w*Role(?!Alias)
    | SessionPolic | (?:Assume|Execution)RolePolicy
    """,
    re.VERBOSE,
)
_NOT = re.compile(
    r"AccessLog|AccessPoint(?!Policy)|AccessScopeAnalysis|UserAccessLogging|FileShare|QuotaShare|RevenueShare|Screen|OriginAccess"
    r"|AccessPreview|RemoteAccess|TrustedAdvisor|TrustedEntity|DelegationS|ReusableDelegation|DelegationSigner|RevokeCertificate"
    r"|NetworkInsightsAccess|AppAuthorization|OperationAuthorization|IntegrationAuthorization|DelegateMacVolume|SharedVpc"
    r"|DelegationByAssessment|EgressOnly|Shard|ScreenSharing|AccessToken|ServerCertificate$|ImportCertificate$"
)
_WORDS_OF_OTHER_POLICIES = re.compile(
    r"Lifecycle|Scaling|Retention|Backup|Cache|Traffic|Routing|Firewall|DataProtection|Index|AccountPolicy|Metering|Schedul|CoreNetwork"
    r"|AutomatedReasoning|Resilien|Stickiness|Approval|Password|Deployment|OriginRequest|ResponseHeaders|Termination|Cors|Metric|Storage"
    r"|Declarative|CostAllocation|Ipam|PolicyTable|LoadBalancer|Configuration|Reputation|Tape|Enrollment|PolicyGeneration|Playback"
    r"|Snapshot|Recommended|Snapshots|BuildWorkflow|TestCase|ExecutePolicy"
)
_POLICY_TEXT = re.compile(
    r"(?:polic(?:y|ies)|policy_?(?:document|text|body|string|statement|json)|statement)$", re.IGNORECASE | re.ASCII
)
_CHOSEN = one_of(
    "masteruserpassword adminpassword adminuserpassword passwords newpassword proposedpassword temporarypassword localconsolepassword"
    " fsxadminpassword svmadminpassword kdcadminpassword authtoken sshpublickey sshpublickeys sshpublickeybody publickeymaterial"
    " publickeybase64 publickeys addpublickeys smtppassword tokensigningpublickeys"
)
"""Members that set a credential for the changed resource."""

_WITH_PASSWORD = one_of("user users broker profile cluster instance guest password database")
_NEW = one_of("create restore run register start")
"""The first password of a new resource gives no access to anything that existed before, unless the resource is a user."""


def level(operation: Modelled, iam: Access | None, siblings: Mapping[str, Modelled]) -> tuple[Access, str]:
    """The level of an operation, and why if it is not IAM's. `siblings` are the operations of its service by name."""
    if iam in {"read", "list"}:
        return _of_read(operation, iam)
    if iam in {"permissions", "tagging"}:
        return iam, ""
    if iam is None and operation.words[0] in {"get", "list", "describe", "batchget"}:
        return "write", "IAM has no action for it"
    if operation.service in _ABOUT_ACCESS and operation.words[0] not in {"tag", "untag"}:
        return "permissions", "the service is about who may do what"
    if _NAMES.search(operation.name) and not _NOT.search(operation.name):
        return "permissions", "its name is about who may do what"
    if _sets_policy(operation, siblings):
        return "permissions", "it changes a policy that is a text"
    return "write", "" if iam else "IAM has no action for it"


def _of_read(operation: Modelled, iam: Access) -> tuple[Access, str]:
    said = operation.words
    if said[0] in _ACTS or (said[0] in {"start", "generate"} and not {"query", "tail", "synthesis"} & set(said)):
        return "write", "it runs, sends or changes something"
    if said[:2] in _ASKS or (said[0] == "detect" and "drift" in said):
        return "write", "it asks a model or another system, or changes what is known of a stack"
    return iam, ""


def _sets_policy(operation: Modelled, siblings: Mapping[str, Modelled]) -> bool:
    """Whether it changes a policy document: its own input has one, or the input of the operation that sets what this one deletes."""
    if "polic" not in operation.name.lower() or _WORDS_OF_OTHER_POLICIES.search(operation.name):
        return False
    noun = re.sub("^(?:Delete|Remove|Detach|Reset)", "", operation.name)
    others = [siblings.get(f"{verb}{noun}") for verb in ("Put", "Create", "Update", "Set", "Add", "Attach")]
    return any(_has_policy_text(one) for one in (operation, *others) if one is not None)


def _has_policy_text(operation: Modelled) -> bool:
    return any(leaf.text and leaf.names and _POLICY_TEXT.search(leaf.names[-1]) for leaf in operation.inputs)


def chosen_credentials(operation: Modelled) -> Iterator[Leaf]:
    """Members with which the caller sets a credential of its choice."""
    said = set(operation.words)
    if operation.words[0] in {"get", "list", "describe", "test", "delete"}:
        return
    if operation.words[0] in _NEW and "user" not in said and "profile" not in said:
        return
    for leaf in operation.inputs:
        low = leaf.names[-1].lower() if leaf.names else ""
        if leaf.text and (low in _CHOSEN or (low == "password" and said & _WITH_PASSWORD)):
            yield leaf
