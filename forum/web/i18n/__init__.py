"""Languages: catalogues, gettext, dates."""
