"""Who is told of calls that wait: each fault at its place, and what is read."""

from base64 import b64encode

import pytest

from tests.kit.configs import PEOPLE, check, faults_of, load
from trio_gate.config.approvers.notify import MOST_RECEIVERS
from trio_gate.config.receivers.model import Program, Receiver, Slack, Url, Webhook

KEY = bytes(range(32))
SECRET = f"whsec_{b64encode(KEY).decode()}"
WEBHOOK = f'webhook = "https://hooks.example/gate" secret = "{SECRET}"'


def approver(text: str) -> str:
    return PEOPLE + f'approver "human" "x" {{\n  people = [person.alice]\n  {text}\n}}\n'


def receivers(text: str) -> tuple[Receiver, ...]:
    return load(approver(text), env={"SLACK": "https://hooks.slack.com/services/T0/B0/x"}.get).approvers[-1].notify


def test_each_kind_is_read():
    text = 'notify = ["/bin/page", "-v", "-v"]\nnotify "pager" { program = ["/bin/page"] level = "danger" }\n'
    text += f'notify "desk" {{ {WEBHOOK} level = "caution" }}\nnotify "chat" {{ slack = env("SLACK") }}'
    assert receivers(text) == (
        Receiver(name="", to=Program(command=("/bin/page", "-v", "-v")), when_absent=True),
        Receiver(name="pager", to=Program(command=("/bin/page",)), level="danger"),
        Receiver(name="desk", to=Webhook(url=Url(host="hooks.example", target="/gate"), secret=KEY), level="caution"),
        Receiver(name="chat", to=Slack(url=Url(host="hooks.slack.com", target="/services/T0/B0/x"))),
    )
    assert receivers("") == ()


ONE = "`notify` needs one of `program`, `webhook`, `slack`, and no more"
NO_SECRET = "expected `whsec_` and 24 to 64 bytes in Base64"
NO_URL = "expected an https URL with port 443"
FAULTS = {
    "no label": ('§notify { program = ["/a"] }', ["`notify` takes one label, its name"]),
    "two labels": ('§notify "a" "b" { program = ["/a"] }', ["`notify` takes one label, its name"]),
    "an odd label": ('§notify "a.b" { program = ["/a"] }', ["`notify` takes one label, its name"]),
    "nothing": ('§notify "a" {}', [ONE]),
    "two ways": ('§notify "a" { program = ["/a"] slack = "https://hooks.slack.com/x" }', [ONE]),
    "twice": (
        'notify "a" { program = ["/a"] }\n§notify "a" { program = ["/b"] }',
        ['`notify "a"` is given twice'],
    ),
    "too many": (
        "\n".join(f'notify "a{number}" {{ program = ["/a"] }}' for number in range(MOST_RECEIVERS))
        + '\n§notify "b" { program = ["/a"] }',
        [f"an approver has at most {MOST_RECEIVERS} `notify` blocks"],
    ),
    "unsigned": ('notify "a" { webhook = §"https://hooks.example/" }', ["`webhook` needs `secret`, which signs its messages"]),
    "a secret alone": (f'notify "a" {{ program = ["/a"] secret = §"{SECRET}" }}', ["`secret` goes with `webhook`"]),
    "a short secret": (
        f'notify "a" {{ webhook = "https://hooks.example/" secret = §"whsec_{b64encode(KEY[:23]).decode()}" }}',
        [NO_SECRET],
    ),
    "a plain secret": (
        'notify "a" { webhook = "https://hooks.example/" secret = §"correct-horse-battery-staple-1" }',
        [NO_SECRET],
    ),
    "http": (f'notify "a" {{ webhook = §"http://hooks.example/" secret = "{SECRET}" }}', [NO_URL]),
    "a port": ('notify "a" { slack = §"https://hooks.slack.com:8443/x" }', [NO_URL]),
    "a target of another spelling": (
        'notify "a" { slack = §"https://hooks.slack.com/a+b" }',
        ["the URL's path or query is not spelled as it would be sent"],
    ),
    "a level": (
        'notify "a" { program = ["/a"] level = §"fact" }',
        ['expected one of "caution", "danger"'],
    ),
    "another attribute": ('notify "a" { program = ["/a"] §url = "x" }', ['notify "a" has no attribute `url`']),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    text, messages = FAULTS[name]
    check(approver(text), messages)


@pytest.mark.parametrize("attribute", ["slack", "webhook", "secret", "slak"])
def test_what_a_fault_echoes_of_the_line_has_no_secret(attribute):
    faults = faults_of(approver(f'notify "a" {{\n {attribute} = "ftp://canary.example/x"\n}}'))
    assert "canary" not in "".join(map(str, faults)) + repr(faults)
