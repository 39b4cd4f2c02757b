"""The worked example: a finished cycle of a made-up commission, made by Forum's own acts on a server's first start."""
