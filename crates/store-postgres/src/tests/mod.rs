//! The suite on PostgreSQL, and what only a server shared by several nodes can get wrong.

mod suite;
