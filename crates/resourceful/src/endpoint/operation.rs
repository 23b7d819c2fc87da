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
        operation.add_path_parameter::<R::Id>("id");
    }
    match action {
        Action::List => {
            operation.add_query_parameters(R::Query::parameters());
            let page = page_schema::<R::ListItem>(R::NAME, R::Query::pagination(), registry);
            operation.add_json_response(StatusCode::OK, page);
        }
        Action::Create => {
            operation.add_json_body(
                &R::Create::schema(registry),
                &R::Create::media_types(),
                limit,
            );
            R::Item::describe(&mut operation, registry, StatusCode::CREATED);
            operation.add_location_header();
        }
        Action::Update => {
            operation.add_json_body(
                &R::Update::schema(registry),
                &R::Update::media_types(),
                limit,
            );
        }
        Action::PartialUpdate => operation.add_json_body(
            &R::PartialUpdate::schema(registry),
            &R::PartialUpdate::media_types(),
            limit,
        ),
        Action::Destroy => operation.add_response(StatusCode::NO_CONTENT, None),
        Action::Retrieve | Action::Extra(_) => {}
    }
    if !operation.has_success_response() {
        R::Item::describe(&mut operation, registry, StatusCode::OK);
    }
    operation.add_problems::<R::Error>(registry);
    operation
}

/// An action of a resource's own.
pub(crate) fn of_extra<R: AsyncResource, A: ExtraAction<R>>(registry: &mut Registry) -> Operation {
    let mut operation = of_resource::<R>(Action::Extra(A::SPEC), A::DOC, registry);
    if A::SPEC.is_detail() {
        operation.add_path_parameter::<<A::Target as ActionTarget>::Id>("id");
    }
    let limit = R::MAX_BODY_SIZE.unwrap_or(registry.max_body_size);
    A::Input::describe(&mut operation, registry, limit);
    A::Output::describe(&mut operation, registry, StatusCode::OK);
    operation.add_problems::<A::Error>(registry);
    operation
}

fn of_resource<R: AsyncResource>(action: Action, text: &str, registry: &mut Registry) -> Operation {
    let mut operation = anything();
    operation.id = format!("{}.{action}", R::NAME);
    operation.hook = Some(action.to_string());
    operation.tags.push(R::NAME.to_owned());
    registry.add_tag(R::NAME, R::DOCS.whole());
    operation.set_summary(text);
    if operation.summary.is_empty() {
        operation.summary = capitalised(&format!("{action} {}", R::NAME).replace('_', " "));
    }
    operation.set_security(R::Access::security(Some(action)), registry);
    operation.add_standard_errors(&[StandardError::NotAcceptable]);
    operation
}

/// One method of a class view.
pub(crate) fn of_view<V: AsyncView>(method: &Method, registry: &mut Registry) -> Operation {
    let hook = V::DOCS.of(&method.as_str().to_ascii_lowercase());
    let mut operation = anything();
    operation.set_summary(if hook.is_empty() {
        V::DOCS.whole()
    } else {
        hook
    });
    operation.set_security(V::Access::security(None), registry);
    V::describe(method).write(&mut operation, registry);
    if !operation.has_success_response() {
        operation.add_any_response();
    }
    operation.add_problems::<V::Error>(registry);
    operation
}

/// A function view.
pub(crate) fn of_function<A: Access<()>, T: IntoResponse, E: Problems>(
    description: &Description,
    registry: &mut Registry,
) -> Operation {
    let mut operation = anything();
    operation.set_security(A::security(None), registry);
    description.write(&mut operation, registry);
    if !operation.has_success_response() {
        T::describe(&mut operation, registry);
    }
    operation.add_problems::<E>(registry);
    operation
}

/// What can happen to every request that has found its path.
pub(crate) fn anything() -> Operation {
    let mut operation = Operation::default();
    operation.add_standard_errors(&[
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
