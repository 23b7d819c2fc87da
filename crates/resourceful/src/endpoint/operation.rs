//! What the document says of each operation: the types and the doc comments of its hook.
//!
//! The counterpart of [`crate::endpoint::dispatch`]: what is done there is told here.

use http::{Method, StatusCode};

use crate::action::Action;
use crate::handler::access::Access;
use crate::handler::description::Description;
use crate::handler::extra_action::{ActionInput, ExtraAction, Target};
use crate::handler::resource::AsyncResource;
use crate::handler::view::AsyncView;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Problems, Refusal, Scribe};
use crate::response::into_response::IntoResponse;
use crate::response::representation::{Representation, page_schema};

/// One action of a resource.
pub(crate) fn of_action<R: AsyncResource>(action: Action, scribe: &mut Scribe) -> Operation {
    let mut operation = of_resource::<R>(action, R::TEXTS.of(&action.to_string()), scribe);
    let limit = R::BODY_LIMIT.unwrap_or(scribe.body_limit);
    if action.is_on_item() {
        operation.path_parameter::<R::Id>("id");
    }
    match action {
        Action::List => {
            operation.add_query(R::Query::parameters());
            let page = page_schema::<R::ListItem>(R::NAME, R::Query::pagination(), scribe);
            operation.answers_json(StatusCode::OK, page);
        }
        Action::Create => {
            operation.reads_json(&R::Create::schema(scribe), &R::Create::media_types(), limit);
            R::Item::describe(&mut operation, scribe, StatusCode::CREATED);
            operation.locates();
        }
        Action::Update => {
            operation.reads_json(&R::Update::schema(scribe), &R::Update::media_types(), limit);
        }
        Action::PartialUpdate => operation.reads_json(
            &R::PartialUpdate::schema(scribe),
            &R::PartialUpdate::media_types(),
            limit,
        ),
        Action::Destroy => operation.answers(StatusCode::NO_CONTENT, None),
        Action::Retrieve | Action::Extra(_) => {}
    }
    if !operation.has_success() {
        R::Item::describe(&mut operation, scribe, StatusCode::OK);
    }
    operation.fails_with::<R::Error>(scribe);
    operation
}

/// An action of a resource's own.
pub(crate) fn of_extra<R: AsyncResource, A: ExtraAction<R>>(scribe: &mut Scribe) -> Operation {
    let mut operation = of_resource::<R>(Action::Extra(A::EXTRA), A::TEXT, scribe);
    if A::EXTRA.is_on_item() {
        operation.path_parameter::<<A::Target as Target>::Id>("id");
    }
    let limit = R::BODY_LIMIT.unwrap_or(scribe.body_limit);
    A::Input::describe(&mut operation, scribe, limit);
    A::Output::describe(&mut operation, scribe, StatusCode::OK);
    operation.fails_with::<A::Error>(scribe);
    operation
}

fn of_resource<R: AsyncResource>(action: Action, text: &str, scribe: &mut Scribe) -> Operation {
    let mut operation = anything();
    operation.id = format!("{}.{action}", R::NAME);
    operation.hook = Some(action.to_string());
    operation.tags.push(R::NAME.to_owned());
    scribe.tag(R::NAME, R::TEXTS.whole());
    operation.tell(text);
    if operation.summary.is_empty() {
        operation.summary = capitalised(&format!("{action} {}", R::NAME).replace('_', " "));
    }
    operation.secure(R::Access::security(Some(action)), scribe);
    operation.refuse(&[Refusal::NotAcceptable]);
    operation
}

/// One method of a class view.
pub(crate) fn of_view<V: AsyncView>(method: &Method, scribe: &mut Scribe) -> Operation {
    let hook = V::TEXTS.of(&method.as_str().to_ascii_lowercase());
    let mut operation = anything();
    operation.tell(if hook.is_empty() {
        V::TEXTS.whole()
    } else {
        hook
    });
    operation.secure(V::Access::security(None), scribe);
    V::describe(method).write(&mut operation, scribe);
    if !operation.has_success() {
        operation.answers_something();
    }
    operation.fails_with::<V::Error>(scribe);
    operation
}

/// A function view.
pub(crate) fn of_function<A: Access<()>, T: IntoResponse, E: Problems>(
    description: &Description,
    scribe: &mut Scribe,
) -> Operation {
    let mut operation = anything();
    operation.secure(A::security(None), scribe);
    description.write(&mut operation, scribe);
    if !operation.has_success() {
        T::describe(&mut operation, scribe);
    }
    operation.fails_with::<E>(scribe);
    operation
}

/// What can happen to every request that has found its path.
pub(crate) fn anything() -> Operation {
    let mut operation = Operation::default();
    operation.refuse(&[
        Refusal::BadRequest,
        Refusal::MethodNotAllowed,
        Refusal::UriTooLong,
        Refusal::InternalServerError,
        Refusal::ServiceUnavailable,
    ]);
    operation
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}
