"""What the services share: contracts (the wire), domain (pure rules), runtime (service plumbing), adapters (the outside)."""
