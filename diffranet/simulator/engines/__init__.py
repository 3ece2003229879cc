"""Diffraction engines: how the spots of a crystal are brought onto the pixels.

Compiled kernels are stored beside their source and renewed when their own file changes, not when
one that they call does. While working on ``spots`` or on constants that a kernel imports, remove
``__pycache__`` here.
"""
