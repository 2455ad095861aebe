"""What the addresses of Registration Key Maintenance answer."""
