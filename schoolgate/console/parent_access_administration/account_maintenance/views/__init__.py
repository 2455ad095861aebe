"""Look, act, download: what the office does with accounts."""
