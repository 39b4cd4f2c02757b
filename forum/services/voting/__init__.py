"""Acts on votes: close, count again, gather reasons, count papers."""
