//! Makes the operation of an endpoint in the document, from the types and doc comments of its hook.
//!
//! This file documents what [`crate::endpoint::dispatch`] runs.

use http::{Method, StatusCode};

use crate::handler::access::{Access, describe_access};
use crate::handler::conditional;
use crate::handler::description::Description;
use crate::handler::endpoint_function::EndpointFunction;
use crate::handler::idempotency;
use crate::handler::parent::Parent;
use crate::handler::resource::{AsyncResource, Caller};
use crate::handler::resource_action::{ActionInput, ActionTarget, ResourceAction};
use crate::handler::view::AsyncView;
use crate::openapi::{Operation, ParentParameters, Problems, Registry, StandardError};
use crate::response::into_response::IntoResponse;
use crate::response::representation::Representation;

/// The operation of an action of a resource.
pub(crate) fn of_action<R: AsyncResource, A: ResourceAction<R, Caller = Caller<R>>>(
    resource: &R,
    registry: &mut Registry,
) -> Operation {
    let action = A::ACTION;
    let name = A::SPEC.name();
    let mut operation = any_request();
    operation.id = format!("{}.{name}", R::NAME);
    operation.hook = Some(name.to_owned());
    operation.tags.push(R::NAME.to_owned());
    registry.add_tag(R::NAME, R::DOCS.whole());
    operation.set_summary(if A::DOC.is_empty() {
        R::DOCS.of(name)
    } else {
        A::DOC
    });
    if operation.summary.is_empty() {
        operation.summary = capitalised(&format!("{name} {}", R::NAME).replace('_', " "));
    }
    describe_access::<R::Access, R>(resource, Some(action), &mut operation, registry);
    if A::Output::MEDIA_TYPE.is_some() {
        operation.add_standard_errors(&[StandardError::NotAcceptable]);
    }
    operation.parents = Some(ParentParameters {
        count: <R::Parent as Parent>::COUNT,
        of_names: R::Parent::parameters,
    });
    if A::SPEC.is_detail() {
        operation.add_path_parameter::<<A::Target as ActionTarget<R, Caller<R>>>::Id>("id");
    }
    let max_body_size = R::MAX_BODY_SIZE.unwrap_or(registry.max_body_size);
    A::Input::describe(&mut operation, registry, max_body_size);
    A::Output::describe(&mut operation, registry, StatusCode::OK);
    conditional::describe::<R>(action, &mut operation);
    let errors = A::ERRORS.or_else(|| R::ERRORS.of(name));
    operation.add_problems::<A::Error>(errors, registry);
    if let Some(rule) = R::IDEMPOTENT.rule(action) {
        idempotency::describe(rule, &mut operation);
    }
    operation
}

/// The operation of a method of a class view.
pub(crate) fn of_view<V: AsyncView>(
    view: &V,
    method: &Method,
    registry: &mut Registry,
) -> Operation {
    let name = method.as_str().to_ascii_lowercase();
    let hook = V::DOCS.of(&name);
    let mut operation = any_request();
    operation.set_summary(if hook.is_empty() {
        V::DOCS.whole()
    } else {
        hook
    });
    describe_access::<V::Access, V>(view, None, &mut operation, registry);
    V::describe(method).write(&mut operation, registry);
    if !operation.has_success_response() {
        operation.add_any_response();
    }
    operation.add_problems::<V::Error>(V::ERRORS.of(&name), registry);
    operation
}

/// The operation of a function view.
pub(crate) fn of_function<A: Access<S>, S, T: IntoResponse, E: Problems>(
    state: &S,
    description: &Description,
    registry: &mut Registry,
) -> Operation {
    let mut operation = any_request();
    describe_access::<A, S>(state, None, &mut operation, registry);
    description.write(&mut operation, registry);
    if !operation.has_success_response() {
        T::describe(&mut operation, registry);
    }
    operation.add_problems::<E>(None, registry);
    operation
}

/// The operation of a function with `#[endpoint]`. A description adds to it.
pub(crate) fn of_endpoint_function<A: Access<S>, S, F: EndpointFunction<S, A::Caller>>(
    state: &S,
    description: &Description,
    registry: &mut Registry,
) -> Operation {
    let mut operation = any_request();
    operation.set_summary(F::DOC);
    F::OPERATION_ID.clone_into(&mut operation.id);
    if !F::TAG.is_empty() {
        operation.tags.push(F::TAG.to_owned());
    }
    describe_access::<A, S>(state, None, &mut operation, registry);
    for parameter in F::Path::parameters(F::PARAMETERS) {
        operation.add_parameter(parameter);
        operation.add_standard_errors(&[StandardError::NotFound]);
    }
    let max_body_size = registry.max_body_size;
    F::Input::describe(&mut operation, registry, max_body_size);
    description.write(&mut operation, registry);
    if !operation.has_success_response() {
        F::Output::describe(&mut operation, registry);
    }
    operation.add_problems::<F::Error>(F::ERRORS, registry);
    operation
}

/// An operation with the error responses that every request can get.
pub(crate) fn any_request() -> Operation {
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
