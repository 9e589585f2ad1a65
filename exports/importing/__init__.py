"""What others send, read into contents: LHEO flows, tables, answers of an online form.

Reading never writes and never fails for one bad value: what is good is kept, what is not is named.
"""
