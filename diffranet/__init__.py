"""The DiffraNet data set: its published folder layout, a sealed reader, and a simulator."""
