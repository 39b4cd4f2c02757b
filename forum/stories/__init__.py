"""Rules of a story: scenes, drafts, Twee, personal details, what a moderator may do (`moderation.py`)."""
