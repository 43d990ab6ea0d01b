"""The approver at a terminal: the session, its channel, what is typed and what is shown."""
