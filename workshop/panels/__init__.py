"""What a hand can move: widgets over studies, figures and finished runs. No arithmetic of their own.

Every control has a description, works from the keyboard, and has its result as text beside the picture.
"""
