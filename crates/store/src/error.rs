//! What can go wrong with a store.

/// A store's failure. Domain refusals are outcomes, not errors.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The store can't be reached or can't write now; nothing was done, and trying again later may succeed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Something in the batch can't be stored; nothing was done. A smaller batch tells which command it is.
    #[error("the store refused the batch: {0}")]
    Refused(String),
    /// The connection broke at the commit: the batch is durable as a whole or not at all, and nobody here knows which.
    #[error("the fate of the batch is unknown: {0}")]
    Unknown(String),
    /// The stored data are not what this version of the program wrote.
    #[error("the store holds data that this version can't read: {0}")]
    Corrupt(String),
    /// A newer version of the program has migrated the store. It was not touched.
    #[error("the store has schema version {found}, this program knows versions up to {known}; use a newer program")]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
}
