"""Files of what agents are verified with: the check's text is used, and its fault stands at the file's name."""

import pytest

from tests.kit.configs import ENV, FILES, read_file
from trio_gate.config.agents.trust import NO_CHECKS, checked
from trio_gate.config.expressions import Lookups, Value
from trio_gate.config.source import Flaw

LOOKUPS = Lookups(env=ENV.get, read_file=read_file, base_dir="/etc/gate")
NAMED = Value(data="secret.txt", at=7, end=19)


def test_the_text_is_what_the_check_returns():
    text = FILES["/etc/gate/secret.txt"]
    assert checked(LOOKUPS, NO_CHECKS.keys)(NAMED) == checked(LOOKUPS, NO_CHECKS.authority)(NAMED) == text
    assert checked(LOOKUPS, str.upper)(NAMED) == text.upper()


def test_a_fault_is_at_the_name():
    with pytest.raises(Flaw) as found:
        checked(LOOKUPS, int)(NAMED)
    assert found.value.at == 7
