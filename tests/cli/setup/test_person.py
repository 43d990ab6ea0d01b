"""`trio-gate person` makes tokens, lists people, and makes sign-ins for another device."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from trio_gate.cli.main import main


def test_a_token_is_new_each_time_and_its_hash_is_for_the_configuration(capsys):
    made = set()
    for _ in range(2):
        assert main(["person", "new", "alice"]) == 0
        out = capsys.readouterr().out
        token = re.search(r"^tg_[A-Za-z0-9_-]{43}$", out, re.MULTILINE)[0]
        assert f'token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"' in out
        made.add(token)
    assert len(made) == 2


@pytest.mark.parametrize("name", ["", "1a", "a b", "x" * 65])
def test_a_name_is_one_that_the_configuration_takes(capsys, name):
    assert main(["person", "new", name]) == 2
    assert capsys.readouterr().err.startswith("trio-gate person new: a name has at most 64 letters")


def test_a_person_is_written_only_if_that_is_asked_for(run, config):
    before = Path(config).read_text()
    status, out, _ = run("person", "new", "carol", "--may-stop")
    assert (status, Path(config).read_text()) == (0, before)
    assert "  may_stop     = true\n" in out
    _, out, _ = run("person", "new", "carol", "--write")
    token = re.search(r"^tg_[A-Za-z0-9_-]{43}$", out, re.MULTILINE)[0]
    written = Path(config).read_text()
    assert written == f'{before}\nperson "carol" {{\n  token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n}}\n'
    assert "add person.carol there, then `trio-gate reload`" in out
    status, _, err = run("person", "new", "carol", "--write")
    assert (status, err.startswith("trio-gate person new: the person carol is there already, at ")) == (2, True)
    assert Path(config).read_text() == written


def test_people_are_listed(run):
    assert run("person", "list")[1].splitlines() == [
        "alice                human  human.oncall, bot.both  (may_grant)",
        "bob                  bot    bot.both",
    ]
    first = json.loads(run("person", "list", "--json")[1].splitlines()[0])
    assert first == {"name": "alice", "kind": "human", "rights": ["may_grant"], "approvers": ["human.oncall", "bot.both"]}


def test_another_token_takes_the_place_of_the_old_one(run):
    _, out, _ = run("person", "rotate", "alice")
    token = re.search(r"^tg_[A-Za-z0-9_-]{43}$", out, re.MULTILINE)[0]
    assert out.endswith(f'  token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n')


def test_who_leaves_is_named_everywhere(run, config):
    status, out, _ = run("person", "remove", "bob")
    lines = Path(config).read_text().splitlines()
    where = [
        next(number for number, line in enumerate(lines, start=1) if line.startswith(text))
        for text in ('person "bob"', 'approver "bot"')
    ]
    assert (status, out.splitlines()[1:]) == (
        0,
        [
            f'  the block person "bob", at {config}:{where[0]}',
            f"  person.bob of approver bot.both, at {config}:{where[1]}, which then has 1 people and needs 2",
        ],
    )


@pytest.mark.parametrize("verb", ["rotate", "remove"])
def test_who_is_not_there_is_said(run, verb):
    assert run("person", verb, "bobby") == (
        2,
        "",
        f"trio-gate person {verb}: the configuration has no person bobby: did you mean `bob`?\n",
    )


async def test_a_link_signs_its_maker_in(tell):
    tell.hub.page = "https://gate.example:9443/"
    status, out, err = await tell("person", "link", "alice")
    code = re.fullmatch(r"https://gate\.example:9443/#link=([A-Za-z0-9_-]{43})\n", out)[1]
    assert (status, "once" in err, "--page" in err) == (0, True, False)
    assert tell.hub.links.spend(code).name == "alice"
    status, out, _ = await tell("person", "link", "alice", "--json")
    assert (status, tell.hub.links.spend(json.loads(out)["code"]).name) == (0, "alice")


@pytest.mark.parametrize(
    "page", ["https://127.0.0.1:9443/", "https://localhost:9443/", "https://0.0.0.0:9443/", "https://[::1]:9443/"]
)
async def test_an_address_that_no_other_device_reaches_is_said_to_be_one(tell, page):
    tell.hub.page = page
    assert "--page" in (await tell("person", "link", "alice"))[2]
    _, out, err = await tell("person", "link", "alice", "--page", "https://gate.example")
    assert (out.startswith("https://gate.example/#link="), "--page" in err) == (True, False)


async def test_nobody_makes_a_link_for_another(tell):
    said = "trio-gate person link: this token is that of alice, and everyone makes links for themselves\n"
    assert await tell("person", "link", "bob") == (1, "", said)
