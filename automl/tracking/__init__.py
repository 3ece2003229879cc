"""MLflow as a view of the ledger: whatever happens to it, the search goes on.

Nothing here imports MLflow when it is imported; the mirror's thread does so when it starts.
"""
