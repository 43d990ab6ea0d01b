"""What the listeners of a running gateway use, and whether it takes calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.app.reload import ActiveConfig
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.accept import Shutdown


@value_class
class Running:
    """What a running gateway's listeners use. `present` returns the current configuration; it was `started` then, UTC."""

    services: SharedServices
    hub: ApprovalHub
    present: ActiveConfig
    shutdown: Shutdown
    started: datetime

    def status(self) -> str:
        """What the gateway does, in one line."""
        return self.unready() or self.present.status()

    def unready(self) -> str | None:
        """Why all calls are refused at present, None if they are not."""
        if self.shutdown.requested:
            return "the gateway is stopping"
        if self.services.audit.failing:
            return "calls are refused: the record cannot be written; the gateway's log says why"
        if self.hub.failing:
            return "calls are refused: the approvals database cannot be written; the gateway's log says why"
        if self.services.sinks.decisions and not self.services.sinks.decisions.takes_lines():
            return "calls are refused: the decision log cannot be written; the gateway's log says why"
        return None
