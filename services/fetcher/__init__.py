"""Receives pages: from files, by HTTP, through feeds. Archives first, then records, then tells."""
