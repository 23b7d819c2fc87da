//! [`RequestTx`]: the transaction of a request with an `Idempotency-Key`, in which its response is kept.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use resourceful::Request;
use resourceful::hidden::{Attempt, transaction};

use crate::db::Db;
use crate::error::DbError;
use crate::tx::{Tx, WeakTx};

/// The transaction of a request, which resourceful-idempotency begins and commits.
#[derive(Clone, Debug)]
pub struct RequestTx(Arc<State>);

#[derive(Debug)]
struct State {
    tx: WeakTx,
    /// The resource whose `on_commit` runs.
    resource: TypeId,
    /// Whether an action had nothing to change.
    changes_nothing: AtomicBool,
    is_committed: AtomicBool,
    /// Changes for `on_commit`: `Committed` of the resource's rows.
    changes: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl RequestTx {
    /// Gives the hook of an attempt a reference to the transaction.
    #[must_use]
    pub fn share(tx: &Tx, attempt: &Attempt) -> Self {
        let shared = Self(Arc::new(State {
            tx: tx.downgrade(),
            resource: attempt.resource,
            changes_nothing: AtomicBool::new(false),
            is_committed: AtomicBool::new(false),
            changes: Mutex::default(),
        }));
        attempt.set_transaction(shared.clone());
        shared
    }

    /// Whether the effect of the hook is in the transaction, as far as one can tell.
    ///
    /// # Errors
    /// If a part is still open.
    pub async fn has_effect(&self, tx: &Tx) -> Result<bool, DbError> {
        Ok(tx.has_parts().await? || self.0.changes_nothing.load(Ordering::Relaxed))
    }

    /// Tells that the transaction is committed.
    pub fn committed(&self) {
        self.0.is_committed.store(true, Ordering::Relaxed);
    }

    /// That of a request, also after its end.
    pub(crate) fn of<C>(request: &Request<C>) -> Option<&Self> {
        transaction(request)
    }

    /// That of a request, while it is open.
    pub(crate) fn open<C>(request: &Request<C>) -> Option<&Self> {
        Self::of(request).filter(|shared| shared.0.tx.upgrade().is_some())
    }

    /// The transaction for reading, if it is one of this database and open.
    pub(crate) fn tx(&self, db: &Db) -> Option<Tx> {
        self.0.tx.upgrade().filter(|tx| tx.db().is_same(db))
    }

    pub(crate) fn set_changes_nothing(&self) {
        self.0.changes_nothing.store(true, Ordering::Relaxed);
    }

    /// Keeps a change for `on_commit` of the resource `R`.
    pub(crate) fn add_change<R: 'static, M: Send + 'static>(
        &self,
        change: M,
    ) -> Result<(), DbError> {
        if self.0.resource != TypeId::of::<R>() {
            return Err(DbError::other(
                "`on_commit` of a resource cannot run after the transaction of another resource's `Idempotency-Key`",
            ));
        }
        self.changes().push(Box::new(change));
        Ok(())
    }

    /// The changes, each once; none if the transaction is not committed.
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

    fn changes(&self) -> MutexGuard<'_, Vec<Box<dyn Any + Send>>> {
        let changes = self.0.changes.lock();
        changes.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db {
    /// Begins the transaction of a hook that reads `Idempotency-Key`, for the keys of `SqlIdempotency` in
    /// resourceful-idempotency: what it commits is kept together with the response, or not at all. In other hooks it
    /// is [`begin`](Self::begin).
    ///
    /// A request with a key has one transaction. This begins a part of it. Commit the part before the next one, or an
    /// action of [`actions`](crate::actions), begins.
    ///
    /// # Errors
    /// If the database is away, or too busy. In a request with a key, if another part is open, or if the keys are in
    /// another `Db`.
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
        match RequestTx::of(request).and_then(|shared| shared.0.tx.upgrade()) {
            None => self.begin().await,
            Some(tx) if tx.db().is_same(self) => tx.part().await,
            Some(_) => Err(DbError::other(
                "the keys of this resource's `Idempotency` are in another `Db` than its rows",
            )),
        }
    }
}
