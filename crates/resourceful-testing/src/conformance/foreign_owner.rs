//! Checks that Bob cannot make Alice the owner of an item.
//!
//! The document does not say which member shows the owner. It is one that the body has not set, and that
//! depends on the caller alone: equal in two items of the same caller, and different for the other one.

use http::Method;
use serde_json::{Map, Value};

use super::exchange::{TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::items::id_of;
use super::operation::Operation;
use super::session::Session;

pub(super) async fn check(alice: &Session, bob: &Session, path: &str) {
    let Some(collection) = alice.contract.collection_of(path) else {
        return;
    };
    let Some(create) = alice.find(&Method::POST, collection) else {
        return;
    };
    let parents = alice.fixture(collection).await.path_params;
    // They alternate, so that a time or a count is no owner.
    let mut samples = Vec::new();
    for session in [alice, bob, alice, bob] {
        let Some(sample) = Sample::new(session, create, &parents).await else {
            return;
        };
        samples.push(sample);
    }
    let [of_alice, of_bob, other_of_alice, other_of_bob] = samples.as_slice() else {
        return;
    };
    for (name, value) in &of_alice.item {
        let is_owner = name != "id"
            && (value.is_string() || value.is_number())
            && !samples.iter().any(|sample| sample.sets(name))
            && other_of_alice.item.get(name) == Some(value)
            && of_bob
                .item
                .get(name)
                .is_some_and(|other| other != value && other_of_bob.item.get(name) == Some(other));
        if !is_owner {
            continue;
        }
        if let Some(input) = input(bob, create, &parents) {
            attempt(alice, bob, create, input, name, value).await;
        }
        let Some(id) = id_of(&Value::Object(of_bob.item.clone())) else {
            continue;
        };
        let mut path_params = parents.clone();
        path_params.insert("id".to_owned(), id.into());
        for method in [Method::PUT, Method::PATCH] {
            if let Some(update) = bob.find(&method, path)
                && let Some(input) = input(bob, update, &path_params)
            {
                attempt(alice, bob, update, input, name, value).await;
            }
        }
    }
}

/// Sends Bob's request, in which a member of the body has the value of Alice.
async fn attempt(
    alice: &Session,
    bob: &Session,
    operation: &Operation,
    mut input: Value,
    name: &str,
    value: &Value,
) {
    let Some(Value::Object(body)) = input.get_mut("body") else {
        return;
    };
    body.insert(name.to_owned(), value.clone());
    let (request, response) = bob.send(TestRequest::new(operation, &input)).await;
    if object(&response).is_some_and(|item| item.get(name) == Some(value)) {
        let message = format!(
            "expected the second caller to stay the owner of an item, got {} with the `{name}` of the \
             first one",
            summary(&response)
        );
        let violation = Violation::new("foreign-owner", name, message);
        alice.report(operation, violation, Some(&request));
    }
}

/// A new item.
struct Sample {
    body: Value,
    item: Map<String, Value>,
}

impl Sample {
    async fn new(
        session: &Session,
        create: &Operation,
        parents: &Map<String, Value>,
    ) -> Option<Self> {
        let input = input(session, create, parents)?;
        let (_, response) = session.send(TestRequest::new(create, &input)).await;
        Some(Self {
            body: input.get("body").cloned().unwrap_or_default(),
            item: object(&response)?,
        })
    }

    fn sets(&self, name: &str) -> bool {
        self.body.get(name).is_some()
    }
}

/// A valid input without optional members of the body.
fn input(
    session: &Session,
    operation: &Operation,
    parameters: &Map<String, Value>,
) -> Option<Value> {
    let inputs = session.inputs(operation, parameters, OptionalMembers::Half)?;
    let input = session.input(operation, &inputs, session.next_fresh_index())?;
    let schemas = &session.contract.schemas;
    let validator = schemas.validator(&operation.input(parameters)).ok()?;
    let names: Vec<_> = input["body"].as_object()?.keys().cloned().collect();
    let mut smallest = input;
    for name in names {
        let mut smaller = smallest.clone();
        smaller["body"].as_object_mut()?.remove(&name);
        if validator.is_valid(&smaller) {
            smallest = smaller;
        }
    }
    Some(smallest)
}

fn object(response: &TestResponse) -> Option<Map<String, Value>> {
    match response.json().filter(|_| response.is_success())? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
