"""What lies outside the program, one file each: mail server, clock, password hasher, PDF sheet, picture process."""
