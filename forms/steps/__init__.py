"""Steps that make the paths: questions, help and examples."""
