"""Flows: what was published at a moment, what changed between two, written as streams of fragments."""
