//! Conditional requests to resources (RFC 9110 section 13), and `Prefer: return=minimal` (RFC 7240 section 4.2).
//!
//! The preconditions of a change are evaluated in [`check`] before its hook runs, or by the hook of a model resource in
//! its statement. Those of a `GET` are evaluated in [`finish`], when the content and so its tag are known.

use std::any::Any;

use http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};
use http::{Method, StatusCode};

use crate::action::Action;
use crate::error::{Error, ErrorStatus, Result};
use crate::handler::resource::{AsyncResource, Caller, Conditions};
use crate::handler::subject::Subject;
use crate::openapi::{Header, Operation, Parameter, StandardError};
use crate::proto::preconditions::{
    Outcome, Preconditions, evaluate, is_conditional, may_refuse, protects,
};
use crate::proto::validators::Validators;
use crate::request::head::Head;
use crate::request::notes::Notes;
use crate::request::{Request, nothing_here};
use crate::response::reply::Reply;
use crate::response::representation::Representation;

/// A client may keep the response, and asks each time whether it is current.
const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const MINIMAL: HeaderValue = HeaderValue::from_static("return=minimal");

/// Refuses a change of an item that is not as the client has seen it.
pub(crate) async fn check<R: AsyncResource>(
    resource: &R,
    request: &Request<Caller<R>>,
) -> Result<()> {
    if R::REQUIRE_IF_MATCH && !protects(request.headers()) {
        return Err(precondition_required());
    }
    if R::CONDITIONS == Conditions::Checked && may_refuse(request.headers()) {
        // Boxed, because requests without a precondition should not have a place for it.
        Box::pin(compare(resource, request)).await?;
    }
    Ok(())
}

/// Compares the item as it is now.
async fn compare<R: AsyncResource>(resource: &R, request: &Request<Caller<R>>) -> Result<()> {
    let id = request.item_id()?;
    let subject = R::RetrieveSubject::find(resource, request, id).await?;
    let subject = subject.ok_or_else(nothing_here)?;
    let item = resource.retrieve(request, subject).await;
    let item = item.map_err(Into::into)?;
    let validators = resource.validators(&item);
    let reply = item.represent(StatusCode::OK)?;
    let current = fields(&validators, &reply).collect();
    match evaluate(request.method(), request.headers(), &current) {
        Outcome::Proceed => Ok(()),
        Outcome::NotModified | Outcome::Failed => Err(precondition_failed()),
    }
}

/// Keeps the validators of a result that is an item.
pub(crate) fn keep<R: AsyncResource, T: 'static>(
    resource: &R,
    request: &Request<Caller<R>>,
    result: &T,
) {
    if R::CONDITIONS == Conditions::Checked
        && let Some(item) = (result as &dyn Any).downcast_ref::<R::Item>()
    {
        request
            .head()
            .notes()
            .set_validators(resource.validators(item));
    }
}

/// Adds the validators and `Cache-Control` to a response, and answers a conditional `GET`.
pub(crate) fn finish<R: AsyncResource>(
    mut reply: Reply,
    action: Action,
    head: &Head,
) -> Result<Reply> {
    if R::CONDITIONS == Conditions::Ignored && R::CACHE_CONTROL.is_none() {
        return Ok(reply);
    }
    let is_read = matches!(head.parts.method, Method::GET | Method::HEAD);
    // A file has its own fields, and has evaluated the conditions.
    if !reply.status().is_success() || reply.has(&ETAG) {
        return Ok(reply);
    }
    // A list has the tag of its content.
    let of_list = Validators::default();
    let has_tag = R::CONDITIONS != Conditions::Ignored && action == Action::List;
    let of_item = head.notes_if_any().and_then(Notes::validators);
    let validators = of_item.or(has_tag.then_some(&of_list));
    if is_read && !reply.has(&CACHE_CONTROL) {
        let control = R::CACHE_CONTROL.map(HeaderValue::from_static);
        let revalidated = validators.map(|_| REVALIDATED);
        if let Some(control) = control.or(revalidated) {
            reply = reply.with(CACHE_CONTROL, control);
        }
    }
    if let Some(validators) = validators {
        let fields = fields(validators, &reply);
        if is_read && is_conditional(head.headers()) {
            let current: HeaderMap = fields.clone().collect();
            match evaluate(&head.parts.method, head.headers(), &current) {
                Outcome::Proceed => {}
                Outcome::NotModified => reply = reply.without_content(StatusCode::NOT_MODIFIED),
                Outcome::Failed => return Err(precondition_failed()),
            }
        }
        for (name, value) in fields {
            reply = reply.with(name, value);
        }
    }
    if returns_item(action)
        && R::CONDITIONS != Conditions::Ignored
        && prefers_minimal(head.headers())
    {
        let status = match reply.status() {
            StatusCode::OK => StatusCode::NO_CONTENT,
            status => status,
        };
        reply = reply
            .without_content(status)
            .with(PREFERENCE_APPLIED, MINIMAL);
    }
    Ok(reply)
}

/// Adds the fields and responses of conditional requests to an operation.
pub(crate) fn describe<R: AsyncResource>(action: Action, operation: &mut Operation) {
    if R::CONDITIONS == Conditions::Ignored {
        return;
    }
    let parameter =
        |name, description| Parameter::header::<String>(name).with_description(description);
    let tag = Header::text("Version of the content (RFC 9110 section 8.8.3).");
    let is_read = matches!(action, Action::List | Action::Retrieve);
    let is_change = matches!(
        action,
        Action::Update | Action::PartialUpdate | Action::Destroy
    );
    if is_read {
        operation.add_parameter(parameter(
            "If-None-Match",
            "The `ETag` of content that the client has: 304 if it is current.",
        ));
        operation.add_response(StatusCode::NOT_MODIFIED, None);
        operation.add_response_header("304", "ETag", &tag);
    }
    if is_change {
        let mut if_match = parameter(
            "If-Match",
            "The `ETag` of the item that the client has read: 412 if the item was changed since.",
        );
        if_match.required = R::REQUIRE_IF_MATCH;
        operation.add_parameter(if_match);
    }
    if is_read || is_change {
        operation.add_standard_errors(&[StandardError::PreconditionFailed]);
    }
    if is_change && R::REQUIRE_IF_MATCH {
        operation.add_standard_errors(&[StandardError::PreconditionRequired]);
    }
    if is_read {
        operation.add_success_header("ETag", &tag);
    }
    if returns_item(action) {
        let prefer = "`return=minimal` asks for a response without content (RFC 7240).";
        operation.add_parameter(parameter("Prefer", prefer));
        if action != Action::Create {
            operation.add_response(StatusCode::NO_CONTENT, None);
        }
        let applied = Header::text("The preferences of `Prefer` that the response follows.");
        operation.add_success_header("Preference-Applied", &applied);
        operation.add_success_header("ETag", &tag);
    }
}

/// The preconditions of a change, for a hook that evaluates them in its statement.
pub fn preconditions<C>(request: &Request<C>) -> Option<Preconditions> {
    request.head().notes().set_preconditions_read();
    may_refuse(request.headers()).then(|| Preconditions::of(request.headers()))
}

/// Reports a hook that has changed an item without a look at the preconditions that it has to evaluate.
pub(crate) fn check_read<R: AsyncResource>(
    action: Action,
    request: &Request<Caller<R>>,
) -> Result<()> {
    let changes = matches!(
        action,
        Action::Update | Action::PartialUpdate | Action::Destroy
    );
    if R::CONDITIONS == Conditions::InHook
        && changes
        && may_refuse(request.headers())
        && !request
            .head()
            .notes_if_any()
            .is_some_and(Notes::are_preconditions_read)
    {
        return Err(Error::internal(format!(
            "the hook `{action}` of `{}` ignores `If-Match`: call `actions::{action}` in it, or add \
             `actions::unchanged` to the condition of its statement",
            R::NAME
        )));
    }
    Ok(())
}

/// Sets the validators of the response.
pub fn set_validators<C>(request: &Request<C>, validators: Validators) {
    request.head().notes().set_validators(validators);
}

fn fields(
    validators: &Validators,
    reply: &Reply,
) -> impl Iterator<Item = (HeaderName, HeaderValue)> + Clone + use<> {
    let tag = reply.bytes().map(|content| (ETAG, validators.tag(content)));
    let date = validators.date().map(|date| (LAST_MODIFIED, date));
    tag.into_iter().chain(date)
}

/// Whether the response to a change has the item.
fn returns_item(action: Action) -> bool {
    matches!(
        action,
        Action::Create | Action::Update | Action::PartialUpdate
    )
}

/// Whether the client wants no content (RFC 7240 section 2: names and values in any letter case).
fn prefers_minimal(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(PREFER).iter();
    let preferences = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','));
    // Of two values of one preference the first one counts.
    let value = preferences.filter_map(|preference| {
        let preference = preference.split(';').next()?;
        let (name, value) = preference.split_once('=')?;
        let is_return = name.trim().eq_ignore_ascii_case("return");
        is_return.then(|| value.trim().trim_matches('"'))
    });
    value
        .take(1)
        .any(|value| value.eq_ignore_ascii_case("minimal"))
}

/// 412.
#[must_use]
pub fn precondition_failed() -> Error {
    Error::new(ErrorStatus::new(412))
        .with_detail("The item is not as the precondition of the request says: read it again.")
}

/// 428 (RFC 6585 section 3).
fn precondition_required() -> Error {
    Error::new(ErrorStatus::new(428))
        .with_detail("Send the `ETag` of the item that you have read in `If-Match`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimal_content_is_a_preference_of_the_client() {
        for (field, expected) in [
            ("return=minimal", true),
            ("Return = \"Minimal\"", true),
            ("respond-async, return=minimal; foo=1", true),
            ("return=representation", false),
            ("return=representation, return=minimal", false),
            ("return", false),
            ("minimal", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(PREFER, HeaderValue::from_static(field));
            assert_eq!(prefers_minimal(&headers), expected, "{field}");
        }
        assert!(!prefers_minimal(&HeaderMap::new()));
    }
}
