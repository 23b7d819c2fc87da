//! [`Client`]: one connection to PostgreSQL, which returns to the pool only in a clean state.

use std::time::Duration;

use deadpool::managed::Object as Pooled;
use futures_util::TryStreamExt as _;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, SimpleQueryMessage, Statement};

use sea_orm::sea_query::{ArrayType, Value};

use crate::error::DbError;
use crate::postgres::connection::Connections;
use crate::postgres::error::is_stale_statement;
use crate::postgres::tls::Tls;
use crate::statement::Query;
use crate::value::postgres::Parameter;

type Object = Pooled<Connections>;

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
    /// The session has settings and locks of its own.
    Dedicated,
}

/// A connection from the pool.
#[derive(Debug)]
pub(super) struct Client {
    /// `None` once it was given back.
    object: Option<Object>,
    pub(super) state: State,
    prepared: bool,
    tls: Tls,
}

impl Client {
    pub(super) fn new(object: Object, prepared: bool, tls: Tls) -> Self {
        Self {
            object: Some(object),
            state: State::Idle,
            prepared,
            tls,
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
        let statement = self.object().prepare(&query.sql).await?;
        Ok(Prepared::Statement(statement))
    }

    pub(super) async fn query(
        &self,
        prepared: &Prepared,
        query: &Query,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let client = &self.object().client;
        let parameters = query.values.iter().map(Parameter);
        let rows = match prepared {
            Prepared::Statement(statement) => client.query_raw(statement, parameters).await?,
            Prepared::Unnamed => {
                let typed = parameters.map(|parameter| (parameter, type_of(parameter.0)));
                client.query_typed_raw(&query.sql, typed).await?
            }
        };
        rows.try_collect().await
    }

    pub(super) async fn execute(
        &self,
        prepared: &Prepared,
        query: &Query,
    ) -> Result<u64, tokio_postgres::Error> {
        let client = &self.object().client;
        let parameters = query.values.iter().map(Parameter);
        match prepared {
            Prepared::Statement(statement) => client.execute_raw(statement, parameters).await,
            Prepared::Unnamed => {
                let parameters: Vec<_> = parameters.collect();
                let typed: Vec<(&(dyn ToSql + Sync), Type)> = parameters
                    .iter()
                    .map(|parameter| (parameter as _, type_of(parameter.0)))
                    .collect();
                client.execute_typed(&query.sql, &typed).await
            }
        }
    }

    /// Executes statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<u64, DbError> {
        let messages = self.object().client.simple_query(sql).await?;
        let changed = messages.iter().map(|message| match message {
            SimpleQueryMessage::CommandComplete(changed) => *changed,
            _ => 0,
        });
        Ok(changed.sum())
    }

    /// Forgets the prepared statements of all connections, if this one is out of date. `true`: the statement may
    /// be tried again.
    pub(super) fn forgets_stale(&self, error: &tokio_postgres::Error) -> bool {
        let is_stale = is_stale_statement(error);
        if is_stale {
            self.object().forget_all();
        }
        // The error has ended a transaction.
        is_stale && self.state == State::Busy
    }

    pub(super) fn is_closed(&self) -> bool {
        self.object().client.is_closed()
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
            State::Busy => Some(""),
            State::InTransaction => Some("ROLLBACK"),
            State::Dedicated => None,
        };
        let cancel = object.client.cancel_token();
        let tls = self.tls.clone();
        let mut unsettled = Unsettled(Some(object));
        let settle = async move {
            let is_settled = match end {
                Some(end) => timeout(SETTLE_TIMEOUT, unsettled.settle(end)).await.is_ok(),
                None => false,
            };
            if !is_settled {
                // The statement still runs, and would go on after the connection is closed.
                let _ = timeout(SETTLE_TIMEOUT, cancel.cancel_query(tls.0)).await;
            }
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(settle);
        }
    }
}

/// A connection that is closed on drop, unless it has become clean: also if no runtime is there, or it ends. The
/// server ends the transaction when the connection closes.
struct Unsettled(Option<Object>);

impl Unsettled {
    async fn settle(&mut self, end: &str) {
        if let Some(object) = &self.0
            && object.client.batch_execute(end).await.is_ok()
        {
            // Dropped here, it returns to the pool.
            self.0 = None;
        }
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// A statement that is ready to run.
pub(super) enum Prepared {
    Statement(Statement),
    /// Is sent with its text and the types of its values.
    Unnamed,
}

fn type_of(value: &Value) -> Type {
    let Value::Array(member, _) = value else {
        return type_and_array(&value.array_type()).0;
    };
    type_and_array(member).1
}

/// The type of a variant, and that of its arrays.
fn type_and_array(of: &ArrayType) -> (Type, Type) {
    match of {
        ArrayType::Bool => (Type::BOOL, Type::BOOL_ARRAY),
        ArrayType::TinyInt | ArrayType::SmallInt | ArrayType::TinyUnsigned => {
            (Type::INT2, Type::INT2_ARRAY)
        }
        ArrayType::Int | ArrayType::SmallUnsigned => (Type::INT4, Type::INT4_ARRAY),
        ArrayType::BigInt | ArrayType::Unsigned | ArrayType::BigUnsigned => {
            (Type::INT8, Type::INT8_ARRAY)
        }
        ArrayType::Float => (Type::FLOAT4, Type::FLOAT4_ARRAY),
        ArrayType::Double => (Type::FLOAT8, Type::FLOAT8_ARRAY),
        ArrayType::Bytes => (Type::BYTEA, Type::BYTEA_ARRAY),
        ArrayType::Json => (Type::JSONB, Type::JSONB_ARRAY),
        ArrayType::ChronoDate => (Type::DATE, Type::DATE_ARRAY),
        ArrayType::ChronoTime => (Type::TIME, Type::TIME_ARRAY),
        ArrayType::ChronoDateTime => (Type::TIMESTAMP, Type::TIMESTAMP_ARRAY),
        ArrayType::ChronoDateTimeUtc
        | ArrayType::ChronoDateTimeLocal
        | ArrayType::ChronoDateTimeWithTimeZone => (Type::TIMESTAMPTZ, Type::TIMESTAMPTZ_ARRAY),
        ArrayType::Uuid => (Type::UUID, Type::UUID_ARRAY),
        ArrayType::Decimal => (Type::NUMERIC, Type::NUMERIC_ARRAY),
        _ => (Type::TEXT, Type::TEXT_ARRAY),
    }
}
