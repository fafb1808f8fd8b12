"""The experiments of lesson 01."""
