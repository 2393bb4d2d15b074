//! Serves the pages.

use std::{pin::Pin, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    Message, called_by_a_near_name,
    pages::Pages,
    payments,
    shown::{ListPage, PaymentPage},
};

/// Nothing from elsewhere, nothing inside of a page: what an FSP writes into a message can't become more than text.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where messages come from: one node's memory, or those of several. No two may share a number and a moment.
pub trait Source: Send + Sync + 'static {
    /// All messages that are known.
    fn messages(&self) -> Pin<Box<dyn Future<Output = Vec<Arc<Message>>> + Send + '_>>;
}

struct Portal {
    source: Arc<dyn Source>,
    pages: Pages,
}

/// The pages of whatever messages the source has.
pub fn router(source: Arc<dyn Source>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/payments/{id}", get(payment))
        .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("../assets/style.css"))))
        .route("/live.js", get(|| asset("text/javascript; charset=utf-8", include_str!("../assets/live.js"))))
        .route("/icon.svg", get(|| asset("image/svg+xml", include_str!("../assets/icon.svg"))))
        .fallback(nothing_here)
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(Portal { source, pages: Pages::new() }))
}

/// Lets nobody in who comes under a site's name, and says what browsers may do with an answer.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match called_by_a_near_name(request.headers()) {
        true => next.run(request).await,
        false => (StatusCode::FORBIDDEN, "open http://127.0.0.1 with this port\n").into_response(),
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn list(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let messages = portal.source.messages().await;
    portal.answer(&headers, &messages, "list.html", || ListPage::of(&payments(&messages)))
}

async fn payment(State(portal): State<Arc<Portal>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let all = payments(&portal.source.messages().await);
    match all.into_iter().find(|payment| payment.is_called(&id)) {
        Some(payment) => portal.answer(&headers, &payment.messages, "payment.html", || PaymentPage::of(&payment)),
        None => portal.missing(),
    }
}

async fn nothing_here(State(portal): State<Arc<Portal>>) -> Response {
    portal.missing()
}

async fn asset(content_type: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], content).into_response()
}

impl Portal {
    /// A page about these messages, or that nothing has changed since the one that was seen.
    fn answer<P: Serialize>(
        &self,
        headers: &HeaderMap,
        messages: &[Arc<Message>],
        template: &str,
        content: impl FnOnce() -> P,
    ) -> Response {
        let tag = tag(messages);
        if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        ([(header::ETAG, tag)], Html(self.pages.render(template, &content()))).into_response()
    }

    fn missing(&self) -> Response {
        (StatusCode::NOT_FOUND, Html(self.pages.render("missing.html", &()))).into_response()
    }
}

/// Another one whenever a message came or went.
fn tag(messages: &[Arc<Message>]) -> String {
    let newest = messages.iter().map(|message| (message.time, message.number)).max();
    let highest = messages.iter().map(|message| message.number).max().unwrap_or(0);
    let newest = newest.map_or(0, |(time, _)| time.as_micros());
    format!("\"{}-{highest}-{newest}\"", messages.len())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower_service::Service;

    use super::*;
    use crate::tests::{message, payment, shared};

    struct Known(Vec<Arc<Message>>);

    impl Source for Known {
        fn messages(&self) -> Pin<Box<dyn Future<Output = Vec<Arc<Message>>> + Send + '_>> {
            Box::pin(async { self.0.clone() })
        }
    }

    async fn get(messages: &[Message], path: &str, headers: &[(&str, &str)]) -> (Response<()>, String) {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut router = router(Arc::new(Known(shared(messages.to_vec()))));
        let response = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_page_is_drawn() {
        let mut messages = payment(1_000_000, "alice", "bob", "1", None);
        let mut failed = message(9_000_000, "alice", crate::HUB, "GET", "/parties/MSISDN/2");
        failed.about.party = Some("MSISDN/2".to_owned());
        (failed.status, failed.error) = (Some(400), Some("3100 <wrong>".to_owned()));
        (failed.body, failed.body_bytes) = ("<script>alert(1)</script>".to_owned(), 1_000);
        failed.headers.insert("x".to_owned(), "\"><img>".to_owned());
        messages.push(failed);
        let (response, list) = get(&messages, "/", &[]).await;
        assert_eq!(response.status(), 200);
        for part in
            ["alice", "10.5 USD", "COMMITTED", "FAILED", "href=\"/payments/t1\"", "href=\"/payments/message-9000000\""]
        {
            assert!(list.contains(part), "{part}: {list}");
        }
        assert!(list.find("message-9000000") < list.find("t1\""), "the newest first");
        let (_, page) = get(&messages, "/payments/q1", &[]).await;
        assert_eq!(page.matches("<svg").count(), 2);
        assert_eq!(page.matches("<details").count(), 12);
        let (_, page) = get(&messages, "/payments/message-9000000", &[]).await;
        assert!(page.contains("3100 &lt;wrong&gt;") && page.contains("1000 bytes"), "{page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img>"), "{page}");
        let (response, page) = get(&messages, "/payments/unknown", &[]).await;
        assert!(response.status() == 404 && page.contains("<h1>"), "{page}");
        let (response, empty) = get(&[], "/", &[]).await;
        assert!(response.status() == 200 && empty.contains("mojaloop transfer"), "{empty}");
    }

    #[tokio::test]
    async fn pages_bring_nothing_from_elsewhere() {
        let messages = payment(0, "alice", "bob", "1", None);
        for path in ["/", "/payments/t1", "/style.css", "/live.js", "/icon.svg", "/nothing"] {
            let (response, text) = get(&messages, path, &[]).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "{path}");
            // The policy would refuse these.
            assert!(!text.contains(" style=") && !text.contains(" onclick="), "{path}");
        }
        let (response, _) = get(&messages, "/", &[("host", "site.example")]).await;
        assert_eq!(response.status(), 403);
    }

    #[tokio::test]
    async fn what_has_not_changed_is_not_sent_again() {
        let mut messages = payment(0, "alice", "bob", "1", None);
        let (response, _) = get(&messages, "/payments/t1", &[]).await;
        let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
        // Another payment changes the list only.
        messages.extend(payment(50_000, "carol", "bob", "2", None));
        assert_eq!(get(&messages, "/payments/t1", &[("if-none-match", &tag)]).await.0.status(), 304);
        assert_eq!(get(&messages, "/", &[("if-none-match", &tag)]).await.0.status(), 200);
        messages.truncate(11);
        assert_eq!(get(&messages, "/payments/t1", &[("if-none-match", &tag)]).await.0.status(), 200);
    }
}
