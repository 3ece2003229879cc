"""Image features: extraction functions, their store, and scikit-learn transformers.

`glcm`, `lbp`, `sift` and `bovw` turn images into numbers and know nothing else; `store` keeps
numbers under the identity of what made them; `stored` brings the two together;
`transformers` wraps the extraction functions for scikit-learn.
"""
