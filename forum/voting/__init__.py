"""Rules of a vote: rounds, ballots, ways of voting (each counts: `method.py`), small groups (`suppression.py`)."""
