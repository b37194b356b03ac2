"""Questions to frameworks: features and gotchas, each a function that runs in a worker."""
