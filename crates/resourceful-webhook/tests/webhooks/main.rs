//! Tests of webhooks by whole requests.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

mod github;
mod repeated_deliveries;
mod timestamped;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use resourceful::prelude::*;
use resourceful_webhook::{Handler, Provider, Webhook};
use tokio::sync::Mutex;

/// A handler that records its events.
#[derive(Debug)]
struct Recorder<E>(Arc<Mutex<Vec<E>>>);

impl<E> Clone for Recorder<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Default for Recorder<E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[async_trait]
impl<E: Send + 'static> Handler<E> for Recorder<E> {
    async fn handle(&self, event: E) -> Result<()> {
        self.0.lock().await.push(event);
        Ok(())
    }
}

/// A client of a webhook of this provider at `/`, and the recorder of its events.
fn endpoint<P: Provider>(provider: P) -> (TestClient, Recorder<P::Event>) {
    let recorder = Recorder::default();
    let app = App::new().view("/", Webhook::new(provider, recorder.clone()));
    (TestClient::new(app).unwrap(), recorder)
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let parsed = |(name, value): &(&'static str, &str)| {
        (http::HeaderName::from_static(name), value.parse().unwrap())
    };
    fields.iter().map(parsed).collect()
}
