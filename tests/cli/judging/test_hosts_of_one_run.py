"""The hosts of a verb that runs once, with a botocore that is not the packaged table's."""

from __future__ import annotations

import json

import pytest

from trio_gate.aws.hosts.merged import limited
from trio_gate.cli.judging import hosts_of_one_run as module
from trio_gate.cli.judging.hosts_of_one_run import HostsOfOneRun
from trio_gate.errors import Unidentified
from trio_gate.shell.exchange import host_rules
from trio_gate.shell.exchange.hosts import FILE, first_line
from trio_gate.shell.models.model_loader import keep
from trio_gate.shell.models.packaged_data import packaged_hosts

SQS, STS = "sqs.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"


@pytest.fixture(autouse=True)
def older(monkeypatch):
    """A package that was made when SQS was not there yet."""
    services = {name: one for name, one in packaged_hosts()["services"].items() if name != "sqs"}
    monkeypatch.setattr(module, "packaged_hosts", lambda: {**packaged_hosts(), "botocore": "0.0.1", "services": services})


def test_what_a_gateway_has_kept_is_used(tmp_path, monkeypatch):
    body = json.dumps(limited(packaged_hosts(), {"sqs", "sts"})).encode()
    keep(tmp_path / FILE, first_line(body) + body)
    monkeypatch.setattr(host_rules, "table", lambda names: pytest.fail(f"{names} were computed"))
    assert HostsOfOneRun(tmp_path).table.place(SQS).candidates


def test_services_that_are_new_are_computed_and_the_rest_where_a_host_needs_it(tmp_path, monkeypatch):
    asked, table = [], host_rules.table
    monkeypatch.setattr(host_rules, "table", lambda names: asked.append(list(names)) or table(["sqs", "sts"]))
    hosts = HostsOfOneRun(tmp_path)
    for host in (STS, SQS):
        hosts.look_for(host)
    assert asked == [["sqs"]]
    for _ in range(2):
        with pytest.raises(Unidentified):
            hosts.look_for("unheard-of.eu-west-1.amazonaws.com")
    assert len(asked) == 2
    assert len(asked[1]) > 400
    assert list(tmp_path.iterdir()) == []
