"""Pictures of results and stories, as SVG."""
