"""Reading, always within the scope of the person who asks: what is out of scope does not exist."""
