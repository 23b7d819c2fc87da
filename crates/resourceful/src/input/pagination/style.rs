//! The mechanism that both paging styles share: a limit and a position, read from the query.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::error::Result;
use crate::error::field_error::FieldError;
use crate::input::pagination::page::{Page, Pagination};
use crate::input::query::QueryString;
use crate::openapi::Parameter;

/// The parameter that selects a page, besides `limit`.
pub(super) struct Position {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) minimum: u64,
    pub(super) maximum: u64,
}

/// A paging style with its limits.
pub(super) trait PagingStyle: Sized {
    const POSITION: Position;
    const DEFAULT_LIMIT: u32;
    const MAX_LIMIT: u32;
    /// The order of the two parameters in documents and errors.
    const ORDER: [StyleParameter; 2];

    /// Both values are within their limits.
    fn new(position: u64, limit: u64) -> Self;

    fn limit(&self) -> u64;

    /// The number of items before the page.
    fn offset(&self) -> u64;

    fn pagination(&self, total: Option<u64>, has_next: bool) -> Pagination;
}

/// One of the two parameters of a style.
#[derive(Clone, Copy)]
pub(super) enum StyleParameter {
    Position,
    Limit,
}

/// Reads a style from the query.
pub(super) fn read<S: PagingStyle>(query: &QueryString<'_>) -> Result<S, Vec<FieldError>> {
    const { check_limits(S::DEFAULT_LIMIT, S::MAX_LIMIT) };
    let Position {
        name,
        minimum,
        maximum,
        ..
    } = S::POSITION;
    let position = integer(query, name, minimum, maximum, minimum);
    let limit = read_limit(query, S::DEFAULT_LIMIT, S::MAX_LIMIT);
    match (position, limit) {
        (Ok(position), Ok(limit)) => Ok(S::new(position, limit)),
        (position, limit) => {
            let (mut position, mut limit) = (position.err(), limit.err());
            let errors = S::ORDER.map(|parameter| match parameter {
                StyleParameter::Position => position.take(),
                StyleParameter::Limit => limit.take(),
            });
            Err(errors.into_iter().flatten().collect())
        }
    }
}

/// A style with this position and limit, both brought within their limits.
pub(super) fn clamped<S: PagingStyle>(position: u64, limit: u64) -> S {
    let Position {
        minimum, maximum, ..
    } = S::POSITION;
    S::new(
        position.clamp(minimum, maximum),
        limit.clamp(1, u64::from(S::MAX_LIMIT.max(1))),
    )
}

/// The page with these items of a collection of `total` items.
pub(super) fn page<S: PagingStyle, T>(style: &S, items: Vec<T>, total: u64) -> Page<T> {
    let has_next = style.offset() + style.limit() < total;
    Page::new(items, style.pagination(Some(total), has_next))
}

/// The page with these items of a collection that is not counted, or not to its end.
pub(super) fn part<S: PagingStyle, T>(
    style: &S,
    items: Vec<T>,
    total: Option<u64>,
    has_next: bool,
) -> Page<T> {
    Page::new(items, style.pagination(total, has_next))
}

/// The page of a collection that is in memory.
pub(super) fn slice<S: PagingStyle, T: Clone>(style: &S, all: &[T]) -> Page<T> {
    let index = |position: u64| usize::try_from(position).map_or(all.len(), |at| at.min(all.len()));
    let (start, end) = (style.offset(), style.offset().saturating_add(style.limit()));
    let items = all[index(start)..index(end)].to_vec();
    page(style, items, all.len() as u64)
}

/// The two query parameters of a style.
pub(super) fn parameters<S: PagingStyle>() -> Vec<Parameter> {
    let parameter = |parameter: StyleParameter| match parameter {
        StyleParameter::Position => {
            let Position {
                name,
                description,
                minimum,
                maximum,
            } = S::POSITION;
            let mut parameter = Parameter::query::<u64>(name).with_description(description);
            if minimum > 0 {
                parameter = parameter.with_keyword("minimum", minimum);
            }
            parameter
                .with_keyword("maximum", maximum)
                .with_keyword("default", minimum)
        }
        StyleParameter::Limit => limit_parameter(S::DEFAULT_LIMIT, S::MAX_LIMIT),
    };
    S::ORDER.map(parameter).into()
}

/// Checks the limits of a style in a constant.
///
/// # Panics
/// If the default limit is not 1 to `max`.
pub const fn check_limits(default: u32, max: u32) {
    assert!(
        1 <= default && default <= max,
        "the default limit is 1 to MAX"
    );
}

/// Reads the parameter `limit`.
///
/// # Errors
/// If it is no integer of 1 to `max`.
pub fn read_limit(query: &QueryString<'_>, default: u32, max: u32) -> Result<u64, FieldError> {
    integer(query, "limit", 1, max.into(), default.into())
}

/// The parameter `limit` for the document.
#[must_use]
pub fn limit_parameter(default: u32, max: u32) -> Parameter {
    Parameter::query::<u64>("limit")
        .with_description("Maximum number of items.")
        .with_keyword("minimum", 1)
        .with_keyword("maximum", max)
        .with_keyword("default", default)
}

/// The schema of [`Pagination`] in a style.
pub(super) fn pagination_schema<S: PagingStyle>() -> Value {
    let Position { name, minimum, .. } = S::POSITION;
    let number = |minimum: u64| json!({"type": "integer", "minimum": minimum});
    json!({
        "type": "object",
        "required": [name, "limit", "total", "has_next"],
        "properties": {
            name: number(minimum),
            "limit": number(1),
            "total": number(0),
            "has_next": {"type": "boolean"},
        },
    })
}

/// A decimal integer in ASCII digits, without sign and spaces.
fn integer(
    query: &QueryString<'_>,
    name: &'static str,
    min: u64,
    max: u64,
    default: u64,
) -> Result<u64, FieldError> {
    let Some(text) = query.last(name)? else {
        return Ok(default);
    };
    let invalid = |detail: Cow<'static, str>| Err(FieldError::query(name, detail));
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return invalid("must be an integer".into());
    }
    match text.parse::<u64>() {
        Ok(value) if value < min => invalid(format!("must be at least {min}").into()),
        Ok(value) if value <= max => Ok(value),
        _ => invalid(format!("must be at most {max}").into()),
    }
}
