"""The promises of docs/explanation/security.md in full form. ``python -m tests.reliability NAME`` prints the numbers of one."""
