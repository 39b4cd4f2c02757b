"""The record: entries (hashed: `verify/merkle_tree.py`), proofs, exports (packed: `export_zip.py`), and their audit."""
