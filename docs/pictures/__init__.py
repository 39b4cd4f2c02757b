"""The pictures of every screen: `camera` takes them, the others play what they show. docs/screenshots.py runs them."""
