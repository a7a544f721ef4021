"""A phone bot that books appointments and saves every checked answer before its next word."""

__version__ = "0.1.0"
