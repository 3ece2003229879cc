"""Diffraction engines: how the spots of a crystal are brought onto the pixels."""
