"""ParentAccess Administration › Manage Accounts › Account Maintenance: find an account, and look after it."""
