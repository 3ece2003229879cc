"""What a trial runs: image features with RF and SVM, and the DeepFreak network."""
