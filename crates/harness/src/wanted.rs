//! What the definition wants of a harness that runs.

use definition::Hub;
use participant::TransferRequest;
use provisioning::Scheme;

use crate::Instance;

/// Every port of the embedded harness, before an offset.
pub const PORTS: [u16; 12] = [3000, 3001, 3002, 3003, 3007, 3500, 4001, 4002, 4003, 8080, 9100, 9101];

/// What the hub of an instance is to know; `None` where it was started without participants.
pub fn scheme_of(hub: &Hub, instance: &Instance) -> Option<Scheme> {
    let address = instance.fsps?;
    Some(Scheme::of(hub, |fsp| format!("http://{address}{}", participant::endpoint_path(fsp))))
}

/// The payment that shows that everything works; `None` if no two simulated FSPs share a currency.
pub fn first_payment(hub: &Hub) -> Option<TransferRequest> {
    // Who can pay does not depend on where the FSPs are.
    let first = Scheme::of(hub, |_| String::new()).first_payment()?;
    Some(TransferRequest::new(first.from, first.to, first.amount, first.currency))
}
