//! From bytes to a validated value, or to a list of every wrong field.
//!
//! Handlers call it for the body and the query of a request. A valid body costs one strict scan
//! ([`json_text`]) and one `serde_json::from_slice`. Only if serde may have accepted something that the
//! schema forbids, [`check`] compares the body with its schema ([`schema`]). Only if a body is invalid,
//! [`repair`] reads it again to find every error. Each of these folders imports only those named before it.

pub(crate) mod bulk;
mod change;
mod check;
mod content_type;
pub(crate) mod form;
mod garde_report;
mod input_type;
mod json_text;
pub(crate) mod pagination;
mod parameters;
pub(crate) mod query;
mod repair;
mod schema;

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::change::Change;
pub(crate) use self::content_type::{Codings, check_content_type};
#[expect(unreachable_pub, reason = "named by hidden methods of a public trait")]
pub use self::schema::input_schema::InputSchema;

use self::check::validation_error::ValidationError;
use self::check::{Mode, check};
use self::input_type::InputType;
use self::json_text::scan::{SIMPLE_DEPTH, scan, utf8};
use self::json_text::tape::Tape;
use self::parameters::Parameters;
use self::repair::ReadError;
use self::repair::budget::Budget;
use self::schema::nesting::MAX_DEPTH;
use crate::error::field_error::FieldError;
use crate::error::{Error, Result};
use crate::openapi::{Parameter, Registry};

/// A value in a request body: it is deserialised, validated and described by a schema.
///
/// Derive `Deserialize`, `JsonSchema` and `Validate`; the trait is then implemented.
///
/// * A member is required unless it is an `Option` or has `#[serde(default)]`; unknown
///   members are ignored.
/// * Rules are those of [garde]. A type without rules needs `#[garde(allow_unvalidated)]`.
/// * Stricter than serde: an array is not accepted for a struct, a set must not have duplicates, and a
///   number must not overflow an `f32`.
/// * `1.0` and `1e3` are integers, as in JSON Schema.
/// * If the body type is `Option<T>`, the request body may be empty.
/// * To accept more media types than `application/json`, list them on the type:
///   `#[schemars(extend("x-media-types" = ["application/vnd.api+json"]))]`.
/// * A string with U+0000 is refused, since PostgreSQL cannot store it, unless the field
///   has `#[schemars(extend("x-allow-nul" = true))]`.
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
    /// The media type of the body.
    #[doc(hidden)]
    const MEDIA_TYPE: &'static str = "application/json";

    /// Reads a value from a body of the media type.
    #[doc(hidden)]
    fn from_body(bytes: &[u8]) -> Result<Self>;

    /// Reads a value from the query string.
    #[doc(hidden)]
    fn from_query(parameters: &Parameters) -> Result<Self, Vec<FieldError>>;

    /// Reads a value from the fields of a form.
    #[doc(hidden)]
    fn from_form(parameters: &Parameters) -> Result<Self, Vec<FieldError>>;

    #[doc(hidden)]
    fn input_schema() -> &'static InputSchema;

    /// Media types besides [`MEDIA_TYPE`](Self::MEDIA_TYPE).
    #[doc(hidden)]
    fn media_types() -> Vec<String>;

    #[doc(hidden)]
    fn schema(registry: &mut Registry) -> Value;

    /// The members as query parameters.
    #[doc(hidden)]
    fn as_parameters() -> Vec<Parameter>;
}

// The derived traits are bounds here and not supertraits above. So the compiler shows the note of
// `Input` if one is missing.
#[diagnostic::do_not_recommend]
impl<T> Input for T
where
    T: DeserializeOwned + JsonSchema + Validate<Context = ()> + Send + 'static,
{
    fn from_body(bytes: &[u8]) -> Result<Self> {
        parse(bytes)
    }

    fn from_query(parameters: &Parameters) -> Result<Self, Vec<FieldError>> {
        repair::read_parameters(parameters, &[]).map_err(|errors| {
            let mut errors: Vec<_> = errors.into_iter().map(ValidationError::in_query).collect();
            // Two elements of a list may have the same error.
            errors.dedup();
            errors
        })
    }

    fn from_form(parameters: &Parameters) -> Result<Self, Vec<FieldError>> {
        let result = repair::read_parameters(parameters, &parameters.repeated);
        result.map_err(|errors| errors.into_iter().map(ValidationError::in_body).collect())
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

/// Reads and validates JSON bytes as strictly as a request body.
///
/// For bytes that are not a request body, or whose signature is verified first.
///
/// # Errors
/// 400 if the bytes are not JSON ([`Error::is_malformed_body`]), 422 with every wrong field.
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
    T::from_body(bytes)
}

fn parse<T: InputType>(bytes: &[u8]) -> Result<T> {
    let schema = InputSchema::of::<T>();
    let bytes = match bytes {
        b"" if schema.is_optional() => b"null",
        bytes => bytes,
    };
    // Checked once: `from_slice` would check each string again.
    let json = utf8(bytes)?;
    let features = scan(json, MAX_DEPTH)?;
    if features.depth > SIMPLE_DEPTH {
        check_depth(json, features.depth, schema.max_depth(bytes.len()))?;
    }
    let _budget = Budget::for_body(bytes.len());
    match serde_json::from_str::<T>(json) {
        Ok(value) if !(schema.may_be_lenient(&features) && was_lenient(bytes, schema)) => {
            value.validate().map(|()| value).map_err(|report| {
                let tape = Tape::of_valid(bytes);
                let errors = garde_report::rule_errors(&report, &tape, schema);
                Error::invalid_input(errors.into_iter().map(ValidationError::in_body))
            })
        }
        _ => repair::read_body(bytes).or_else(|error| match error {
            ReadError::Invalid(error) => Err(error),
            ReadError::Rewritten(json) => parse(json.as_bytes()),
        }),
    }
}

/// Applies the nesting limit of a type, which may be lower than [`MAX_DEPTH`].
fn check_depth(json: &str, depth: u32, max_depth: u32) -> Result<()> {
    if depth > max_depth {
        scan(json, max_depth)?;
    }
    Ok(())
}

/// Whether serde has accepted something in this JSON that the schema forbids.
fn was_lenient(json: &[u8], schema: &InputSchema) -> bool {
    let report = check(&Tape::of_valid(json), schema, Mode::Structure);
    report
        .diagnostics
        .iter()
        .any(|diagnostic| !diagnostic.is_refused_by_serde)
}
