"""The record: entries (hashed in `verify.py`), proofs, exports, and the audit of an export."""
