"""Files of one city for one audience: a DuckDB file has no row security, so each gets its own.

What lives here: who may see what (`definition`), what is not public and what would tell it
(`confidentiality`), the rows and values of a table (`selection`), one file with its manifest
(`writing`), and keeping the files of every city beside what is published (`placing`).
"""
