"""How long a search will take: seconds of real training, and its schedule on a simulated clock."""
