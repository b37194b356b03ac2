"""What is written: tasks, frameworks, recipes, and where they lie."""
