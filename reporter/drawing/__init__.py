"""How each kind of stored data is drawn, and said in words; figures.py chooses and keeps."""
