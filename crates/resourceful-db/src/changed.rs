//! [`Changed`]: the result of a statement that writes.

/// The result of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) rows: u64,
    /// The last id on SQLite, 0 on PostgreSQL.
    pub(crate) last_id: u64,
}

impl Changed {
    /// The result of a statement on PostgreSQL.
    pub(crate) fn rows(rows: u64) -> Self {
        Self { rows, last_id: 0 }
    }
}
