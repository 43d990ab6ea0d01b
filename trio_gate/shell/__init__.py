"""Everything that waits: sockets, TLS, processes, files, clocks."""
