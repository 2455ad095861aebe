"""From a roster's rows to the working copy, as sets in the database: stage, compare, weigh, write.

``staging.py`` puts the rows into temporary tables. Every other file holds the SQL of one kind of row, the same for the
preview's counts and for the writing, on both databases. Nothing here opens a transaction.
"""
