"""Acts on votes: close, count again, gather reasons and decide who reads them (`reasons.py`), count papers."""
