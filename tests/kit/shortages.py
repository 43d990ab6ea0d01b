"""What a process is short of: a disk that is full, without one, as files may not grow beyond a size; descriptors; and threads."""

from __future__ import annotations

import resource
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import trio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ROOM = 1 << 47
"""Bytes of a stack that no address space has."""


@contextmanager
def room(size: int, process: int = 0) -> Iterator[None]:
    """No file of a process, by default this one, grows beyond a number of bytes: what is written there is cut, and then an OSError."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@contextmanager
def no_descriptor() -> Iterator[None]:
    """While the block runs, this process can open nothing."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def no_thread() -> Iterator[None]:
    """While the block runs, no thread can be had: new ones cannot be started, and trio's idle ones are busy."""
    go, idle, taken = threading.Event(), threading.Semaphore(0), 0
    before = threading.stack_size(NO_ROOM)
    try:
        with suppress(RuntimeError):
            while True:
                trio.lowlevel.start_thread_soon(go.wait, lambda _: idle.release())
                taken += 1
        yield
    finally:
        threading.stack_size(before)
        go.set()
        for _ in range(taken):
            idle.acquire()
