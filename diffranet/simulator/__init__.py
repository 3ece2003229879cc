"""Simulator of DiffraNet-like images (paper Appendix A), exact and fast.

``parameters`` says what to make, ``shots`` draws the physical state of every pulse, ``bragg``,
``background`` and ``detector`` turn a state into an image, ``reallike`` makes the surrogate of
the real images, and ``writer`` puts whole data sets on disk.
"""
