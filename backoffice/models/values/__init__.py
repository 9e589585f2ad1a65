"""Readers of values: what a person typed, or a spreadsheet stored, becomes the value, or a fault said in French.

One module per kind of value, one function per kind of number. Each is pure, takes a `cells.Cell` and returns the value
in its stored form, or raises `faults.Fault`. Forms, imports, lists of funders and commands call the same function, so
that the same input has the same outcome, with the same words, at every door.

An empty answer is not given to a reader: `cells.said` finds it.
"""
