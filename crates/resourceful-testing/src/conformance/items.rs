//! Finds or creates items for tests, and unknown ids.

use std::pin::Pin;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::exchange::{TestRequest, TestResponse};
use super::generate::OptionalMembers;
use super::number;
use super::operation::Operation;
use super::run_case::path_of;
use super::session::{Fixture, Session};

/// Maximum number of bodies for creating an item.
const MAX_ATTEMPTS: u64 = 5;

impl Session {
    /// Returns path parameters of an existing item: a new one, or one from the collection.
    pub(super) fn fixture<'s>(
        &'s self,
        path: &'s str,
    ) -> Pin<Box<dyn Future<Output = Fixture> + 's>> {
        Box::pin(async move {
            let Some(name) = last_parameter(path) else {
                return Fixture {
                    path_params: Map::new(),
                    exists: true,
                };
            };
            let Some(collection) = self.contract.collection_of(path) else {
                return self.guess(path, name).await;
            };
            let mut fixture = self.fixture(collection).await;
            match self.item(collection, path, &fixture.path_params).await {
                Some(id) => {
                    fixture.path_params.insert(name.to_owned(), id.into());
                }
                None => fixture.exists = self.has_examples(path, name),
            }
            fixture
        })
    }

    /// Tries the id 1 if there is no collection. A parameter that is not called `id` may have any
    /// value.
    async fn guess(&self, path: &str, name: &str) -> Fixture {
        let mut fixture = Fixture {
            path_params: Map::new(),
            exists: name != "id" || self.has_examples(path, name),
        };
        let mut operations = self.operations();
        let safe = operations
            .find(|operation| operation.path == path && operation.method != Method::DELETE);
        let Some(operation) = safe.filter(|_| !fixture.exists) else {
            return fixture;
        };
        let first = Map::from_iter([(name.to_owned(), json!("1"))]);
        if let Some(input) = self.simplest(operation, &first) {
            let (_, response) = self.send(TestRequest::new(operation, &input)).await;
            if response.status != 404 {
                fixture.path_params = first;
                fixture.exists = true;
            }
        }
        fixture
    }

    /// Whether the document gives examples of the parameter.
    fn has_examples(&self, path: &str, name: &str) -> bool {
        let operations = self.contract.operations.iter();
        let mut parameters = operations
            .filter(|operation| operation.path == path)
            .flat_map(|operation| &operation.parameters);
        parameters.any(|parameter| parameter.name == name && parameter.has_examples)
    }

    /// Returns the id of a new item, or of the first one in the list.
    pub(super) async fn item(
        &self,
        collection: &str,
        path: &str,
        path_params: &Map<String, Value>,
    ) -> Option<String> {
        if let Some((_, _, id)) = self.create(collection, path, path_params).await {
            return Some(id);
        }
        let list = self.find(&Method::GET, collection)?;
        let input = self.simplest(list, path_params)?;
        let (_, response) = self.send(TestRequest::new(list, &input)).await;
        let body = response.json()?;
        id_of(items(&body)?.first()?)
    }

    /// The item at a path, or `None` if it cannot be read or is another one each time.
    pub(super) async fn state(
        &self,
        path: &str,
        path_params: &Map<String, Value>,
    ) -> Option<Value> {
        let retrieve = self.find(&Method::GET, path)?;
        let input = self.simplest(retrieve, path_params)?;
        let request = TestRequest::new(retrieve, &input);
        let (_, first) = self.send(request.clone()).await;
        let (_, second) = self.send(request).await;
        let states =
            [first, second].map(|response| response.json().filter(|_| response.is_success()));
        match states {
            [Some(first), Some(second)] if first == second => Some(first),
            _ => None,
        }
    }

    /// Creates an item. Returns the request, the response and the id.
    pub(super) async fn create(
        &self,
        collection: &str,
        path: &str,
        path_params: &Map<String, Value>,
    ) -> Option<(TestRequest, TestResponse, String)> {
        let create = self.find(&Method::POST, collection)?;
        let inputs = self.inputs(create, path_params, OptionalMembers::Half)?;
        for _ in 0..MAX_ATTEMPTS {
            let input = self.input(create, &inputs, self.next_fresh_index())?;
            let (mut request, mut response) = self.send(TestRequest::new(create, &input)).await;
            if response.is_application_refusal()
                && let Some(accepted) = self.refer(create, &input, &response).await
            {
                (request, response) = accepted;
            }
            self.record(create, &response);
            if response.is_success() {
                let located = response
                    .header("location")
                    .and_then(|location| id_at(location, path));
                let id = located.or_else(|| id_of(&response.json()?))?;
                return Some((request, response, id));
            }
        }
        None
    }
}

/// Name of a path's last parameter.
pub(super) fn last_parameter(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once('{')?;
    rest.split_once('}').map(|(name, _)| name)
}

/// Items of a list's response: its only array, beside which may be `pagination`.
pub(super) fn items(body: &Value) -> Option<&Vec<Value>> {
    match body {
        Value::Array(items) => Some(items),
        Value::Object(members) => members.values().find_map(Value::as_array),
        _ => None,
    }
}

pub(super) fn id_of(item: &Value) -> Option<String> {
    match item.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Id in a location, at the position of the template's last parameter.
fn id_at(location: &str, template: &str) -> Option<String> {
    let index = template[..template.rfind('{')?].matches('/').count();
    let id = path_of(location).split('/').nth(index)?;
    Some(percent_decode_str(id).decode_utf8().ok()?.into_owned())
}

/// Unknown ids: some of the right type, and one of a wrong type.
pub(super) fn unknown_ids(session: &Session, operation: &Operation, name: &str) -> Vec<Value> {
    let mut parameters = operation.parameters.iter();
    let parameter =
        parameters.find(|parameter| parameter.location == "path" && parameter.name == name);
    let Some(parameter) = parameter else {
        return Vec::new();
    };
    let alternatives = session
        .contract
        .schemas
        .alternatives(&parameter.schema, &[]);
    let Some(alternative) = alternatives.first() else {
        return Vec::new();
    };
    match alternative.json_type() {
        Some("integer") => {
            let bounds = number::bounds(alternative);
            let far = [7, 1_000_003].map(|distance| bounds?.near_last(distance));
            far.into_iter().flatten().chain([json!("x")]).collect()
        }
        _ if alternative
            .get("format")
            .is_some_and(|format| format == "uuid") =>
        {
            vec![json!("3f0c2a5e-9d41-4c57-8a6b-e1d2c3b4a596"), json!("x")]
        }
        _ => vec![json!("no-such-thing-7f3a9c")],
    }
}
