"""Reads files sent by others into contents: LHEO flows, tables, answers of an online form.

Reading writes nothing and does not fail on a bad value: valid values are kept, the others become remarks.
"""
