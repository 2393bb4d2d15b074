//! Whether a hub is there.

use http::StatusCode;

use crate::{HttpClient, HttpError};

/// Whether a hub answers at this URL (`http://HOST:PORT`), and that it is well.
///
/// # Errors
/// Why not, for people.
pub async fn check_hub(url: &str) -> Result<(), String> {
    let url = format!("{}/health", url.trim_end_matches('/'));
    match HttpClient::new().get::<serde_json::Value>(&url).await {
        Ok(health) if health["status"] == "OK" => Ok(()),
        Ok(_) => Err("its health is not OK".to_owned()),
        Err(HttpError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => {
            Err("what answers there is no hub: it has no /health".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}
