"""Line integrals: through volumes by the slice sweep, through instruments in closed form."""
