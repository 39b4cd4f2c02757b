"""Acts on sessions: organise, facilitate, vote on policy, undo."""
