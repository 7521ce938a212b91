"""NATS JetStream: makes streams and consumers, and says how they differ from the plan."""
