//! What the document says of each operation: the types and the doc comments of its hook.
//!
//! The counterpart of [`crate::endpoint::dispatch`]: what is done there is told here.

use http::{Method, StatusCode};

use crate::action::Action;
use crate::handler::access::Access;
use crate::handler::description::Description;
use crate::handler::extra_action::{ActionInput, ActionTarget, ExtraAction};
use crate::handler::resource::AsyncResource;
use crate::handler::view::AsyncView;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Problems, Registry, StandardError};
use crate::response::into_response::IntoResponse;
use crate::response::representation::{Representation, page_schema};

/// One action of a resource.
pub(crate) fn of_action<R: AsyncResource>(action: Action, registry: &mut Registry) -> Operation {
    let mut operation = of_resource::<R>(action, R::DOCS.of(&action.to_string()), registry);
    let limit = R::MAX_BODY_SIZE.unwrap_or(registry.max_body_size);
    if action.is_detail() {
        operation.path_parameter::<R::Id>("id");
    }
    match action {
        Action::List => {
            operation.add_query(R::Query::parameters());
            let page = page_schema::<R::ListItem>(R::NAME, R::Query::pagination(), registry);
            operation.answers_json(StatusCode::OK, page);
        }
        Action::Create => {
            operation.reads_json(
                &R::Create::schema(registry),
                &R::Create::media_types(),
                limit,
            );
            R::Item::describe(&mut operation, registry, StatusCode::CREATED);
            operation.locates();
        }
        Action::Update => {
            operation.reads_json(
                &R::Update::schema(registry),
                &R::Update::media_types(),
                limit,
            );
        }
        Action::PartialUpdate => operation.reads_json(
            &R::PartialUpdate::schema(registry),
            &R::PartialUpdate::media_types(),
            limit,
        ),
        Action::Destroy => operation.add_response(StatusCode::NO_CONTENT, None),
        Action::Retrieve | Action::Extra(_) => {}
    }
    if !operation.has_success() {
        R::Item::describe(&mut operation, registry, StatusCode::OK);
    }
    operation.fails_with::<R::Error>(registry);
    operation
}

/// An action of a resource's own.
pub(crate) fn of_extra<R: AsyncResource, A: ExtraAction<R>>(registry: &mut Registry) -> Operation {
    let mut operation = of_resource::<R>(Action::Extra(A::SPEC), A::DOC, registry);
    if A::SPEC.is_detail() {
        operation.path_parameter::<<A::Target as ActionTarget>::Id>("id");
    }
    let limit = R::MAX_BODY_SIZE.unwrap_or(registry.max_body_size);
    A::Input::describe(&mut operation, registry, limit);
    A::Output::describe(&mut operation, registry, StatusCode::OK);
    operation.fails_with::<A::Error>(registry);
    operation
}

fn of_resource<R: AsyncResource>(action: Action, text: &str, registry: &mut Registry) -> Operation {
    let mut operation = anything();
    operation.id = format!("{}.{action}", R::NAME);
    operation.hook = Some(action.to_string());
    operation.tags.push(R::NAME.to_owned());
    registry.tag(R::NAME, R::DOCS.whole());
    operation.tell(text);
    if operation.summary.is_empty() {
        operation.summary = capitalised(&format!("{action} {}", R::NAME).replace('_', " "));
    }
    operation.secure(R::Access::security(Some(action)), registry);
    operation.refuse(&[StandardError::NotAcceptable]);
    operation
}

/// One method of a class view.
pub(crate) fn of_view<V: AsyncView>(method: &Method, registry: &mut Registry) -> Operation {
    let hook = V::DOCS.of(&method.as_str().to_ascii_lowercase());
    let mut operation = anything();
    operation.tell(if hook.is_empty() {
        V::DOCS.whole()
    } else {
        hook
    });
    operation.secure(V::Access::security(None), registry);
    V::describe(method).write(&mut operation, registry);
    if !operation.has_success() {
        operation.answers_something();
    }
    operation.fails_with::<V::Error>(registry);
    operation
}

/// A function view.
pub(crate) fn of_function<A: Access<()>, T: IntoResponse, E: Problems>(
    description: &Description,
    registry: &mut Registry,
) -> Operation {
    let mut operation = anything();
    operation.secure(A::security(None), registry);
    description.write(&mut operation, registry);
    if !operation.has_success() {
        T::describe(&mut operation, registry);
    }
    operation.fails_with::<E>(registry);
    operation
}

/// What can happen to every request that has found its path.
pub(crate) fn anything() -> Operation {
    let mut operation = Operation::default();
    operation.refuse(&[
        StandardError::BadRequest,
        StandardError::MethodNotAllowed,
        StandardError::UriTooLong,
        StandardError::InternalServerError,
        StandardError::ServiceUnavailable,
    ]);
    operation
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}
