"""The service manager: the sockets that it passes, and the messages to it."""
