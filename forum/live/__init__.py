"""Running rooms: the ballot box, outboxes, socket messages, who is here."""
