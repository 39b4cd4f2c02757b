"""Words of pages and letters: entries, methods, timelines, terms."""
