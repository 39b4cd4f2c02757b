"""Says how Sphinx makes a site with search from the pages of this folder: sphinx-build -W docs build/docs."""

project = "Forum"
author = "The makers of Forum"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["pictures", "screenshots"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # no highlighter knows Twee

html_theme = "furo"
html_title = "Forum"
html_favicon = "../static/icon.svg"
html_show_sphinx = False
html_copy_source = False
html_show_copyright = False
