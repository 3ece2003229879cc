"""An example: a data set and a trainable of one's own."""
