//! [`DbError`]: an error of the database, by what the caller can do about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resourceful::{Error, ErrorStatus, ProblemKind, Problems};
use sea_orm::DbErr;

/// Text for clients while the database is away or too busy.
const UNAVAILABLE: &str = "The database is not available.";

/// The kind of a [`DbError`].
///
/// # Examples
/// See [`DbError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbErrorKind {
    /// Another row has the same values in columns that are unique.
    Unique,
    /// A foreign key names a row that does not exist, or a row is still in use.
    ForeignKey,
    /// A column that may not be null has no value.
    NotNull,
    /// A `CHECK` constraint does not hold.
    Check,
    /// Two transactions were in conflict. The transaction was rolled back and may be repeated.
    Serialization,
    /// The database is away or too busy. A later attempt may work.
    Unavailable,
    /// The row does not exist, or not for this caller.
    NotFound,
    /// An error that a hook has returned.
    Request,
    /// Any other error.
    Other,
}

/// An error of the database.
///
/// Use it as `type Error` of a resource: `?` converts the errors of SeaORM and [`resourceful::Error`].
///
/// | kind | response |
/// |---|---|
/// | `Unique`, `ForeignKey`, `NotNull`, `Check` | 409; a model resource makes a 422 of it that names the fields |
/// | `Serialization`, `Unavailable` | 503 with `Retry-After` |
/// | `NotFound` | 404 |
/// | `Request` | that of the error |
/// | `Other` | 500 |
///
/// # Examples
/// ```
/// use resourceful_db::{Db, DbError, DbErrorKind};
/// use sea_orm::ConnectionTrait;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbError> {
/// let db = Db::connect("sqlite::memory:").await?;
/// db.execute_unprepared("CREATE TABLE tag (name text UNIQUE)").await?;
/// db.execute_unprepared("INSERT INTO tag VALUES ('rust')").await?;
/// let taken = db.execute_unprepared("INSERT INTO tag VALUES ('rust')").await.unwrap_err();
/// let error = DbError::from(taken);
/// assert_eq!(error.kind(), DbErrorKind::Unique);
/// assert_eq!(error.columns(), ["name"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DbError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: DbErrorKind,
    text: String,
    constraint: Constraint,
    request: Option<Error>,
}

/// A constraint, as far as the database has told it.
#[derive(Debug, Default)]
pub(crate) struct Constraint {
    pub(crate) name: Option<String>,
    /// The table that has the constraint.
    pub(crate) table: Option<String>,
    pub(crate) columns: Vec<String>,
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for DbError {}

impl DbError {
    pub(crate) fn new(kind: DbErrorKind, text: impl Into<String>) -> Self {
        Self::of_constraint(kind, text.into(), Constraint::default())
    }

    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(DbErrorKind::Unavailable, text)
    }

    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::new(DbErrorKind::Other, text)
    }

    /// A statement would begin or end a transaction.
    pub(crate) fn transaction_control() -> Self {
        Self::other("use `begin`, `savepoint`, `commit` and `rollback` instead of their SQL")
    }

    /// An error of a constraint.
    pub(crate) fn of_constraint(kind: DbErrorKind, text: String, constraint: Constraint) -> Self {
        Self(Arc::new(Inner {
            kind,
            text,
            constraint,
            request: None,
        }))
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> DbErrorKind {
        self.0.kind
    }

    /// The name of the constraint, if the database has told it: PostgreSQL does; SQLite only for `CHECK`.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.name.as_deref()
    }

    /// The columns of the constraint, as far as the database has told them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.0.constraint.columns
    }

    /// The table of the constraint: PostgreSQL tells it.
    pub(crate) fn table(&self) -> Option<&str> {
        self.0.constraint.table.as_deref()
    }
}

/// The kind is `Request`, or that of a conflict that caused the error, after which a transaction runs again.
impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        let mut cause = std::error::Error::source(&error);
        let mut kind = DbErrorKind::Request;
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<Self>()
                && error.kind() == DbErrorKind::Serialization
            {
                kind = DbErrorKind::Serialization;
            }
            cause = error.source();
        }
        Self(Arc::new(Inner {
            kind,
            text: error.to_string(),
            constraint: Constraint::default(),
            request: Some(error),
        }))
    }
}

/// SeaORM has no variant for errors of other drivers. This one keeps the error itself.
impl From<DbError> for DbErr {
    fn from(error: DbError) -> Self {
        Self::TryIntoErr {
            from: "statement",
            into: "result",
            source: Arc::new(error),
        }
    }
}

impl From<DbErr> for DbError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::TryIntoErr { source, .. } => match source.downcast_ref::<Self>() {
                Some(error) => error.clone(),
                None => Self::other(error.to_string()),
            },
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => {
                Self::new(DbErrorKind::NotFound, error.to_string())
            }
            _ => Self::other(error.to_string()),
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        if let Some(request) = &error.0.request {
            return request.clone();
        }
        let problem = match error.kind() {
            DbErrorKind::Unique => Self::conflict("Another item has the same values."),
            DbErrorKind::ForeignKey => Self::conflict("A related item is missing or still in use."),
            DbErrorKind::NotNull => Self::conflict("A required value is missing."),
            DbErrorKind::Check => Self::conflict("A value is not allowed."),
            DbErrorKind::Serialization | DbErrorKind::Unavailable => {
                Self::unavailable(Duration::from_secs(2)).with_detail(UNAVAILABLE)
            }
            DbErrorKind::NotFound => Self::not_found("There is nothing at this path."),
            DbErrorKind::Request | DbErrorKind::Other => return Self::internal(error),
        };
        problem.with_source(error)
    }
}

/// `#[errors(..)]` takes the names `Conflict`, `Unavailable` and `Other`, which is any error of a hook by hand.
impl Problems for DbError {
    const VARIANTS: &'static [&'static str] = &["Conflict", "Unavailable", "Other"];
    const UNKNOWN_VARIANT: &'static str =
        "`DbError` has the problems `Conflict`, `Unavailable` and `Other`";

    fn kinds() -> Vec<ProblemKind> {
        let conflict = ProblemKind::new(ErrorStatus::new(409));
        let unavailable = ProblemKind::new(ErrorStatus::new(503));
        vec![
            conflict.with_variant("Conflict"),
            unavailable
                .with_detail(UNAVAILABLE)
                .with_retry_after()
                .with_variant("Unavailable"),
            ProblemKind::ANY.with_variant("Other"),
        ]
    }
}
