"""Rules of a live session: programme, stops, proposals, what screens show."""
