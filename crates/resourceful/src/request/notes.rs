//! [`Notes`]: values that one step of a request leaves for a later one.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};

use crate::proto::validators::Validators;

/// The notes of a request. Most requests have none: [`Head`](crate::request::head::Head) allocates them for the first.
#[derive(Default)]
pub(crate) struct Notes {
    /// The parent of a nested resource.
    parent: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The challenges of a rule that lets in requests without credentials.
    challenges: OnceLock<Vec<HeaderValue>>,
    /// Fields that access rules add to the response.
    fields: Mutex<Vec<(HeaderName, HeaderValue)>>,
    /// Whether the hook has read the preconditions.
    are_preconditions_read: AtomicBool,
    /// The validators of the item in the response.
    validators: OnceLock<Validators>,
    /// The `Idempotency-Key`, where the action reads it.
    idempotency_key: OnceLock<String>,
    /// The body of a request with such a key.
    body: OnceLock<Bytes>,
    /// The transaction in which the response to such a request is kept.
    transaction: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Notes {
    pub(crate) fn set_parent<P: Send + Sync + 'static>(&self, parent: P) {
        let _ = self.parent.set(Box::new(parent));
    }

    pub(crate) fn parent<P: 'static>(&self) -> Option<&P> {
        self.parent.get()?.downcast_ref()
    }

    pub(crate) fn set_challenges(&self, challenges: Vec<HeaderValue>) {
        let _ = self.challenges.set(challenges);
    }

    pub(crate) fn challenges(&self) -> &[HeaderValue] {
        self.challenges.get().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add_response_field(&self, name: HeaderName, value: HeaderValue) {
        let fields = self.fields.lock();
        let mut fields = fields.unwrap_or_else(PoisonError::into_inner);
        fields.push((name, value));
    }

    pub(crate) fn take_response_fields(&self) -> Vec<(HeaderName, HeaderValue)> {
        let fields = self.fields.lock();
        std::mem::take(&mut *fields.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_preconditions_read(&self) {
        self.are_preconditions_read.store(true, Ordering::Relaxed);
    }

    pub(crate) fn are_preconditions_read(&self) -> bool {
        self.are_preconditions_read.load(Ordering::Relaxed)
    }

    pub(crate) fn set_validators(&self, validators: Validators) {
        let _ = self.validators.set(validators);
    }

    pub(crate) fn validators(&self) -> Option<&Validators> {
        self.validators.get()
    }

    pub(crate) fn set_idempotency_key(&self, key: String) {
        let _ = self.idempotency_key.set(key);
    }

    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.get().map(String::as_str)
    }

    /// Keeps the body, if the request has an `Idempotency-Key`.
    pub(crate) fn body_read(&self, body: &Bytes) {
        if self.idempotency_key.get().is_some() {
            let _ = self.body.set(body.clone());
        }
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.body.get().map_or(&[], |body| body)
    }

    pub(crate) fn set_transaction<T: Send + Sync + 'static>(&self, transaction: T) {
        let _ = self.transaction.set(Box::new(transaction));
    }

    pub(crate) fn transaction<T: 'static>(&self) -> Option<&T> {
        self.transaction.get()?.downcast_ref()
    }
}
