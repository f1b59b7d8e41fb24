"""The image as documents: digest, media type, descriptor, manifest, config, platform."""
