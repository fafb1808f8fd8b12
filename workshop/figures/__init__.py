"""What a result looks like: result in; picture, alt text and numbers out. A file a lesson; one form for all."""
