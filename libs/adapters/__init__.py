"""Adapters: one folder per outside thing. Only `app.py` modules of services name these classes."""
