"""What a step's interpreter has to have: specifications read, compared with what is installed, or built with uv."""
