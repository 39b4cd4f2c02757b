"""Decisions: the votes that wait for one, the form, and the public page of a decision."""
