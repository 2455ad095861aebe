"""Enrolments: students, contacts, households, restrictions."""
