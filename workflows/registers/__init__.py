"""Registers that others own: what their files say, believed after so many readings, applied at once, undone at will.

`declared` says what each register is, `reading` makes rows of its file, `differences` compares them with the table
and writes it, `versions` decides what is believed, applied and undone, `runs` does it in the background.
"""
