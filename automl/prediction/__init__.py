"""A search's chosen model, used on images from anywhere."""
