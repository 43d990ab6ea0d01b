"""The program: a configuration put to work, its listeners opened, and what changes while it runs."""
