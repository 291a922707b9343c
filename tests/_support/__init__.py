"""Shared by the tests that drive the real binaries: processes, clients, a webhook receiver, the contract."""
