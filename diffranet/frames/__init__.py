"""Images from elsewhere, of any size and depth, brought to the form of the data set's own."""
