//! A router and its document, made by the same calls, so that neither has what the other lacks.

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};

use super::{Describe, Document, Verb};
use crate::Hub;

/// An API: its routes, and what is said of them.
pub(crate) struct Api {
    router: Router<Arc<Hub>>,
    document: Document,
}

impl Api {
    /// An API without routes.
    pub(crate) fn new(title: &'static str, description: &'static str) -> Api {
        Api { router: Router::new(), document: Document::new(title, description) }
    }

    /// Adds an operation: how it is answered, and what it takes and answers.
    pub(crate) fn route<H: Handler<T, Arc<Hub>>, T: 'static>(
        mut self,
        verb: Verb,
        path: &'static str,
        handler: H,
        summary: &'static str,
        describe: impl FnOnce(Describe) -> Describe,
    ) -> Api {
        self.router = self.router.route(path, on(filter(verb), handler));
        self.document.add(verb, path, describe(Describe::new(verb, path, summary)));
        self
    }

    /// The routes, the document's own among them.
    pub(crate) fn into_router(self) -> Router<Arc<Hub>> {
        self.router.route(super::PATH, super::serve(&self.document))
    }

    /// What is said of the routes.
    pub(crate) fn into_document(self) -> Document {
        self.document
    }
}

fn filter(verb: Verb) -> MethodFilter {
    match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    }
}
