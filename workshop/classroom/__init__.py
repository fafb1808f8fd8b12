"""What staff run. Nothing that a submission does may change its own marks, reach the answers, or stop the others."""
