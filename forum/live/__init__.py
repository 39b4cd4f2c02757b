"""Running rooms: the ballot box, what each screen is sent (`screen_frames.py`), socket messages, who is here."""
