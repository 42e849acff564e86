"""What is seen: C-arm, projector, beam, detector, dose."""
