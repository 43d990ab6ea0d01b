"""Every operation of the botocore that is installed, as its serializers write it and as the gateway reads it. Run as a program.

    python -m tests.kit.aws.operations SERVICE…    (all where none is named)

Writes JSON: by "service:operation", how the gateway understood the call with its required members alone.
"""

from __future__ import annotations

import json
import sys

from tests.kit.aws import places
from tests.kit.aws.botocore_models import inputs, service_model, wire
from tests.kit.aws.naming import catalog, claim, head
from trio_gate.audit.described import call_json
from trio_gate.aws.hosts.merged import merged
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.errors import GateError
from trio_gate.shell.exchange.host_rules import table
from trio_gate.shell.exchange.hosts import installed_part
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables
from trio_gate.wire.head import Empty, Held

TABLES = Tables(packaged_tables)
SAID = ("access", "iam_action", "iam_actions", "reads_secret", "vends_credentials", "may_expose_secrets", "runs_code", "spends")
SAID += ("resource", "resources", "resource_accounts", "cross_account", "policies", "shares_with", "makes_public")


def installed() -> dict:
    """The data of the host table that a gateway has with the botocore that is installed."""
    return merged(installed_part(packaged_hosts()), json.loads(json.dumps(table())))


def understood(service, model, protocol) -> dict:
    params, _ = inputs(model)
    at = places.where(service, model)
    own = next(one for one in at.candidates if one.service == service)
    line, headers, body = wire(model, params, protocol)
    asked, held = claim(own.signing_name, region=own.region), Held(data=body) if body else Empty()
    try:
        call = identify(head(line, headers), held, place=at, claim=asked, catalog=catalog(), tables=TABLES)
    except GateError as fault:
        return {"refused": fault.detail}
    said = call_json(call)
    return {
        "service": call.service,
        "operation": call.operation,
        "reviewed": call.reviewed,
        "params": said["params"],
        **{name: said[name] for name in SAID},
    }


def main(services):
    data = installed()
    places.HOSTS, places.TABLE = data, HostTable(data)
    found = {}
    for service in services or sorted(data["services"]):
        models = service_model(service)
        for operation in models.operation_names:
            model = models.operation_model(operation)
            for protocol in models.metadata.get("protocols") or [models.protocol]:
                found[f"{service}:{operation}:{protocol}"] = understood(service, model, protocol)
    json.dump({"botocore": data["botocore"], "operations": found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
