//! Deliveries as they come, through the walk of a request.

// A test that unwraps says all it has to say by failing.
#![allow(missing_docs, clippy::unwrap_used)]

mod deliveries;
mod github;
mod timestamped;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use resourceful::prelude::*;
use resourceful_webhook::{Handler, Provider, Webhook};
use tokio::sync::Mutex;

/// Keeps what it gets.
#[derive(Debug)]
struct Kept<E>(Arc<Mutex<Vec<E>>>);

impl<E> Clone for Kept<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Default for Kept<E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[async_trait]
impl<E: Send + 'static> Handler<E> for Kept<E> {
    async fn handle(&self, event: E) -> Result<()> {
        self.0.lock().await.push(event);
        Ok(())
    }
}

/// A client of a webhook of this provider at `/`, and what comes of its deliveries.
fn endpoint<P: Provider>(provider: P) -> (TestClient, Kept<P::Event>) {
    let kept = Kept::default();
    let app = App::new().view("/", Webhook::new(provider, kept.clone()));
    (TestClient::new(app).unwrap(), kept)
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let parsed = |(name, value): &(&'static str, &str)| {
        (http::HeaderName::from_static(name), value.parse().unwrap())
    };
    fields.iter().map(parsed).collect()
}
