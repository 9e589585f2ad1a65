"""LHEO 2.3: the facts of the language, its schema, and the rules the schema cannot say."""
