"""What pages say of things: entries, letters, methods, timelines."""
