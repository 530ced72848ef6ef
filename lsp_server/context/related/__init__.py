"""What other files tell about the one being edited: definitions that it imports or names, and code
that was just worked on."""
