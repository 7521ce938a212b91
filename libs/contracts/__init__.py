"""Everything on the wire: topology, events, reasons, the quarantine envelope, the generated JSON Schema."""
