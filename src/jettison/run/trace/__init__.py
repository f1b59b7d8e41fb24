"""What a workload asks for of an image's files: recorded, saved, merged."""
