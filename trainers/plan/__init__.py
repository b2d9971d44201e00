"""Forecasts the cost of a training."""
