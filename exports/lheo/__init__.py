"""LHEO 2.3: its grammar, its XML schema, and the rules that the schema cannot express."""
