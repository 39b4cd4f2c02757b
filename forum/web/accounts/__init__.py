"""Pages of accounts: signing in, passwords, known browsers."""
