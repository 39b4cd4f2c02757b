"""The HTTP API: what the pages show, as JSON below /api/v1/, described by the same table that answers it."""
