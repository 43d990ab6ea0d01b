"""Programs that answer prompts: real ones."""

import json

import pytest
import trio

from tests.kit.approvals.questions import question
from tests.kit.held import held
from trio_gate.approval.channel.codec import pending
from trio_gate.approval.state import Prompt
from trio_gate.cli.approving.terminal.program import ProgramFailed, consult

PROMPT = pending(Prompt(question=question(life=60.0))).prompt


@pytest.fixture
def program(tmp_path):
    def write(lines: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o700)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ('{"verdict": "approve"}', ("approve", "")),
        ('{"verdict": "deny", "reason": "größer"}', ("deny", "größer")),
    ],
)
async def test_its_answer_is_taken(program, said, answer):
    assert await consult(program(f"cat > /dev/null; printf '%s' '{said}'"), PROMPT) == answer


async def test_it_is_given_the_prompt_and_not_the_token(program, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_TOKEN", "canary")
    monkeypatch.setenv("CHAT", "room")
    lines = f'cat > {tmp_path}/prompt; env > {tmp_path}/env; echo \'{{"verdict": "deny"}}\''
    await consult(program(lines), PROMPT)
    assert json.loads((tmp_path / "prompt").read_text()) == PROMPT
    assert "canary" not in (tmp_path / "env").read_text()
    assert "CHAT=room" in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('echo \'{"verdict": "approve"}\'; exit 1', "status 1"),
        ("exit 0", "did not answer"),
        ("echo yes", "did not answer"),
        ('echo \'{"verdict": "maybe"}\'', "did not answer"),
        ('echo \'{"verdict": "approve", "verdict": "deny"}\'', "did not answer"),
        ('echo \'{"verdict": "approve", "grant": {}}\'', "did not answer"),
        ("printf '\\377'", "did not answer"),
        ("kill -9 $$", "status -9"),
    ],
)
async def test_one_that_fails_decides_nothing(program, lines, why):
    with pytest.raises(ProgramFailed, match=why):
        await consult(program(f"cat > /dev/null; {lines}"), PROMPT)


async def test_one_that_is_not_there_decides_nothing(tmp_path):
    with pytest.raises(ProgramFailed, match="could not be run"):
        await consult(str(tmp_path / "none"), PROMPT)


@pytest.mark.parametrize("changes", [{"expires_at": PROMPT["asked_at"]}, {"expires_at": "soon"}])
async def test_one_that_takes_longer_than_its_prompt_lives_decides_nothing(program, changes):
    with pytest.raises(ProgramFailed, match="did not answer before the prompt expired"):
        await consult(program("exec sleep 60"), {**PROMPT, **changes})


async def test_one_that_is_given_up_leaves_nothing_running(program, tmp_path):
    with held(tmp_path) as pipe:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(consult, program(f"{pipe.lines} cat | cat; wait"), PROMPT)
            await pipe.begun()
            nursery.cancel_scope.cancel()
        await pipe.ended()


async def test_an_answer_that_is_too_large_decides_nothing(program):
    lines = """printf '{"verdict": "approve"}'; head -c 65536 /dev/zero | tr '\\0' ' '"""
    with pytest.raises(ProgramFailed, match="did not answer"):
        await consult(program(lines), PROMPT)
