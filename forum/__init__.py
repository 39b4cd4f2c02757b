"""Forum: deliberative commissioning and forum-theatre voting, with a record that anybody can check."""

__version__ = "0.1.0"
