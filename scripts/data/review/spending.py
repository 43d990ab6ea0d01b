"""Proposes whether a call itself costs money: by what it creates, starts, buys, stores or processes.

Rule: a call for a noun that is billed spends; one that turns off, names, describes or connects does not. An update spends if it sends a
size, and is undecided if it may turn on something that is billed, as is what no word shows. `by_hand_spends.txt` corrects this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.data.review.models import one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.data.review.models import Modelled
    from trio_gate.aws.call import Access

MODELS = one_of(
    "bedrock-runtime bedrock-agent-runtime sagemaker-runtime textract rekognition comprehend comprehendmedical translate"
    " polly transcribe lexv2-runtime lex-runtime kendra kendra-ranking qbusiness personalize-runtime forecastquery"
    " frauddetector geo-places geo-routes geo-maps location"
)
"""Services that bill each request."""

_METERED = frozenset(
    [
        *(("cloudwatch", name) for name in ("GetMetricData", "GetMetricWidgetImage", "GetInsightRuleReport")),
        *(("logs", name) for name in ("StartQuery", "StartLiveTail", "GetQueryResults")),
        ("internetmonitor", "StartQuery"),
        ("cloudtrail", "StartQuery"),
        ("athena", "StartQueryExecution"),
        ("timestream-query", "Query"),
        ("s3", "SelectObjectContent"),
        ("redshift-data", "ExecuteStatement"),
    ]
)
"""Reads and queries that are billed individually."""

_FREE_SERVICES = one_of(
    "account account-access account-access-runtime applicationcostprofiler artifact autoscaling-plans billing chatbot"
    " codeconnections codestar-connections codestar-notifications compute-optimizer cost-optimization-hub discovery dlm"
    " eks-auth freetier health iam iam-toolbox identitystore importexport invoicing license-manager"
    " license-manager-linux-subscriptions license-manager-user-subscriptions marketplace-agreement marketplace-catalog"
    " marketplace-deployment marketplace-reporting marketplacecommerceanalytics mgh migrationhub-config"
    " migrationhuborchestrator migrationhubstrategy notifications notificationscontacts oam organizations"
    " partnercentral-account partnercentral-benefits partnercentral-channel partnercentral-selling pricing ram rbin"
    " resource-groups resourcegroupstaggingapi rolesanywhere serverlessrepo service-quotas servicecatalog-appregistry signin"
    " ssm-quicksetup sso sso-admin sso-oidc sts support support-app supportauthz taxsettings trustedadvisor wellarchitected"
)
"""Services that are free of charge."""

_FREE = one_of(
    "abort accept acknowledge allow amend approve archive assign associate assume attach authorize begin cancel change check"
    " claim clear close commit complete compose configure confirm connect continue deactivate deauthorize decline decode"
    " decrease define delete deny deprecate deprovision deregister describe detach disable disallow disassociate discard"
    " disconnect dismiss dispose dissociate drain end enter evaluate evict exchange exit expire failover finalize flush forget"
    " forgot get global group initialize install introspect invalidate invite join label leave list lock logout manage mark"
    " merge move notify opt override pause peer poll preview promote provide purge push rebalance reboot recall receive record"
    " redact redeem regenerate reject release reload remove rename reorder replace report resend reset resolve respond restart"
    " resync retire return reverse revoke rollback rotate save search set shrink shutdown signal skip split stop suspend swap"
    " switchover sync tag take terminate test transfer unarchive unassign undeploy undeprecate ungroup unlabel unlink unlock"
    " unmonitor unpeer unregister unshare unsubscribe untag untagging upgrade validate verify vote withdraw"
)
"""First words of calls that create nothing that is billed."""

_BUYS = one_of(
    "allocate buy extend increase index ingest insert launch provision purchase renew reserve resume run subscribe upload write"
)
"""First words of calls that buy."""

_BOUGHT = re.compile(
    r"^(?:RegisterDomain|Request(?:Spot|Phone)|AcceptReserved|TransferDomain|Publish(?:Batch)?$|Post\w*$|Invoke"
    r"|Send\w*(?:Message|Email|Notification|Alert|Command|Batch|Event|Data)s?$|Execute\w*(?:Query|Statement|Sql)"
    r"|Put(?:Record|Item|Object|Event|Metric|LogEvent|Trace|TelemetryRecord|Media|Document|Vector)\w*$"
    r"|Batch(?:Write|Put|Execute|Publish)\w*$)"
)
"""Calls that buy something, or are billed individually."""

_MAKES = one_of(
    "add build clone copy create export generate import initiate rebuild register replicate restore retrieve scale start submit"
)
"""First words of calls that create or start something."""

_PAID = one_of(
    "accelerator ad address agent alarm analysis app application archive assessment asset attachment authority backup"
    " balancer bot broker bucket build cache call campaign canary certificate channel check cluster collection component"
    " connection connector crawler dashboard database dataset datastore deployment detection detector device directory disk"
    " distribution domain endpoint environment evaluation execution experiment export farm firewall fleet flow forecast"
    " function gateway generation graph host hsm hub image import index ingestion input insight instance interface"
    " investigation ip job lake ledger machine mailbox media medium meeting migration model monitor multiplex namespace node"
    " nodegroup notebook number optimization order pentest pipeline plan playback portal predictor project query quote"
    " recommendation recording registry replica replication report repository reservation restore review room run scan secret"
    " server service session simulation site snapshot space stack store stream studio system table task test thing ticket"
    " trail transcription tunnel vault vehicle volume warehouse workload workspace zone"
)
"""Last words of what is billed, singular."""

_SETTINGS = one_of(
    "access account acl action alia annotation approval assertion assignment association attendee attestation attribute"
    " audience authorization authorizer binding block branch branding bundle calendar card case catalog category checkpoint"
    " classifier column comment condition config configuration constraint contact content control cor credential definition"
    " delegation description destination detail dimension draft enrollment entitlement entity entry evidence example exclusion"
    " expression extension facet favorite feedback field filter form format framework glossary goal grant group header"
    " hierarchy hook hour hypervisor identifier identity information integration intent invitation item journal key kind label"
    " language layer layout len level limit link list listener location login mapping member membership metadata method"
    " milestone mitigation name nickname note notification option organization origin outage outcome override owner ownership"
    " package page pair parameter participant partnership password pattern permission person phase plugin policie policy"
    " portfolio practice preference principal priority process product profile prompt propertie property protection provider"
    " question queue quota range recipe recipient reference registration relationship reply request resource response result"
    " retention role rotation route rule scenario schedule schema scope score script section segment sender set setting share"
    " signal skill slot source specification standard state statement status step structure subnet subscriber subscription"
    " summary tag target team template term theme threshold timeline title token topic tracker trigger trust type unit url"
    " usage user value variable version view vocabulary vpc webhook widget window word workflow workgroup workteam"
)
"""Last words of what is not billed, singular."""

_SIZES = re.compile(
    r"(?:capacity|(?<!ac)counts?|size|units?|iops|throughput|storage|nodes?|replicas?|shards?|instancetypes?|instanceclass|nodetype"
    r"|computetype|quantity|concurrency|memory|cpu|numberof\w*|partitions|storagetype|volumetype|multiaz|provisioned\w*"
    r"|replicationfactor|tier|edition|plan|bundleid|size(?:in)?g[bi]b?)$"
)
_NO_SIZE = re.compile(r"max(?:results|items|count)|page|retention|timeout|batchsize|limit|threshold|maxsize$|queue", re.ASCII)
_MAX_SIZES = 16
"""Most members that a condition names; with more it is undecided."""


def marks(operation: Modelled, access: Access) -> Iterator[tuple[str, str]]:
    """The mark `spends`, if it may apply, with its reason; `spends?*` if it is undecided."""
    asked = operation.service in MODELS or (operation.service, operation.name) in _METERED
    if access in {"read", "list"}:
        if asked or operation.service == "ce":
            yield "spends", "each call is paid for"
    elif access not in {"tagging", "permissions"}:
        yield from _of_write(operation, asked=asked)


def _of_write(operation: Modelled, *, asked: bool) -> Iterator[tuple[str, str]]:
    verb, name = _verb(operation), operation.name
    if operation.service in _FREE_SERVICES:
        return
    if asked and verb not in _FREE:
        yield "spends", "each call is paid for"
    elif verb in _BUYS or _BOUGHT.match(name):
        yield "spends", "it buys, or is paid for by the call"
    elif verb in {"update", "modify", "put", "set", "edit", "enable", "activate"}:
        yield from _of_update(operation, verb)
    elif verb in _FREE:
        return
    elif verb in _MAKES and _last(operation) in _PAID:
        yield "spends", "what it makes or runs is paid for"
    elif _last(operation) not in _SETTINGS:
        yield "spends?*", ""


def _of_update(operation: Modelled, verb: str) -> Iterator[tuple[str, str]]:
    sizes = [str(leaf) for leaf in operation.inputs if leaf.names and _is_size(leaf.names[-1].lower())]
    if sizes and verb not in {"put", "enable"}:
        yield (f"spends?{','.join(dict.fromkeys(sizes))}" if len(sizes) <= _MAX_SIZES else "spends?*"), "a size is changed"
    elif verb in {"enable", "activate"} or (_last(operation) in _PAID):
        yield "spends?*", ""


def _is_size(name: str) -> bool:
    return bool(_SIZES.search(name)) and not _NO_SIZE.search(name)


def _verb(operation: Modelled) -> str:
    said = operation.words
    return said[1] if len(said) > 1 and said[0] in {"admin", "batch", "bulk"} else said[0]


def _last(operation: Modelled) -> str:
    """The last word of a name, singular and without a version."""
    said = [word for word in operation.words if not word.isdigit() and word != "v"]
    return said[-1] if said[-1].endswith(("ss", "us", "is")) else said[-1].removesuffix("s")
