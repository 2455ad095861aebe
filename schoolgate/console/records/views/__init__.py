"""Records: jobs, the audit log, members."""
