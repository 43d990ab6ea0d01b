"""The program: starts the services and listeners of a configuration, and reloads it."""
