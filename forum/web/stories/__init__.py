"""Pages of a story's writer: private link, workspace, suggestions, permissions."""
