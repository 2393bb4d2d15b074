//! Simulated FSPs over real sockets.

mod clock;
mod endpoint;
mod exchange;
mod hub_client;
pub(crate) mod listen;
mod pay;
mod simulator;
mod watch;

pub(crate) use hub_client::innermost;
pub use hub_client::{HubUrlError, HubUrls};
pub use listen::serve;
pub(crate) use pay::pay;
pub use pay::{PayError, Running};
pub(crate) use simulator::Shared;
pub use simulator::{Limits, Settings, Simulator, StartError, endpoint_path};
