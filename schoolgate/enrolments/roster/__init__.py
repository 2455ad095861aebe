"""From a school's files to rows and findings: one reader for each format, all pure (``rostering.md`` §1).

``files.py`` opens the upload, ``detect.py`` names the format, a reader of ``registry.py`` turns ``table.py``'s cells
into the rows of ``rows.py``; whatever it meets on the way goes into ``findings.py``. Nothing here knows the database,
the clock or the network, and nothing holds a whole file in memory.
"""
