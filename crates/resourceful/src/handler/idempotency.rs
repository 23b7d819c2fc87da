//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a request that is sent again has the effect of
//! one.
//!
//! This module finds the key and runs the action; the crate resourceful-idempotency keeps the responses.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{HeaderMap, HeaderName};

use crate::action::Action;
use crate::error::{Error, Result};
use crate::handler::resource::{AsyncResource, Caller};
use crate::openapi::{Header, Operation, Parameter, StandardError, is_among};
use crate::request::Request;
use crate::request::head::{Head, below};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_KEY_LENGTH: usize = 255;

/// The actions of a resource that read `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub struct IdempotentActions {
    required: &'static [&'static str],
    accepted: &'static [&'static str],
}

/// The treatment of a request without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// 400.
    Required,
    /// It runs.
    Accepted,
}

impl IdempotentActions {
    /// No action.
    pub const NONE: Self = Self::new(&[], &[]);

    /// The names of the hooks.
    #[must_use]
    pub const fn new(required: &'static [&'static str], accepted: &'static [&'static str]) -> Self {
        Self { required, accepted }
    }

    /// The rule of an action; `None` if it reads no key.
    #[must_use]
    pub const fn rule(self, action: Action) -> Option<KeyRule> {
        let name = action.spec().name();
        if is_among(self.required, name) {
            Some(KeyRule::Required)
        } else if is_among(self.accepted, name) {
            Some(KeyRule::Accepted)
        } else {
            None
        }
    }
}

/// Keeps the responses to requests with a key.
pub trait Once<C>: Send + Sync {
    /// The text that tells the caller from others.
    fn caller(&self, caller: &C) -> String;

    /// Returns the response that is kept for the attempt, or runs `work` and keeps its response.
    fn attempt<'a>(
        &'a self,
        attempt: Attempt,
        work: BoxFuture<'a, Result<http::Response<Bytes>>>,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>>>;
}

/// A request with a key.
#[expect(missing_debug_implementations, reason = "the head has none")]
pub struct Attempt {
    head: Arc<Head>,
    /// The pattern of the path, with the prefix of a mounted application, and the name of the action.
    pub operation: [String; 2],
    /// The caller, from [`Once::caller`].
    pub caller: String,
    /// The key.
    pub key: String,
    /// The type of the resource.
    pub resource: TypeId,
}

impl Attempt {
    /// The attempt of a request whose input was read; `None` without a key.
    pub(crate) fn of<R: AsyncResource>(
        request: &Request<Caller<R>>,
        action: Action,
        once: &dyn Once<Caller<R>>,
    ) -> Option<Self> {
        let head = request.head();
        let key = head.notes_if_any()?.idempotency_key()?;
        let pattern = below(head.mounted_at(), &head.route.pattern);
        Some(Self {
            head: Arc::clone(head),
            operation: [pattern.into_owned(), action.to_string()],
            caller: once.caller(request.caller()),
            key: key.to_owned(),
            resource: TypeId::of::<R>(),
        })
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head.parts.method
    }

    /// The path of the request, with the prefix of a mounted application.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        self.head.full_path()
    }

    /// The query of the request; empty without one.
    #[must_use]
    pub fn query(&self) -> &str {
        self.head.parts.uri.query().unwrap_or_default()
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let notes = self.head.notes_if_any();
        notes.map_or(&[], |notes| notes.body())
    }

    /// Gives the hook the transaction in which the response is kept.
    pub fn set_transaction<T: Send + Sync + 'static>(&self, transaction: T) {
        self.head.notes().set_transaction(transaction);
    }
}

/// The transaction in which the response to the request is kept.
pub fn transaction<T: 'static, C>(request: &Request<C>) -> Option<&T> {
    request.head().notes_if_any()?.transaction()
}

/// Reads the key of a request, before its input is read.
pub(crate) fn read(rule: KeyRule, request: &Request) -> Result<()> {
    match key(request.headers())? {
        Some(key) => {
            request.head().notes().set_idempotency_key(key);
            Ok(())
        }
        None if rule == KeyRule::Accepted => Ok(()),
        None => Err(Error::bad_request(
            "The header field `Idempotency-Key` is missing: send a new UUID, and send it again with each retry.",
        )),
    }
}

/// A structured string (RFC 9651 section 3.3.3), or the same without quotation marks, as many clients send it.
fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut fields = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    let text = field.to_str().unwrap_or_default().trim();
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let key = match quoted {
        Some(quoted) => unescaped(quoted),
        None => (!text.contains('"')).then(|| text.to_owned()),
    };
    let key = key.filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()));
    match key {
        Some(key) if fields.next().is_none() => Ok(Some(key)),
        _ => Err(Error::bad_request(format!(
            "`Idempotency-Key` must be one text of 1 to {MAX_KEY_LENGTH} ASCII characters, such as a UUID."
        ))),
    }
}

/// The content of a structured string, in which `\` stands before `"` and `\`.
fn unescaped(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => text.push(
                characters
                    .next()
                    .filter(|next| matches!(next, '"' | '\\'))?,
            ),
            character => text.push(character),
        }
    }
    Some(text)
}

/// Adds the field and the responses of keys to an operation.
pub(crate) fn describe(rule: KeyRule, operation: &mut Operation) {
    let mut parameter = Parameter::header::<String>("Idempotency-Key").with_description(
        "A new text for each request, such as a UUID, and the same one if the request is sent again: it has no second \
         effect then, and gets the first response. 409: the first request still runs. 422: the key is that of another \
         request.",
    );
    parameter.required = rule == KeyRule::Required;
    operation.add_parameter(parameter);
    operation.add_standard_errors(&[StandardError::StillRuns, StandardError::Invalid]);
    let replayed =
        Header::text("`true` if this is the response to an earlier request with the same key.");
    operation.add_success_header("Idempotency-Replayed", &replayed);
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::action::ActionSpec;

    #[test]
    fn a_key_is_one_text_with_or_without_quotation_marks() {
        let long = "x".repeat(MAX_KEY_LENGTH + 1);
        for (field, expected) in [
            (
                "8e03978e-40d5-43e8-bc93-6894a57f9324",
                Some("8e03978e-40d5-43e8-bc93-6894a57f9324"),
            ),
            ("\"order 7\"", Some("order 7")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            ("order 7", Some("order 7")),
            (&long[1..], Some(&long[1..])),
            ("", None),
            ("\"\"", None),
            ("\"", None),
            ("\"a", None),
            ("a\"b", None),
            (r#""a"b""#, None),
            (r#""a\n""#, None),
            (&long, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(field).unwrap());
            let found = key(&headers);
            assert_eq!(found.ok().flatten().as_deref(), expected, "{field}");
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("other"));
            assert_eq!(key(&headers).unwrap_err().status(), 400, "{field}");
        }
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn actions_have_rules_by_their_names() {
        const ACTIONS: IdempotentActions = IdempotentActions::new(&["create"], &["note", "refund"]);
        static REFUND: ActionSpec = ActionSpec::on_item("refund", Method::POST, "refund");
        static REFUNDS: ActionSpec = ActionSpec::on_item("refunds", Method::POST, "refunds");
        assert_eq!(ACTIONS.rule(Action::Create), Some(KeyRule::Required));
        assert_eq!(
            ACTIONS.rule(Action::Extra(&REFUND)),
            Some(KeyRule::Accepted)
        );
        assert_eq!(ACTIONS.rule(Action::Extra(&REFUNDS)), None);
        assert_eq!(ACTIONS.rule(Action::Update), None);
    }
}
