//! [`RequestTx`]: the transaction of a request with an `Idempotency-Key`, in which its response is kept.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use resourceful::Request;
use resourceful::hidden::transaction;

use crate::db::Db;
use crate::error::DbError;
use crate::tx::{Tx, WeakTx};

/// The transaction of a request, which resourceful-idempotency begins and commits.
#[derive(Clone, Debug)]
pub struct RequestTx(Arc<State>);

#[derive(Debug)]
struct State {
    tx: WeakTx,
    is_used: AtomicBool,
    is_committed: AtomicBool,
    /// Changes for `on_commit`: `Committed` of the resource's rows.
    changes: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl RequestTx {
    /// A reference to the transaction, for the hook.
    #[must_use]
    pub fn new(tx: &Tx) -> Self {
        Self(Arc::new(State {
            tx: tx.downgrade(),
            is_used: AtomicBool::new(false),
            is_committed: AtomicBool::new(false),
            changes: Mutex::default(),
        }))
    }

    /// Whether the hook has begun a part of the transaction.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.0.is_used.load(Ordering::Relaxed)
    }

    /// Tells that the transaction is committed.
    pub fn committed(&self) {
        self.0.is_committed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn of<C>(request: &Request<C>) -> Option<&Self> {
        transaction(request)
    }

    /// The transaction, if it is one of this database and open.
    pub(crate) fn tx(&self, db: &Db) -> Option<Tx> {
        self.0.tx.upgrade().filter(|tx| tx.db().is_same(db))
    }

    pub(crate) fn set_used(&self) {
        self.0.is_used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn add_change<M: Send + 'static>(&self, change: M) {
        self.changes().push(Box::new(change));
    }

    /// The changes of this type; none if the transaction is not committed.
    pub(crate) fn take_changes<M: 'static>(&self) -> Vec<M> {
        if !self.0.is_committed.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let changes = std::mem::take(&mut *self.changes()).into_iter();
        changes
            .filter_map(|change| change.downcast().ok())
            .map(|change| *change)
            .collect()
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Any + Send>>> {
        self.0
            .changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db {
    /// Begins the transaction of a hook that reads `Idempotency-Key`, for the keys of `SqlIdempotency` in
    /// resourceful-idempotency: what it commits is kept together with the response, or not at all. In other hooks it
    /// is [`begin`](Self::begin).
    ///
    /// # Errors
    /// If the database is away, or too busy.
    ///
    /// # Examples
    /// ```ignore
    /// async fn create(&self, request: &Request<User>, new: NewPayment) -> Result<Payment, DbError> {
    ///     let tx = self.db.begin_for(request).await?;
    ///     let payment = new.insert(&tx).await?;
    ///     tx.commit().await?;
    ///     Ok(payment)
    /// }
    /// ```
    pub async fn begin_for<C>(&self, request: &Request<C>) -> Result<Tx, DbError> {
        let shared = RequestTx::of(request);
        match shared.and_then(|shared| Some((shared, shared.tx(self)?))) {
            Some((shared, tx)) => {
                shared.set_used();
                tx.savepoint().await
            }
            None => self.begin().await,
        }
    }
}
