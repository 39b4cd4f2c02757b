"""The record: entries (hashed in `verify/merkle_tree.py`), proofs, exports, and the audit of an export."""
