"""Where images come from and go to: docker archives, OCI image layouts as folder or tar."""
