//! [`Csv`]: rows of a table as a typed result.

use std::fmt;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body::{Body, Response};
use crate::error::{BoxError, Error, Result};
use crate::openapi::{Operation, Registry};
use crate::response::location::Base;
use crate::response::received::{FromResponse, ReceivedResponse};
use crate::response::reply::Reply;
use crate::response::representation::Representation;

/// Rows of a table: `text/csv` (RFC 4180), sent while they are made.
///
/// `T` is a flat struct with `Serialize` and `JsonSchema`. The first line has the names of its members, also if
/// there are no rows. Fields are quoted where RFC 4180 demands it, and lines end with CRLF. An error of the
/// stream is logged and ends the connection, so that the client detects that rows are missing.
///
/// # Formulas
/// Fields are written as they are, since most readers are programs. A spreadsheet evaluates a text that
/// begins with `=`, `+`, `-` or `@`. If people open the file in one, and other people wrote its texts, call
/// [`for_spreadsheets`](Self::for_spreadsheets).
///
/// # Examples
/// ```
/// use resourceful::Csv;
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Row { id: i64, title: String, stars: Option<u8> }
///
/// struct Films;
///
/// #[resource]
/// impl AsyncResource for Films {
///     type Access = Public;
///
///     #[action(GET, "export")]
///     async fn export(&self, _: &Request) -> Result<Csv<Row>> {
///         let rows = (1..3).map(|id| Row { id, title: "Alien, again".into(), stars: None });
///         Ok(Csv::new(rows))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/films", Films))?;
/// let response = client.get("/films/export").await;
/// assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8; header=present");
/// let lines = "id,title,stars\r\n1,\"Alien, again\",\r\n2,\"Alien, again\",\r\n";
/// assert_eq!(response.text(), lines);
/// # Ok(())
/// # }
/// ```
pub struct Csv<T> {
    rows: BoxStream<'static, Result<T, BoxError>>,
    formulas: Formulas,
    request_id: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Formulas {
    Kept,
    Disarmed,
}

impl<T: Send + 'static> Csv<T> {
    /// Creates it from rows. They are serialised while they are sent.
    ///
    /// # Examples
    /// See [`Csv`].
    pub fn new<I>(rows: I) -> Self
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
    {
        Self::boxed(stream::iter(rows.into_iter().map(Ok)).boxed())
    }

    /// Creates it from a stream of rows, such as a cursor of a database. A row is requested only when the
    /// client has received those before it.
    ///
    /// # Examples
    /// ```
    /// use futures_util::stream;
    /// use resourceful::{Csv, Error};
    ///
    /// let rows = stream::iter([Ok((1, "Alien")), Err(Error::internal("the database is gone"))]);
    /// let csv = Csv::from_stream(rows);
    /// ```
    pub fn from_stream<S, E>(rows: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::boxed(rows.map_err(Into::into).boxed())
    }

    fn boxed(rows: BoxStream<'static, Result<T, BoxError>>) -> Self {
        Self {
            rows,
            formulas: Formulas::Kept,
            request_id: String::new(),
        }
    }

    /// Puts an apostrophe in front of each text that a spreadsheet would evaluate as a formula: those that
    /// begin with `=`, `+`, `-`, `@`, tab or carriage return, and are no numbers.
    ///
    /// Programs that read the table then see the apostrophe, too.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Csv;
    /// let csv = Csv::new(vec![("=1+1", -1)]).for_spreadsheets();
    /// ```
    #[must_use]
    pub fn for_spreadsheets(mut self) -> Self {
        self.formulas = Formulas::Disarmed;
        self
    }

    /// The rows as a stream. In a client they are all in memory.
    #[must_use]
    pub fn into_rows(self) -> BoxStream<'static, Result<T, BoxError>> {
        self.rows
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Representation for Csv<T> {
    const MEDIA_TYPE: Option<&'static str> = Some("text/csv");

    fn place(&mut self, base: &Base<'_>) {
        self.request_id = base.head.id().into_owned();
    }

    fn represent(self, status: StatusCode) -> Result<Reply> {
        let header = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
        let columns = Columns::of::<T>()?;
        let mut response = Response::new(Body::from_stream(chunks(self, columns)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, header);
        Ok(response.into())
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        let row = registry.schemas.output::<T>();
        // OpenAPI 3.1 has no schema for the rows of a table.
        let schema = json!({"type": "string", "x-row-schema": row});
        operation.add_response(status, Some(("text/csv", Some(schema))));
    }
}

/// Rows in a chunk at most.
const ROWS_AT_ONCE: usize = 64;

/// The chunks of the body: the line of names, then as many rows as are ready.
fn chunks<T>(csv: Csv<T>, columns: Columns) -> impl Stream<Item = Result<Bytes, BoxError>> + Send
where
    T: Serialize + Send + 'static,
{
    let Csv {
        rows,
        formulas,
        request_id,
    } = csv;
    let names = stream::iter([Ok(columns.line.clone())]);
    let rows = rows
        .ready_chunks(ROWS_AT_ONCE)
        .flat_map(move |rows| stream::iter(columns.chunk(rows, formulas)));
    names.chain(rows).inspect_err(move |error: &BoxError| {
        tracing::error!(
            request_id,
            error = error.to_string(),
            "a table ended before its last row"
        );
    })
}

/// The names of the columns.
struct Columns {
    names: Vec<String>,
    /// The names as the first line.
    line: Bytes,
}

impl Columns {
    /// Takes the names from the schema of the rows: it lists them in the order of the struct.
    fn of<T: JsonSchema>() -> Result<Self> {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.inline_subschemas = true;
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let names = schema.get("required").and_then(Value::as_array);
        let names: Vec<_> = names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let all = schema.get("properties").and_then(Value::as_object);
        if names.is_empty() || all.is_none_or(|all| all.len() != names.len()) {
            let text = "the rows of a table must be structs whose members are always present";
            return Err(Error::internal(text));
        }
        let mut writer = writer();
        writer.write_record(&names).map_err(Error::internal)?;
        let line = writer.into_inner().map_err(Error::internal)?.into();
        Ok(Self { names, line })
    }

    /// The rows as a chunk, up to the first error.
    fn chunk<T: Serialize>(
        &self,
        rows: Vec<Result<T, BoxError>>,
        formulas: Formulas,
    ) -> Vec<Result<Bytes, BoxError>> {
        let mut writer = writer();
        // The writer refuses rows that are longer or shorter than its first line.
        let mut result = writer.write_record(&self.names).map_err(BoxError::from);
        for row in rows {
            result = result.and_then(|()| Ok(writer.serialize(row?)?));
        }
        // A row that failed may be written in part. Its client sees a connection that ends.
        let lines = writer.into_inner().map_err(BoxError::from);
        let lines = lines.and_then(|lines| {
            let lines = Bytes::from(lines).slice(self.line.len()..);
            match formulas {
                Formulas::Kept => Ok(lines),
                Formulas::Disarmed => disarmed(&lines),
            }
        });
        match result {
            Ok(()) => vec![lines],
            Err(error) => vec![lines, Err(error)],
        }
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new())
}

/// The lines with an apostrophe in front of each formula.
fn disarmed(lines: &[u8]) -> Result<Bytes, BoxError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(lines);
    let mut writer = writer();
    for record in reader.records() {
        for field in &record? {
            let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
            if is_formula && field.parse::<f64>().is_err() {
                writer.write_field(format!("'{field}"))?;
            } else {
                writer.write_field(field)?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(writer.into_inner()?.into())
}

impl<T: DeserializeOwned + Send + 'static> FromResponse for Csv<T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        let mut reader = csv::Reader::from_reader(&response.bytes()[..]);
        let rows: Result<Vec<T>, _> = reader.deserialize().collect();
        rows.map(Self::new)
            .map_err(|error| response.mismatch(&format!("CSV: {error}")))
    }
}

impl<T> fmt::Debug for Csv<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csv").finish_non_exhaustive()
    }
}
