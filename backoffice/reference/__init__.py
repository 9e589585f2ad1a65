"""Reference data shipped with the project, and what reads it.

Each table is a file of this folder; `SOURCES.md` says where it comes from and under which licence.
Nothing here knows Flask or the database: commands read these rows and fill the tables.
"""
