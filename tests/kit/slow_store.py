"""A store of the record whose disk waits until a test lets it go on."""

from __future__ import annotations

import threading

import trio

from trio_gate.shell.audit.database import AuditDatabase


class Slow(AuditDatabase):
    """A store whose disk waits until it may go on, and remembers its batches."""

    def __init__(self, path):
        super().__init__(path)
        self.go = threading.Event()
        self.busy = threading.Event()
        self.writing = threading.Lock()
        self.batches = []

    def append(self, rows):
        with self.writing:
            self.busy.set()
            self.go.wait()
            self.batches.append(len(rows))
            super().append(rows)


async def busy(store):
    await trio.to_thread.run_sync(store.busy.wait)
