"""Approvals: the hub in which calls wait for people, its grants, stops, subscribers and database."""
