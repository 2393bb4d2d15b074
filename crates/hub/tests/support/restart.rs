//! The end of a hub, until its store can be opened again.

use std::sync::Arc;

use super::{TestHub, eventually};

/// Stops a hub and waits until nothing holds its store any more.
pub(crate) async fn close(hub: TestHub) {
    let store = hub.stop().await;
    let (weak, ()) = (Arc::downgrade(&store), drop(store));
    eventually("the store is closed", async || weak.upgrade().is_none().then_some(())).await;
}
