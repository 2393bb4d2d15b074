//! A port of a pod as a port of this machine. It goes by way of the API server and the kubelet, so network policies do not
//! concern it, and nothing is opened to others.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use operations::Failure;
use tokio::{io::copy_bidirectional, net::TcpListener, task::JoinHandle};

use crate::client::refused;

/// A port that is forwarded until this is dropped.
#[derive(Debug)]
pub(crate) struct Forward {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Forwards a port of a pod to a free port of this machine's loopback.
///
/// # Errors
/// The API server does not allow it, or there is no such pod.
pub(crate) async fn forward(pods: &Api<Pod>, pod: &str, port: u16) -> Result<Forward, Failure> {
    // Asked once before anything is promised: a refusal is told here, and not as a closed connection.
    let first = pods.portforward(pod, &[port]).await.map_err(|error| refused("forward a port of the hub", &error))?;
    first.abort();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::failed)?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let (pods, pod) = (pods.clone(), pod.to_owned());
    let task = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (pods, pod) = (pods.clone(), pod.clone());
            tokio::spawn(async move {
                let Ok(mut forwarder) = pods.portforward(&pod, &[port]).await else { return };
                if let Some(mut stream) = forwarder.take_stream(port) {
                    // Either end may close at any time; the one who asked sees it.
                    let _ = copy_bidirectional(&mut connection, &mut stream).await;
                }
            });
        }
    });
    Ok(Forward { url: format!("http://{address}"), task })
}
