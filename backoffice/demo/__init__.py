"""The demonstration set: invented structures and people, real communes, fiches in every state."""
