//! [`Client`]: one connection to PostgreSQL, which returns to the pool only in a clean state.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use sea_orm::sea_query::Value;

use crate::error::DbError;
use crate::postgres::error::is_stale_statement;
use crate::statement::Query;
use crate::value::postgres::Parameter;

/// Time in which a connection whose future was dropped has to become clean.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of the connection at the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Idle,
    /// A statement runs whose result nobody has read.
    Busy,
    /// A transaction may be open.
    InTransaction,
}

/// A connection from the pool.
#[derive(Debug)]
pub(super) struct Client {
    /// `None` once it was given back.
    object: Option<Object>,
    pub(super) state: State,
    prepared: bool,
}

impl Client {
    pub(super) fn new(object: Object, prepared: bool) -> Self {
        Self {
            object: Some(object),
            state: State::Idle,
            prepared,
        }
    }

    fn object(&self) -> &Object {
        self.object
            .as_ref()
            .expect("it is given back by `drop` alone")
    }

    /// Prepares the statement, so that `query` needs one round trip.
    pub(super) async fn prepare(&self, query: &Query) -> Result<Prepared, DbError> {
        if !self.prepared {
            return Ok(Prepared::Unnamed);
        }
        let statement = self.object().prepare_cached(&query.sql).await?;
        Ok(Prepared::Statement(statement))
    }

    pub(super) async fn query(
        &self,
        prepared: &Prepared,
        query: &Query,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let parameters: Vec<_> = query.values.iter().map(Parameter).collect();
        match prepared {
            Prepared::Statement(statement) => {
                self.object().query(statement, &as_dyn(&parameters)).await
            }
            Prepared::Unnamed => {
                self.object()
                    .query_typed(&query.sql, &typed(&parameters))
                    .await
            }
        }
    }

    pub(super) async fn execute(
        &self,
        prepared: &Prepared,
        query: &Query,
    ) -> Result<u64, tokio_postgres::Error> {
        let parameters: Vec<_> = query.values.iter().map(Parameter).collect();
        match prepared {
            Prepared::Statement(statement) => {
                self.object().execute(statement, &as_dyn(&parameters)).await
            }
            Prepared::Unnamed => {
                self.object()
                    .execute_typed(&query.sql, &typed(&parameters))
                    .await
            }
        }
    }

    /// Executes statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<u64, DbError> {
        use tokio_postgres::SimpleQueryMessage::CommandComplete;
        let messages = self.object().simple_query(sql).await?;
        let changed = messages.iter().map(|message| match message {
            CommandComplete(changed) => *changed,
            _ => 0,
        });
        Ok(changed.sum())
    }

    /// Forgets prepared statements that are out of date. `true`: the statement may be tried again.
    pub(super) fn forgets_stale(&self, error: &tokio_postgres::Error) -> bool {
        let is_stale = is_stale_statement(error);
        if is_stale {
            self.object().statement_cache.clear();
        }
        // The error has ended a transaction.
        is_stale && self.state == State::Busy
    }

    pub(super) fn is_closed(&self) -> bool {
        self.object().is_closed()
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn discard(mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

/// The pool gets the connection back when the server has ended what was begun, or not at all.
impl Drop for Client {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else {
            return;
        };
        let end = match self.state {
            State::Idle => return,
            State::Busy => "",
            State::InTransaction => "ROLLBACK",
        };
        let settle = async move {
            let ended = timeout(SETTLE_TIMEOUT, object.batch_execute(end)).await;
            if !matches!(ended, Ok(Ok(()))) {
                // The server ends the transaction when the connection closes.
                drop(Object::take(object));
            }
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(settle);
        }
    }
}

/// A statement that is ready to run.
pub(super) enum Prepared {
    Statement(Statement),
    /// Is sent with its text and the types of its values.
    Unnamed,
}

fn as_dyn<'a>(parameters: &'a [Parameter<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters
        .iter()
        .map(|parameter| parameter as &(dyn ToSql + Sync))
        .collect()
}

fn typed<'a>(parameters: &'a [Parameter<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters
        .iter()
        .map(|parameter| (parameter as &(dyn ToSql + Sync), type_of(parameter.0)))
        .collect()
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::BOOL,
        Value::TinyInt(_) | Value::SmallInt(_) | Value::TinyUnsigned(_) => Type::INT2,
        Value::Int(_) | Value::SmallUnsigned(_) => Type::INT4,
        Value::BigInt(_) | Value::Unsigned(_) | Value::BigUnsigned(_) => Type::INT8,
        Value::Float(_) => Type::FLOAT4,
        Value::Double(_) => Type::FLOAT8,
        Value::Bytes(_) => Type::BYTEA,
        Value::Json(_) => Type::JSONB,
        Value::ChronoDate(_) => Type::DATE,
        Value::ChronoTime(_) => Type::TIME,
        Value::ChronoDateTime(_) => Type::TIMESTAMP,
        Value::ChronoDateTimeUtc(_)
        | Value::ChronoDateTimeLocal(_)
        | Value::ChronoDateTimeWithTimeZone(_) => Type::TIMESTAMPTZ,
        Value::Uuid(_) => Type::UUID,
        Value::Decimal(_) => Type::NUMERIC,
        Value::Array(_, Some(values)) => match values.first().map(type_of) {
            Some(Type::BOOL) => Type::BOOL_ARRAY,
            Some(Type::INT2) => Type::INT2_ARRAY,
            Some(Type::INT4) => Type::INT4_ARRAY,
            Some(Type::INT8) => Type::INT8_ARRAY,
            Some(Type::FLOAT4) => Type::FLOAT4_ARRAY,
            Some(Type::FLOAT8) => Type::FLOAT8_ARRAY,
            Some(Type::UUID) => Type::UUID_ARRAY,
            Some(Type::TIMESTAMPTZ) => Type::TIMESTAMPTZ_ARRAY,
            Some(Type::NUMERIC) => Type::NUMERIC_ARRAY,
            _ => Type::TEXT_ARRAY,
        },
        _ => Type::TEXT,
    }
}
