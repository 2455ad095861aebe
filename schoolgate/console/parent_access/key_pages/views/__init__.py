"""What the addresses of Contact Keys answer."""
