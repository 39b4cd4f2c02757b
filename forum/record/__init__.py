"""The record: entries, hashes, proofs, exports, and the audit of an export."""
