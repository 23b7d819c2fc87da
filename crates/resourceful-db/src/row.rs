//! [`Row`]: a row of either database, read column by column.

use sea_orm::sea_query::{ArrayType, Value, ValueType};

use crate::error::DbError;
use crate::value::{from_value, postgres, sqlite};

/// A row of a result.
///
/// # Examples
/// See [`Item`](trait@crate::Item).
#[derive(Debug)]
pub struct Row<'r> {
    driver: DriverRow<'r>,
    next: usize,
}

enum DriverRow<'r> {
    Postgres(&'r tokio_postgres::Row),
    Sqlite(&'r rusqlite::Row<'r>),
}

impl std::fmt::Debug for DriverRow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DriverRow")
    }
}

impl<'r> Row<'r> {
    pub(crate) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self {
            driver: DriverRow::Postgres(row),
            next: 0,
        }
    }

    pub(crate) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self {
            driver: DriverRow::Sqlite(row),
            next: 0,
        }
    }

    /// The next column.
    ///
    /// # Errors
    /// If there is none, or its value is no `T`.
    pub fn read<T: ValueType + 'static>(&mut self) -> Result<T, DbError> {
        let index = self.next;
        if let DriverRow::Postgres(row) = self.driver
            && let Some(value) = postgres::read_usual(row, index)?
        {
            self.next += 1;
            return Ok(value);
        }
        from_value(self.read_value(&T::array_type())?, index)
    }

    /// The next column in the variant that is expected.
    pub(crate) fn read_value(&mut self, expected: &ArrayType) -> Result<Value, DbError> {
        let index = self.next;
        self.next += 1;
        Ok(match self.driver {
            DriverRow::Postgres(row) => postgres::read(row, index, Some(expected))?,
            DriverRow::Sqlite(row) => sqlite::read(row.get_ref(index)?, expected),
        })
    }
}

/// A value that is read from a row.
pub(crate) trait FromRow: Sized + Send + 'static {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError>;
}

/// The first column alone.
pub(crate) struct Single<T>(pub(crate) T);

impl<T: ValueType + Send + 'static> FromRow for Single<T> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        row.read().map(Self)
    }
}
