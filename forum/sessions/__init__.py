"""Rules of a live session: programme, stops, what screens show (`view.py`), one's own part (`participant_view.py`)."""
