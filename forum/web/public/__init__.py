"""Pages for everybody: stories, decisions, the record, answers over days."""
