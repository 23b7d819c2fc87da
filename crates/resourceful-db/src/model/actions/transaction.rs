//! Transactions of actions, which run again after a conflict.

use crate::db::Db;
use crate::error::{DbError, DbErrorKind};

/// Runs of one transaction at most.
const ATTEMPTS: u32 = 3;

/// The runs of one transaction.
pub(super) struct Attempts<'a> {
    db: &'a Db,
    done: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(db: &'a Db) -> Self {
        Self { db, done: 0 }
    }

    /// The result, or `None` if the transaction was in conflict with another one and is to run again. Nobody was
    /// answered, and nothing was changed.
    pub(super) fn finish<T>(&mut self, result: Result<T, DbError>) -> Option<Result<T, DbError>> {
        self.done += 1;
        match &result {
            Err(error) if error.kind() == DbErrorKind::Serialization && self.done < ATTEMPTS => {
                self.db.count_retry();
                None
            }
            _ => Some(result),
        }
    }
}
