"""Acts on stories: write, send, moderate, build on, take back."""
