"""The CT scanner: gantry, the patient's slice, fan-beam acquisition, water calibration, filtered back-projection."""
