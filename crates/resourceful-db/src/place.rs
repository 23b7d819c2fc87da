//! [`Place`]: one of those that wait for the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::DbError;
use crate::metrics;

/// A place among those that wait or run. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    pub(crate) fn take(taken: &Arc<AtomicUsize>, max: usize) -> Result<Self, DbError> {
        metrics::pending_started();
        let place = Self(Arc::clone(taken));
        if taken.fetch_add(1, Ordering::Relaxed) >= max {
            return Err(DbError::unavailable(
                "too many statements wait for the database",
            ));
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::pending_ended();
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
