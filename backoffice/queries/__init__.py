"""Read-only queries. Scope is in the query: a row outside the person's scope is not found."""
