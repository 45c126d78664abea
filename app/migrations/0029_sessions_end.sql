-- Why: a session that nobody can use any more is forgotten, as its tokens are.
grant delete on sessions to campus_app;
