"""Reconciler: brings on its way again whatever lost its message. PostgreSQL in, the events of the other stages out."""
