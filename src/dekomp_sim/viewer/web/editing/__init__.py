"""The page on which a person corrects an imported patient's landmarks: `editor` holds what is so, `desk` answers."""
