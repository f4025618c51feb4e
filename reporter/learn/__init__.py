"""The torch code: data, networks, training, saliency, features; it knows nothing of reports."""
