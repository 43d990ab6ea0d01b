"""What a process is short of: a disk that is full, without one, as files may not grow beyond a size; descriptors; and threads."""

from __future__ import annotations

import resource
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trio._core import _thread_cache

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
    """While the block runs, no thread can be had: new ones cannot be started, and no job gets one of trio's idle ones."""
    stack, cache = threading.stack_size(NO_ROOM), _thread_cache.THREAD_CACHE
    _thread_cache.THREAD_CACHE = _thread_cache.ThreadCache()  # also for a thread that an earlier job leaves in a moment
    try:
        yield
    finally:
        _thread_cache.THREAD_CACHE = cache
        threading.stack_size(stack)
