"""Rosters of people who don't exist, in any format that can be imported (``rostering.md`` §11). Pure but for the files it writes.

The same seed gives the same bytes.
"""
