"""Two host tables as one: nothing that the older knows is lost, and what the newer says of the same thing holds."""

from __future__ import annotations

from tests.aws.hosts.test_table import DATA
from trio_gate.aws.hosts.merged import limited, merged
from trio_gate.aws.hosts.table import HostTable

EVERYWHERE = {"aws": "*"}


def service(name, hosts, default="*", signing_name=None):
    return {"signing_name": signing_name or name, "hosts": hosts, "default": {"*": default} if default != "*" else {}}


def newer(**services):
    """The data of a botocore that has one region more, one partition more, and these services."""
    aws = DATA["partitions"]["aws"]
    more = {"aws-new": {"suffix": "amazonaws.new", "dual": "api.new", "regions": ["new-north-1"]}}
    one_more = {**aws, "regions": ["us-east-1", "aq-south-1"]}
    return {"botocore": "1", "partitions": {"aws": one_more, **more}, "services": services}


def found(table, host):
    return {(one.service, one.region, one.signing_name) for one in table.place(host).candidates}


def test_what_is_new_is_there_and_what_was_there_stays():
    table = HostTable(merged(DATA, newer(brand=service("brand", {"brand.{r}.{s}": {"aws": "*", "aws-new": "*"}}))))
    assert found(table, "brand.aq-south-1.amazonaws.com") == {("brand", "aq-south-1", "brand")}
    assert found(table, "brand.new-north-1.amazonaws.new") == {("brand", "new-north-1", "brand")}
    assert found(table, "dynamodb.cn-north-1.amazonaws.com.cn") == {("dynamodb", "cn-north-1", "dynamodb")}
    for host in ("dynamodb.eu-west-1.amazonaws.com", "health.us-east-1.amazonaws.com", "iam.amazonaws.com"):
        assert table.place(host) == HostTable(DATA).place(host)


def test_an_old_service_gets_hosts_and_scopes_and_loses_none():
    hosts = {"health.{r}.{s}": {"aws": {"us-east-1": ["aq-south-1"]}}, "health.{r}.{d}": EVERYWHERE}
    table = HostTable(merged(DATA, newer(health=service("health", hosts, "health.{r}.{d}"))))
    assert found(table, "health.us-east-1.amazonaws.com") == {("health", "aq-south-1", "health")}
    assert found(table, "health.us-west-2.api.aws") == {("health", "us-west-2", "health")}
    assert table.place_of_scope("health", "us-west-2").host == "health.us-west-2.api.aws"
    kept = HostTable(merged(DATA, newer(dynamodb=service("dynamodb", {"dynamodb.{r}.{d}": EVERYWHERE}))))
    assert found(kept, "dynamodb-fips.us-west-2.amazonaws.com") == {("dynamodb", "us-west-2", "dynamodb")}


def test_a_service_that_signs_by_another_name_is_what_the_newer_says():
    other = service("dynamodb", {"dynamodb.{r}.{s}": EVERYWHERE}, signing_name="ddb")
    assert merged(DATA, newer(dynamodb=other))["services"]["dynamodb"] == other


def test_services_without_a_model_are_left_out():
    assert set(limited(DATA, {"iam", "none"})["services"]) == {"iam"}
    assert limited(DATA, {"iam"})["partitions"] == DATA["partitions"]
