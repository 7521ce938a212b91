"""OpenSearch, a projection: schemas, bulk writing, verification, reindexing, search."""
