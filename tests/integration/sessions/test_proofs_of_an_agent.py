"""What proves an agent besides its key id: each proof is needed, for its own calls and for the sessions that it made."""

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import DEPLOY
from tests.integration.sessions.test_assume_role import RULES, assume, by
from tests.kit.gateway import SECRET, reload, running

NEW = "another-secret-0123456789"
ONE, BOTH, LAST = f'secret = "{SECRET}"', f'secrets = ["{NEW}", "{SECRET}"]', f'secret = "{NEW}"'


def test_a_secret_is_replaced_without_a_gap(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        early, old = assume(gate.client("sts"), DEPLOY), gate.client("sts")
        reload(gate, ONE, BOTH, "reloaded, generation 2")
        new = gate.client("sts", secret=NEW)
        late = assume(new, DEPLOY)
        for client in (old, new, by(gate, early, "sts"), by(gate, late, "sts")):
            assert client.get_caller_identity()["Account"] == "222222222222"
        reload(gate, BOTH, LAST, "reloaded, generation 3")
        for client in (new, by(gate, late, "sts")):
            assert client.get_caller_identity()["Account"] == "222222222222"
        with pytest.raises(ClientError, match="no agent here has this access key id with this secret"):
            old.get_caller_identity()
        with pytest.raises(ClientError, match="ExpiredToken"):
            by(gate, early, "sts").get_caller_identity()
