"""Monitor: shows how the engines and the work under way stand, and proves by a canary that news becomes searchable."""
