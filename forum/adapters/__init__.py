"""Adapters to what lies outside, one file each: mail server, clock, password hasher, PDF sheet, picture process."""
