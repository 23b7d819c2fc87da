//! Bytes to a validated value; what is wrong is named completely.
//!
//! The happy path is one strict scan and one `serde_json::from_slice`. Only a body in which
//! serde could take something otherwise than the schema says is walked beside the schema as well
//! ([`check`]), and only one that fails is read again to find all that is wrong ([`repair`]).

mod bounds;
pub(crate) mod bulk;
mod change;
mod check;
mod content_type;
mod garde_report;
mod json_text;
pub(crate) mod pagination;
pub(crate) mod query;
mod repair;
mod schema;

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::change::Change;
pub(crate) use self::content_type::check_content_type;
#[expect(unreachable_pub, reason = "named by hidden methods of a public trait")]
pub use self::schema::input_schema::InputSchema;

use self::bounds::Readable;
use self::check::validation_error::Fault;
use self::check::{Purpose, check};
use self::json_text::scan::{SIMPLE_DEPTH, scan};
use self::json_text::tape::Tape;
use self::repair::Unread;
use self::repair::budget::Budget;
use self::schema::nesting::MAX_DEPTH;
use crate::error::field_error::FieldError;
use crate::error::{Error, Result};
use crate::openapi::{Parameter, Registry};

/// A value that a client sends: deserialised, described by a schema, validated.
///
/// Derive the three traits; there is nothing to implement.
///
/// * A member is required unless it is an `Option` or has `#[serde(default)]`; unknown
///   members are ignored.
/// * Rules are [garde]'s; a type without rules says `#[garde(allow_unvalidated)]`.
/// * A JSON array is never taken for a struct, though serde would. A set has nothing twice, and a
///   number that is too large for an `f32` is none.
/// * `1.0` and `1e3` are integers, as they are to JSON Schema.
/// * If the body type is `Option<T>`, the request body may be empty.
/// * To accept more media types than `application/json`, list them on the type:
///   `#[schemars(extend("x-media-types" = ["application/vnd.api+json"]))]`.
/// * A string with U+0000 is refused, since PostgreSQL cannot store it, unless the field
///   says `#[schemars(extend("x-allow-nul" = true))]`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct NewPost {
///     #[garde(length(chars, min = 1, max = 200))]
///     title: String,
///     #[serde(default)]
///     #[garde(skip)]
///     published: bool,
/// }
///
/// fn takes<T: resourceful::Input>() {}
/// takes::<NewPost>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a body",
    label = "not an `Input`",
    note = "add `#[derive(Deserialize, JsonSchema, Validate)]` to `{Self}`; its fields need `#[garde(..)]` rules, or it says `#[garde(allow_unvalidated)]`"
)]
pub trait Input: Sized + Send + 'static {
    /// JSON bytes to a validated value.
    #[doc(hidden)]
    fn from_json(bytes: &[u8]) -> Result<Self>;

    /// The same for an object of strings, as a query string is; those parameters called
    /// `undecodable` had values that are no text.
    #[doc(hidden)]
    fn from_text(document: Value, undecodable: Vec<String>) -> Result<Self, Vec<FieldError>>;

    #[doc(hidden)]
    fn input_schema() -> &'static InputSchema;

    /// Media types besides `application/json`.
    #[doc(hidden)]
    fn media_types() -> Vec<String>;

    #[doc(hidden)]
    fn schema(registry: &mut Registry) -> Value;

    /// Its members as parameters of a query string.
    #[doc(hidden)]
    fn as_parameters() -> Vec<Parameter>;
}

// The three traits are bounds here and not supertraits above, so that the compiler names
// `Input` and its note when one is missing.
#[diagnostic::do_not_recommend]
impl<T> Input for T
where
    T: DeserializeOwned + JsonSchema + Validate<Context = ()> + Send + 'static,
{
    fn from_json(bytes: &[u8]) -> Result<Self> {
        parse(bytes)
    }

    fn from_text(document: Value, undecodable: Vec<String>) -> Result<Self, Vec<FieldError>> {
        repair::read_text(&document, undecodable)
    }

    fn input_schema() -> &'static InputSchema {
        InputSchema::of::<T>()
    }

    fn media_types() -> Vec<String> {
        InputSchema::of::<T>().media_types()
    }

    fn schema(registry: &mut Registry) -> Value {
        registry.schemas.input::<T>()
    }

    fn as_parameters() -> Vec<Parameter> {
        Parameter::all_of::<T>()
    }
}

/// Strict JSON bytes to a validated value: for bytes that come by another way than a request's
/// body, or whose signature must be verified first.
///
/// # Errors
/// 400 when they are not JSON ([`Error::is_malformed_body`]), 422 that names every wrong field.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Job { #[garde(length(min = 1))] name: String }
///
/// let job: Job = resourceful::from_json(br#"{"name": "paint"}"#)?;
/// assert_eq!(job.name, "paint");
/// assert_eq!(resourceful::from_json::<Job>(b"{").err().unwrap().status(), 400);
/// assert_eq!(resourceful::from_json::<Job>(b"{}").err().unwrap().status(), 422);
/// # Ok::<(), Error>(())
/// ```
pub fn from_json<T: Input>(bytes: &[u8]) -> Result<T> {
    T::from_json(bytes)
}

/// JSON bytes to a validated value.
fn parse<T: Readable>(bytes: &[u8]) -> Result<T> {
    let schema = InputSchema::of::<T>();
    let bytes = match bytes {
        b"" if schema.is_optional() => b"null",
        bytes => bytes,
    };
    let seen = scan(bytes, MAX_DEPTH)?;
    if seen.depth > SIMPLE_DEPTH {
        scan_within(bytes, seen.depth, schema.max_depth(bytes.len()))?;
    }
    let _budget = Budget::of_body(bytes.len());
    match serde_json::from_slice::<T>(bytes) {
        Ok(value) if !(schema.is_lenient(&seen) && is_taken_otherwise(bytes, schema)) => {
            value.validate().map(|()| value).map_err(|report| {
                let tape = Tape::of_valid(bytes);
                let faults = garde_report::broken_rules(&report, &tape, schema);
                Error::invalid_input(faults.into_iter().map(Fault::in_body))
            })
        }
        _ => repair::read_body(bytes).or_else(|unread| match unread {
            Unread::Wrong(error) => Err(error),
            Unread::Rewritten(json) => parse(json.as_bytes()),
        }),
    }
}

/// A body that nests so `deep`, of a type that may have a lower limit.
fn scan_within(bytes: &[u8], deep: u32, max_depth: u32) -> Result<()> {
    if deep > max_depth {
        scan(bytes, max_depth)?;
    }
    Ok(())
}

/// Is there something in this JSON that serde takes otherwise than the schema says?
fn is_taken_otherwise(json: &[u8], schema: &InputSchema) -> bool {
    let notes = check(&Tape::of_valid(json), schema, Purpose::Form);
    notes
        .findings
        .iter()
        .any(|finding| !finding.is_refused_by_serde)
}
