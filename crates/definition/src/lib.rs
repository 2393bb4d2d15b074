//! `hub.yaml`, the one definition from which all four tools work: its types ([`Hub`]), defaults, JSON Schema
//! ([`schema`]), layering and validation ([`load`]), sizing ([`size`]) and a first one to begin with ([`initial`]).
//!
//! A definition is put together from layers (files, overlays of an environment, single settings), of which later ones
//! win: maps are merged, lists and scalars replaced. Every value remembers where it was written, so that each
//! [`Problem`] names file and line, and all problems are told at once.

mod formats;
mod initial;
mod layers;
mod load;
mod meaning;
mod model;
mod node;
mod origin;
mod path;
mod problem;
mod read;
mod schema;
mod set;
mod sizing;
mod structure;
mod unavailable;
mod wording;

pub use initial::{Answers, initial};
pub use load::{DEFAULT_FILE, Loaded, Sources, load, load_text};
pub use model::*;
pub use origin::{Origin, Origins};
pub use problem::{Problem, Problems};
pub use schema::schema;
pub use sizing::{AwsSize, DatabaseSize, Reason, Size, size};
