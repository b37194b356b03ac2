"""What programs cost: the benchmark."""
