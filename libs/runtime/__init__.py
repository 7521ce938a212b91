"""Shared once by all services: settings, logging, metrics, health, broker factory, failure policy, settle."""
