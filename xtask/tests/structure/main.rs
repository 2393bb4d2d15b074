//! The structure of the workspace as ARCHITECTURE.md describes it: which crate may use which, and the rules of the
//! house that a compiler does not check. Each checker is shown to find what it looks for.

mod dependencies;
mod directions;
mod files;
mod limits;
mod sources;
