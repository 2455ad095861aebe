"""Enrolments › Import roster."""
