"""Who may do what: accounts of persons, their posts, their sessions, one matrix of rights."""
