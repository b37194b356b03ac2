"""Runs programs: workers, environments, devices, and the evidence that runs leave."""
