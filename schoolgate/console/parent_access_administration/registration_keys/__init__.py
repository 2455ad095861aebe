"""Registration Key Maintenance: find a student, see every key that opens the record, add one, act on it (registration-keys §4, §5)."""
