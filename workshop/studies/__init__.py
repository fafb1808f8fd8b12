"""What a lesson runs: data, kernels and a budget in; results, measurements and claims out. One folder a lesson."""
