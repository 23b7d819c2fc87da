//! Builds the OpenAPI document of an application from its registrations.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::panic::Location;

use http::Method;
use serde::Serialize;
use serde_json::Value;

use crate::error::build_error::BuildError;
use crate::openapi::{
    Components, Document, Info, Operation, Parameter, ParentParameters, Registry, ResponseOrRef,
    Schemas, Server, StandardError, Tag, standard_response,
};
use crate::request::route::PathParameter;
use crate::router::part::{Inheritance, Inherited};
use crate::router::{Methods, Registration};

/// The document of an application: OpenAPI 3.1.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
///
/// let document = App::new().get("/hello", public(hello)).openapi()?;
/// assert_eq!(document.as_value()["paths"]["/hello"]["get"]["operationId"], "hello.get");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OpenApi(Value);

impl OpenApi {
    /// The document as a JSON value.
    ///
    /// # Examples
    /// ```
    /// let document = resourceful::App::new().openapi()?;
    /// assert_eq!(document.as_value()["openapi"], "3.1.0");
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

/// The application's settings for its document.
#[derive(Default)]
pub(crate) struct About {
    pub(crate) info: Info,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) changes: Vec<Change>,
}

type Change = Box<dyn Fn(&mut Value) + Send + Sync>;

/// Builds the document. Returns it with its errors.
pub(crate) fn describe(
    registrations: &[Registration],
    about: &About,
    outermost: Inherited,
) -> (OpenApi, Vec<BuildError>) {
    let root_path = outermost.settings.root_path.clone();
    let mut registry = Registry::new(Schemas::new());
    let mut described = operations(registrations, &mut registry, outermost);
    let mut errors = name(&mut described);
    errors.extend(registry.schemas.name_conflicts());

    for (tag, text) in &about.tags {
        registry.add_tag(tag, text);
    }
    let standard_errors: BTreeSet<_> = described
        .iter()
        .flat_map(|one| standard_errors(&one.operation))
        .collect();
    let used: BTreeSet<_> = described
        .iter()
        .flat_map(|one| one.operation.tags.clone())
        .collect();
    let description = |name: &String| registry.tags.get(name).cloned().unwrap_or_default();
    let tags = used.iter().map(|name| Tag {
        description: description(name),
        name: name.clone(),
    });
    let standard_errors = standard_errors
        .iter()
        .map(|error| (error.name(), standard_response(*error)));
    let mut responses = std::mem::take(&mut registry.responses);
    responses.extend(standard_errors);
    let mut document = Document {
        openapi: "3.1.0",
        info: about.info.clone(),
        servers: vec![Server {
            url: match &*root_path {
                "" => "/".to_owned(),
                prefix => prefix.to_owned(),
            },
        }],
        tags: tags.collect(),
        paths: BTreeMap::new(),
        components: Components {
            responses,
            security_schemes: registry.security_schemes.clone(),
            ..Components::default()
        },
    };
    for one in described {
        let methods = document.paths.entry(one.path).or_default();
        methods.insert(one.method.as_str().to_ascii_lowercase(), one.operation);
    }
    let mut document = serde_json::to_value(document).expect("its keys are strings");
    errors.extend(registry.schemas.write_into(&mut document));
    about
        .changes
        .iter()
        .for_each(|change| change(&mut document));
    (OpenApi(document), errors)
}

/// An operation, with its path and method.
struct Described {
    /// The path of the nested application that has the operation.
    prefix: String,
    path: String,
    method: Method,
    operation: Operation,
    /// The index in the order of registration.
    order: usize,
    caller: &'static Location<'static>,
}

/// Describes the registered operations, sorted by path and method.
fn operations(
    registrations: &[Registration],
    registry: &mut Registry,
    outermost: Inherited,
) -> Vec<Described> {
    let mut inheritance = Inheritance::new(outermost);
    let mut sorted: Vec<_> = registrations.iter().enumerate().collect();
    sorted.sort_by_key(|(_, one)| (&one.pattern, one.methods.name()));
    let mut described = Vec::new();
    for (order, registration) in sorted {
        let Methods::One(method) = &registration.methods else {
            continue;
        };
        if !registration.is_documented {
            continue;
        }
        let Inherited {
            settings, gates, ..
        } = inheritance.of(&registration.parts);
        registry.max_body_size = settings.max_body_size;
        registry.map_problem.clone_from(&settings.map_problem);
        registry.schemas.caller = registration.caller;
        let Some(mut operation) = registration.endpoint.describe(registry) else {
            continue;
        };
        for gate in gates.iter().flat_map(|gates| gates.iter()) {
            gate.describe(&mut operation, registry);
        }
        complete(&mut operation, method, &registration.pattern);
        described.push(Described {
            prefix: registration
                .parts
                .iter()
                .map(|part| &*part.prefix)
                .collect(),
            path: documented_path(&registration.pattern),
            method: method.clone(),
            operation,
            order,
            caller: registration.caller,
        });
    }
    described
}

/// Converts a registered path for the document. OpenAPI has no parameter for the rest of a path.
pub(crate) fn documented_path(pattern: &str) -> String {
    pattern.replace("{*", "{")
}

/// Completes an operation: the parameters of its path, a tag, a summary.
fn complete(operation: &mut Operation, method: &Method, pattern: &str) {
    let in_path: Vec<_> = PathParameter::all(pattern)
        .map(|segment| segment.name)
        .collect();
    operation
        .parameters
        .retain(|one| one.location != "path" || in_path.iter().any(|name| *name == one.name));
    if let Some(ParentParameters { count, of_names }) = operation.parents.take() {
        let is_own = |name: &&str| {
            let mut own = operation.parameters.iter();
            own.any(|one| one.location == "path" && one.name == **name)
        };
        let before = in_path
            .iter()
            .map(String::as_str)
            .take_while(|name| !is_own(name));
        let before: Vec<_> = before.collect();
        for parameter in of_names(&before[before.len().saturating_sub(count)..]) {
            operation.add_parameter(parameter);
            operation.add_standard_errors(&[StandardError::NotFound]);
        }
    }
    for name in in_path {
        let is_known = |one: &Parameter| one.location == "path" && one.name == name;
        if !operation.parameters.iter().any(is_known) {
            operation.add_path_parameter::<String>(name);
        }
    }
    if operation.tags.is_empty() {
        let first = words(pattern).next().unwrap_or("root");
        operation.tags.push(first.to_owned());
    }
    if operation.summary.is_empty() {
        operation.summary = format!("{method} {pattern}");
    }
}

/// Gives every operation a unique id: the given one, or one made from its path. An added operation
/// changes no other id, because generated clients use the ids as names.
fn name(described: &mut [Described]) -> Vec<BuildError> {
    for one in described
        .iter_mut()
        .filter(|one| !one.operation.id.is_empty())
    {
        let own_path = one.path.strip_prefix(&one.prefix).unwrap_or(&one.path);
        let versions =
            words(own_path).filter(|word| one.operation.hook.is_some() && is_version(word));
        let prefix = fixed_words(&one.prefix);
        let words: Vec<_> = prefix.chain(versions).chain([&*one.operation.id]).collect();
        one.operation.id = words.join(".");
    }
    // A resource can be registered at several paths. The first one keeps the short id.
    for id in ids_of_several(described) {
        let those = described.iter().filter(|one| one.operation.id == id);
        let first = those.map(|one| one.order).min();
        for one in described.iter_mut().filter(|one| one.operation.id == id) {
            if let Some(hook) = one
                .operation
                .hook
                .as_ref()
                .filter(|_| Some(one.order) != first)
            {
                one.operation.id = id_of(&one.path, hook);
            }
        }
    }
    let mut errors = Vec::new();
    let mut taken: BTreeMap<String, &'static Location<'static>> = BTreeMap::new();
    for one in described.iter().filter(|one| !one.operation.id.is_empty()) {
        let id = &one.operation.id;
        if let Some(other) = taken.insert(id.clone(), one.caller) {
            let message = format!("two operations are called `{id}`");
            errors.push(BuildError::new(message, &[other, one.caller]));
        }
    }
    for one in described
        .iter_mut()
        .filter(|one| one.operation.id.is_empty())
    {
        let id = id_of(&one.path, &one.method.as_str().to_ascii_lowercase());
        // `/posts` and `/posts/` can both be registered.
        let numbered = (2..).map(|number| format!("{id}.{number}"));
        let mut candidates = iter::once(id.clone()).chain(numbered);
        let free = candidates.find(|id| !taken.contains_key(id));
        let id = free.expect("there is always a next number");
        taken.insert(id.clone(), one.caller);
        one.operation.id = id;
    }
    errors
}

/// The ids that several operations have.
fn ids_of_several(described: &[Described]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let ids = described.iter().map(|one| &one.operation.id);
    let again = ids.filter(|id| !id.is_empty() && !seen.insert(*id));
    again.cloned().collect()
}

/// Is this a version, such as `v1`?
fn is_version(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn id_of(path: &str, last: &str) -> String {
    let words: Vec<_> = words(path).chain([last]).collect();
    words.join(".")
}

/// The segments of a path that are no parameters.
fn fixed_words(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'))
}

/// The segments of a path. A parameter is its name.
fn words(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| segment.trim_matches(['{', '}', '*']))
}

/// The shared error responses of an operation.
fn standard_errors(operation: &Operation) -> impl Iterator<Item = StandardError> {
    operation
        .responses
        .values()
        .filter_map(|response| match response {
            ResponseOrRef::Standard(refusal) => Some(*refusal),
            ResponseOrRef::Shared { .. } | ResponseOrRef::Inline(_) => None,
        })
}
