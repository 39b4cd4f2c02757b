"""Rules of a story: scenes, drafts, Twee, personal details, visible text."""
