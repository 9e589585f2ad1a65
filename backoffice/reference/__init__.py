"""Reference data shipped with the project, and the functions that read it.

Each table is a file of this folder; `SOURCES.md` gives its source and licence. Nothing here uses a request
or the database: commands read these rows and fill the tables.
"""
