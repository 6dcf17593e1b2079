"""What a system needs beyond the declaration of its tables: checks and version differences."""
