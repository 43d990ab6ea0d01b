"""Programs that end by themselves, and programs that are given up: real ones, and what they start."""

from __future__ import annotations

import os
import subprocess

import pytest
import trio

from tests.kit.held import held
from tests.kit.shortages import no_thread
from trio_gate.shell.programs import BoundedProgram, run_program

ENV = {"PATH": os.environ["PATH"]}


async def sh(lines: str, **given):
    return await run_program(["/bin/sh", "-c", lines], env=ENV, **given)


async def test_a_program_is_given_its_input_and_its_output_is_kept():
    assert await sh("cat; exit 3", stdin=b"x" * 300_000, keep=1 << 20) == (3, b"x" * 300_000)


async def test_no_more_output_is_kept_than_is_wanted():
    assert await sh("cat", stdin=b"x" * 300_000, keep=100_001) == (0, b"x" * 100_001)


async def test_without_that_its_output_goes_nowhere_and_its_input_is_empty(capfd):
    assert await sh("cat; echo out; echo err >&2") == (0, b"")
    assert capfd.readouterr() == ("", "")


async def test_one_that_reads_nothing_is_no_fault():
    assert await sh("exec < /dev/null; echo yes", stdin=b"x" * 1_000_000, keep=9) == (0, b"yes\n")


async def test_one_that_cannot_be_started_says_so(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await run_program([str(tmp_path / "none")], env=ENV)


@pytest.mark.parametrize("then", ["wait", "exit 0", "trap '' TERM INT HUP; wait"], ids=["waits", "has ended", "ignores signals"])
async def test_one_that_is_given_up_leaves_nothing_running(tmp_path, then):
    with held(tmp_path) as pipe:
        async with trio.open_nursery() as nursery:
            # what it starts holds the standard output, so the run goes on where the program itself has ended
            nursery.start_soon(lambda: sh(f"{pipe.lines} sleep 600 & {then}", keep=10))
            await pipe.begun()
            nursery.cancel_scope.cancel()
        await pipe.ended()


async def test_what_it_leaves_running_after_its_end_is_its_own(tmp_path):
    lines = f"(echo begun; read word < {tmp_path}/go) > {tmp_path}/held 2>&1 &"
    os.mkfifo(tmp_path / "go")
    with held(tmp_path) as pipe:
        assert await sh(lines, keep=20) == (0, b"")
        await pipe.begun()
        assert pipe.still()
        (tmp_path / "go").write_text("go\n")
        await pipe.ended()


async def test_a_thread_that_waits_for_one_is_free_again_when_its_time_is_over(tmp_path):
    with held(tmp_path) as pipe:
        command = ["/bin/sh", "-c", f"{pipe.lines} wait"]
        with BoundedProgram(command, seconds=0.2, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            await pipe.begun()
            with pytest.raises(TimeoutError, match="in time"):
                await trio.to_thread.run_sync(program.communicate)
        await pipe.ended()


def test_one_that_ends_in_time_says_what_it_said():
    with BoundedProgram(["/bin/sh", "-c", "echo out; echo err >&2"], seconds=30, stdout=-1, stderr=-1) as program:
        assert program.communicate() == (b"out\n", b"err\n")


async def test_without_a_thread_none_can_be_started():
    with no_thread(), pytest.raises(OSError, match="no thread"):
        await sh("true")
