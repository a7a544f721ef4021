"""Confirmation by e-mail: what was booked, with an invitation for the calendar."""
