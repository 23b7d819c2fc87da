//! Bytes to a validated value; what is wrong is named completely.
//!
//! The happy path is one strict scan and one `serde_json::from_slice`. Only a body in which
//! serde could take something wrongly is looked at once more before ([`misread`]), and only
//! one that fails takes the collecting pass ([`repair`]).

mod change;
mod change_rules;
mod content_type;
mod fault;
mod message;
mod misread;
mod repair;
mod rules;
mod shape;
mod strict;
mod text;
mod whole;

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::change::Change;
pub(crate) use self::content_type::check_content_type;
pub(crate) use self::fault::Step;
#[expect(unreachable_pub, reason = "named by hidden methods of a public trait")]
pub use self::shape::Shape;

use self::fault::Fault;
use self::whole::with_whole_numbers;
use crate::error::{Error, Result};
use crate::field_error::FieldError;
use crate::openapi::{Parameter, Scribe};

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
    fn shape() -> &'static Shape;

    #[doc(hidden)]
    fn schema(scribe: &mut Scribe) -> Value;

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
        repair::read_text(document, undecodable)
    }

    fn shape() -> &'static Shape {
        Shape::of::<T>()
    }

    fn schema(scribe: &mut Scribe) -> Value {
        scribe.schemas.input::<T>()
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

/// [`Input`] for those who read one: the bounds of its implementation.
trait Readable: DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static {}

impl<T: DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static> Readable for T {}

/// JSON bytes to a validated value.
fn parse<T: Readable>(bytes: &[u8]) -> Result<T> {
    let scan = strict::scan(bytes)?;
    let is_suspicious = scan.nul
        || ((scan.top_array || scan.nested_array || scan.wide_number)
            && Shape::of::<T>().is_taken_otherwise(scan.top_array, scan.nested_array));
    let is_misread = is_suspicious && repair::is_misread::<T>(bytes);
    if !is_misread && let Ok(value) = serde_json::from_slice::<T>(bytes) {
        return match value.validate() {
            Ok(()) => Ok(value),
            Err(report) => {
                let faults = rules::broken_rules(&report, Shape::of::<T>());
                Err(Error::invalid_input(faults.into_iter().map(Fault::in_body)))
            }
        };
    }
    match with_whole_numbers(bytes) {
        Some(bytes) => parse(&bytes),
        None => Err(repair::faults_of::<T>(bytes)),
    }
}
