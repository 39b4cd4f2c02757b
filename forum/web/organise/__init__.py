"""Pages of organisers: sessions, programmes, tickets, papers, rounds over days."""
