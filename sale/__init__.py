"""SALE: agents of different sizes bid for work, and only the winner runs."""

__version__ = "0.1.0"
