"""LHEO flows: what was published at an instant, what changed between two, streamed from stored fragments."""
