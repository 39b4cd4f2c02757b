"""Rules of a live session: programme, stops, what every screen shows, phones too (`view.py`)."""
