"""ParentAccess Administration › Manage Accounts: the same keys and accounts, seen from the student's side (registration-keys)."""
