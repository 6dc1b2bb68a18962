"""The suites, one module per kind of rule: which columns it adds and which checks it asks for."""
