"""Programs that the configuration or a person names: each runs in a session of its own.

Rule: a program that is given up is killed together with everything it started in its session; nothing of it is left on the machine.
What a program leaves running after it has ended by itself is its own affair.

Theory: a process id stays taken until the process is waited for, so a session is killed before its leader is: the number cannot
have become another program's.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REAP_SECONDS = 5
"""How long a program that was killed is waited for; one that hangs in the kernel is left to the system."""


async def run_program(
    command: Sequence[str], *, env: Mapping[str, str], stdin: bytes = b"", keep: int | None = None
) -> tuple[int, bytes]:
    """Run a program until it has ended and closed its standard output; its exit status, and the first `keep` bytes of that output.

    Without `keep` its output and errors are dropped. A cancellation kills its session. Raises OSError where it cannot be started.
    """
    stdout, stderr = (subprocess.DEVNULL, subprocess.DEVNULL) if keep is None else (subprocess.PIPE, None)
    try:
        process = await trio.lowlevel.open_process(
            command, env=env, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, start_new_session=True
        )
    except RuntimeError as error:  # trio starts it in a thread
        raise OSError(errno.EAGAIN, "no thread can be started") from error
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_feed, process, stdin)
            said = await _read(process, keep or 0)
        return await process.wait(), said
    except BaseException:
        kill_session(process.pid)
        with trio.move_on_after(REAP_SECONDS, shield=True):
            await process.wait()
        raise


async def _feed(process: trio.Process, data: bytes) -> None:
    stream = process.stdin
    if stream is not None:
        with suppress(trio.BrokenResourceError):  # it may end without having read
            async with stream:
                await stream.send_all(data)


async def _read(process: trio.Process, keep: int) -> bytes:
    stream, said = process.stdout, bytearray()
    if stream is not None:
        async with stream:
            async for chunk in stream:
                said += chunk[: keep - len(said)]
    return bytes(said)


def kill_session(leader: int) -> None:
    """Kill all processes of the session that a program began, by its process id; it has not been waited for yet."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


class BoundedProgram(subprocess.Popen[bytes]):
    """A program for a thread that waits in `communicate`: killed with its session after `seconds`, which raises TimeoutError."""

    def __init__(self, command: Sequence[str], *, seconds: float, **options: Any) -> None:
        super().__init__(command, start_new_session=True, **options)
        self._seconds = seconds

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:  # noqa: A002 - Popen's name
        """What it wrote to its outputs, once it has ended; see the class for when it does not."""
        try:
            return super().communicate(input, self._seconds if timeout is None else timeout)
        except subprocess.TimeoutExpired:
            with self:  # which closes its pipes and waits for it
                kill_session(self.pid)
            raise TimeoutError("the program did not end in time") from None
