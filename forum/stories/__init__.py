"""Rules of a story: scenes, drafts, Twee, personal details, words that can be seen."""
