"""The 3D scene: what there is to see at one moment of a case, as named parts, and the stage that draws them."""
