"""Imports of external registers: read a file, confirm its differences over several readings, apply them, undo them.

`declared` describes each register, `reading` turns its file into rows, `differences` compares the rows with the table
and updates it, `versions` decides what is applied and undone, `runs` holds the background jobs.
"""
