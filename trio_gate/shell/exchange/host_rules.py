"""Every AWS host that botocore's endpoint rule sets can produce, as patterns: the data of `HostTable`.

Rule: only botocore's own folder is read. Each service's rule set is evaluated for every region, with and without FIPS and dual-stack, in
every way in which operations use it, and the results are merged into patterns. That takes ten seconds, so it is done in a process of its
own: `python -m` with this module writes the data to standard output; scripts/data/make_hosts.py writes it into the package. The format:

    botocore: its version
    partitions: id -> suffix, dual (DNS suffixes) and regions
    services: name -> signing_name, hosts, default
    hosts: pattern -> partition -> "*", or host region ("" for none) -> scopes

A pattern has slots: {r} for a region, {s} and {d} for the partition's suffixes, {a} for an account and {l} for any label; S3's also have
{b} for a bucket, {ap}, {ol} and {op} for access points (of an object lambda, of an outpost), {x} for a directory bucket and {z} for its
zone. "*" means every region of the partition, each with its own scope. A scope is `region`, or `region/signing name` if that differs
from the service's; likewise "*/signing name". `default` is the pattern without FIPS and dual-stack, by region, by partition, or for "*".
"""

from __future__ import annotations

import collections
import functools
import json
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LOADER = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)

NICENESS = 10
"""Priority of the process that a gateway starts for this."""

ACCOUNT, LABEL, BUCKET, ZONE = "111111111111", "labelone", "bkt", "use1-az4"
DIRECTORY = f"{BUCKET}--{ZONE}--x-s3"
BY_ACCOUNT = {"AccountId": ACCOUNT, "AccountIdEndpointMode": "preferred"}

MORE: dict[str, list[dict[str, Any]]] = {
    **{name: [BY_ACCOUNT] for name in ("dynamodb", "dynamodbstreams", "eventbridgev2", "kinesis")},
    "opensearchmemory": [{"SpaceId": LABEL}],
    "s3control": [{"RequiresAccountId": False}, {"AccountId": ACCOUNT}, {"OutpostId": "op-1"}],
    "sts": [{"UseGlobalEndpoint": True}],
}
"""Parameters that clients set besides the operation's constants, or take from the call."""

LABELS = {"kinesis": ("{l}.", "{l}.{l}.")}
"""Labels that may replace the account: streams, channels and queues have ids of one label or two."""

S3: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("", {"UseGlobalEndpoint": True}),
    ("", {"UseS3ExpressControlEndpoint": True}),
    ("", {"UseObjectLambdaEndpoint": True}),
    ("{b}.", {"Bucket": BUCKET}),
    ("{b}.", {"Bucket": BUCKET, "UseGlobalEndpoint": True}),
    ("{b}.", {"Bucket": BUCKET, "Accelerate": True}),
    ("{ap}.", {"Bucket": "arn:%(partition)s:s3:%(region)s:111111111111:accesspoint/ap"}),
    ("{ol}.", {"Bucket": "arn:%(partition)s:s3-object-lambda:%(region)s:111111111111:accesspoint/ap"}),
    ("{op}.", {"Bucket": "arn:%(partition)s:s3-outposts:%(region)s:111111111111:outpost/op-1/accesspoint/ap"}),
    ("{x}.", {"Bucket": DIRECTORY}),
]
"""Slot and parameters of S3's ways to address a bucket."""

S3_FRONTS = {
    "": "",
    "{b}.": f"{BUCKET}.",
    "{ap}.": f"ap-{ACCOUNT}.",
    "{ol}.": f"ap-{ACCOUNT}.",
    "{op}.": f"ap-{ACCOUNT}.op-1.",
    "{x}.": f"{DIRECTORY}.",
}

SERVED_AS = {
    "{l}.s3-object-lambda.{r}.{s}": "s3-object-lambda.{r}.{s}",
    "{l}.s3-object-lambda-fips.{r}.{s}": "s3-object-lambda-fips.{r}.{s}",
}
"""WriteGetObjectResponse puts its route in front of the host."""

GLOBAL_S3 = "{b}.s3.{s}"
"""Serves buckets of every region: DNS resolves to the bucket's region, for which the signature must be."""

Hosts = dict[str, dict[str, dict[str, set[str]]]]


class Answer(NamedTuple):
    """A result of a rule set: the region, the partition, whether without FIPS and dual-stack, the host and the auth schemes."""

    region: str
    partition: str
    plain: bool
    host: str
    schemes: list[dict[str, Any]] | None


@functools.cache
def partitions() -> list[dict[str, Any]]:
    """Data of botocore about each partition."""
    found: list[dict[str, Any]] = LOADER.load_data("partitions")["partitions"]
    return found


@functools.cache
def regions() -> dict[str, str]:
    """Region -> partition, without pseudo-regions such as aws-global."""
    found = {region: one["id"] for one in partitions() for region in one["regions"]}
    return {region: partition for region, partition in found.items() if not region.endswith("-global")}


@functools.cache
def resolver() -> EndpointResolver:
    """Older data of botocore about hosts, from before rule sets."""
    return EndpointResolver(LOADER.load_data("endpoints"))


@functools.cache
def asked_regions() -> dict[str, str]:
    """The same, pseudo-regions included."""
    return {region: one["id"] for one in partitions() for region in one["regions"]}


@functools.cache
def suffixes() -> list[tuple[str, str, str]]:
    """(Suffix, partition, slot), the longest first."""
    rows = [(one["outputs"]["dnsSuffix"], one["id"], "{s}") for one in partitions()]
    rows += [(one["outputs"]["dualStackDnsSuffix"], one["id"], "{d}") for one in partitions()]
    return sorted(rows, key=lambda row: -len(row[0]))


def fold(host: str, partition: str) -> tuple[str, str]:
    """Pattern and host region."""
    own = next((row for row in suffixes() if host.endswith("." + row[0]) and row[1] == partition), None)
    labels = (host.removesuffix("." + own[0]) if own else host).split(".")
    region = next((label for label in labels if label in regions()), "")
    slots = {ACCOUNT: "{a}", LABEL: "{l}"} | ({region: "{r}"} if region else {})
    pattern = ".".join(slots.get(label, label) for label in labels).replace(ZONE, "{z}")
    return (f"{pattern}.{own[2]}" if own else pattern), region


def words(rules: Any) -> Iterator[str]:
    """The strings that a rule set compares the region with; some are not regions, such as "sandbox"."""
    if isinstance(rules, dict):
        if rules.get("fn") == "stringEquals" and {"ref": "Region"} in rules["argv"]:
            yield from (one for one in rules["argv"] if isinstance(one, str))
        rules = list(rules.values())
    if isinstance(rules, list):
        for one in rules:
            yield from words(one)


def ask(rules: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Answer]:
    """A rule set's results for all regions, FIPS and dual-stack."""
    provider = EndpointProvider(rules, LOADER.load_data("partitions"))
    known = rules["parameters"]
    fixed = {key: value["default"] for key, value in known.items() if "default" in value} | dict(params)
    asked = asked_regions() | dict.fromkeys(sorted(set(words(rules["rules"])) - asked_regions().keys()), "aws")
    for region, partition in asked.items():
        here = {
            key: value % {"partition": partition, "region": region} if key == "Bucket" else value for key, value in fixed.items()
        }
        for fips in [False, True] if "UseFIPS" in known else [False]:
            for dual in [False, True] if "UseDualStack" in known else [False]:
                switches = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
                try:
                    answer = provider.resolve_endpoint(**here | {key: switches[key] for key in switches if key in known})
                except EndpointProviderError:
                    continue
                host = answer.url.partition("://")[2].partition("/")[0]
                within = next((regions()[label] for label in host.split(".") if label in regions()), partition)
                if region in regions() or region not in host.split("."):
                    yield Answer(region, within, not (fips or dual), host, answer.properties.get("authSchemes"))


def ways(name: str, model: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(Prefix, parameters) for every way in which operations use the rule set, the most common and without a prefix first."""
    if name == "s3":
        yield from S3
        return
    counted: collections.Counter[tuple[str, str]] = collections.Counter()
    for operation in model["operations"].values():
        fixed = {key: value["value"] for key, value in operation.get("staticContextParams", {}).items()}
        prefix = operation.get("endpoint", {}).get("hostPrefix", "")
        counted["" if name == "s3control" else prefix, json.dumps(fixed, sort_keys=True)] += 1
    bare: list[tuple[str, str]] = [("", counted.most_common(1)[0][0][1])]
    bare += [("", fixed) for prefix, fixed in counted if "{" in prefix]
    for prefix, said in sorted({*counted, *bare}, key=lambda way: (way[0] != "", -counted[way], way)):
        for more in [{}, *MORE.get(name, [])]:
            yield re.sub(r"\{\w+\}", "{l}", prefix), json.loads(said) | more


def scopes(answer: Answer, host_region: str, signing_name: str, endpoint_prefix: str) -> list[str]:
    """The scopes for requests to a result: by the rule set's schemes, else the region or what endpoints.json says."""
    if answer.schemes is None:
        older = resolver().construct_endpoint(endpoint_prefix, answer.region, answer.partition) or {}
        own = answer.region if answer.region in regions() else host_region
        named = [(own, signing_name), (older.get("credentialScope", {}).get("region", ""), signing_name)]
    else:
        found = [one for one in answer.schemes if one["name"] in ("sigv4", "sigv4-s3express")]
        named = [(one.get("signingRegion", answer.region), one.get("signingName", signing_name)) for one in found]
    return [region if name == signing_name else f"{region}/{name}" for region, name in named if region in regions()]


def read(name: str) -> dict[str, Any]:
    """The entry of one service."""
    model = LOADER.load_service_model(name, "service-2")
    rules = LOADER.load_service_model(name, "endpoint-rule-set-1")
    endpoint_prefix = model["metadata"]["endpointPrefix"]
    signing_name = model["metadata"].get("signingName", endpoint_prefix)
    hosts: Hosts = {}
    default: dict[str, str] = {}
    for prefix, params in ways(name, model):
        for answer in ask(rules, params):
            host = answer.host.removeprefix(S3_FRONTS[prefix]) if name == "s3" else answer.host
            pattern, region = fold(host, answer.partition)
            found = scopes(answer, region, signing_name, endpoint_prefix)
            if not found or ":" in host or (name == "s3" and prefix and host == answer.host):
                continue
            if answer.plain and not prefix and answer.region in regions() and not {"{a}", "{l}"} & set(pattern.split(".")):
                default.setdefault(answer.region, pattern if region == answer.region else pattern.replace("{r}", region))
            for one in (prefix + pattern, *((prefix + pattern).replace("{a}.", label) for label in LABELS.get(name, ()))):
                hosts.setdefault(one, {}).setdefault(answer.partition, {}).setdefault(region, set()).update(found)
    if name == "s3":
        hosts |= {pattern: hosts[base] for pattern, base in SERVED_AS.items()}
        hosts[GLOBAL_S3]["aws"][""].update(region for region, partition in regions().items() if partition == "aws")
    shown = {
        pattern: {key: shortened(key, value) for key, value in sorted(found.items())} for pattern, found in sorted(hosts.items())
    }
    return {"signing_name": signing_name, "hosts": shown, "default": thinned(default)}


def shortened(partition: str, found: Mapping[str, set[str]]) -> str | dict[str, list[str]]:
    """Uses "*" if each region of the partition has its own scope."""
    own = [region for region, one in regions().items() if one == partition]
    name = next(iter(found.get(own[0], {""}))).partition("/")[1:]
    everywhere = {region: {region + "".join(name)} for region in own}
    return "*" + "".join(name) if found == everywhere else {region: sorted(names) for region, names in sorted(found.items())}


def thinned(default: Mapping[str, str]) -> dict[str, str]:
    """Under "*" the most common default, under a partition its most common one, under a region each other one."""
    if not default:
        return {}
    most = collections.Counter(default.values()).most_common(1)[0][0]
    kept = {"*": most}
    for partition in dict.fromkeys(regions().values()):
        own = [default.get(region, "") for region, one in regions().items() if one == partition]
        usual = collections.Counter(own).most_common(1)[0][0]
        if usual != most:
            kept[partition] = usual
        kept |= {
            region: default.get(region, "")
            for region, one in regions().items()
            if one == partition and default.get(region, "") != usual
        }
    return kept


def table(names: Iterable[str] | None = None) -> dict[str, Any]:
    """The content of the file, for all services or some."""
    services = {name: read(name) for name in names or sorted(LOADER.list_available_services("service-2"))}
    return {
        "botocore": botocore.__version__,
        "partitions": {
            one["id"]: {
                "suffix": one["outputs"]["dnsSuffix"],
                "dual": one["outputs"]["dualStackDnsSuffix"],
                "regions": [region for region, partition in regions().items() if partition == one["id"]],
            }
            for one in partitions()
        },
        "services": services,
    }


def main() -> None:
    """Write the content for all services to standard output, as JSON."""
    with suppress(OSError):  # a unit may forbid it
        os.nice(NICENESS)
    json.dump(table(), sys.stdout, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
