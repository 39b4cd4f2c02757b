"""Pages of a live session: phone, projector, console, tablet, their sockets and posts."""
