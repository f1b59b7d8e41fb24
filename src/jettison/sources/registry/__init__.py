"""Images in registries (OCI distribution-spec): whom to ask and how, and blobs on their way into the user's cache."""
