//! Items that there are, and ids that there are not.

use std::pin::Pin;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::document::Operation;
use super::exchange::{Answer, Probe};
use super::explore::path_of;
use super::generate::Members;
use super::number;
use super::session::{Session, Target};

/// So many bodies are tried until an item is made of one.
const TRIES: u64 = 5;

impl Session {
    /// Parameters of a path that lead to something: an item that is made for this, or one of
    /// the collection's.
    pub(super) fn target<'s>(
        &'s self,
        path: &'s str,
    ) -> Pin<Box<dyn Future<Output = Target> + 's>> {
        Box::pin(async move {
            let Some(name) = last_parameter(path) else {
                return Target {
                    known: Map::new(),
                    is_there: true,
                };
            };
            let Some(collection) = self.document.collection_of(path) else {
                return self.guess(path, name).await;
            };
            let mut target = self.target(collection).await;
            match self.item(collection, path, &target.known).await {
                Some(id) => {
                    target.known.insert(name.to_owned(), id.into());
                }
                None => target.is_there = self.is_given(path, name),
            }
            target
        })
    }

    /// Without a collection to look into, the first item is tried as most numbers begin. What is
    /// not called an id may be anything.
    async fn guess(&self, path: &str, name: &str) -> Target {
        let mut target = Target {
            known: Map::new(),
            is_there: name != "id" || self.is_given(path, name),
        };
        let mut operations = self.operations();
        let safe = operations.find(|one| one.path == path && one.method != Method::DELETE);
        let Some(operation) = safe.filter(|_| !target.is_there) else {
            return target;
        };
        let first = Map::from_iter([(name.to_owned(), json!("1"))]);
        if let Some(input) = self.simplest(operation, &first) {
            let (_, answer) = self.send(Probe::new(operation, &input)).await;
            if answer.status != 404 {
                target.known = first;
                target.is_there = true;
            }
        }
        target
    }

    /// Does the document give examples of it?
    fn is_given(&self, path: &str, name: &str) -> bool {
        let operations = self.document.operations.iter();
        let mut parameters = operations
            .filter(|operation| operation.path == path)
            .flat_map(|operation| &operation.parameters);
        parameters.any(|parameter| parameter.name == name && parameter.has_examples)
    }

    async fn item(
        &self,
        collection: &str,
        path: &str,
        known: &Map<String, Value>,
    ) -> Option<String> {
        if let Some((_, _, id)) = self.create(collection, path, known).await {
            return Some(id);
        }
        let list = self.find(&Method::GET, collection)?;
        let input = self.simplest(list, known)?;
        let (_, answer) = self.send(Probe::new(list, &input)).await;
        let body = answer.json()?;
        id_of(items(&body)?.first()?)
    }

    /// Makes an item: how, what was answered, and its id.
    pub(super) async fn create(
        &self,
        collection: &str,
        path: &str,
        known: &Map<String, Value>,
    ) -> Option<(Probe, Answer, String)> {
        let create = self.find(&Method::POST, collection)?;
        let inputs = self.inputs(create, known, Members::Some)?;
        for _ in 0..TRIES {
            // Of a title that there is already there may be no second.
            let index = self.made.replace(self.made.get() + 1);
            let input = self.input(create, &inputs, index)?;
            let (mut probe, mut answer) = self.send(Probe::new(create, &input)).await;
            if answer.is_own_refusal()
                && let Some(taken) = self.refer(create, &input, &answer).await
            {
                (probe, answer) = taken;
            }
            self.note(create, &answer);
            if answer.is_success() {
                let located = answer
                    .field("location")
                    .and_then(|location| id_at(location, path));
                let id = located.or_else(|| id_of(&answer.json()?))?;
                return Some((probe, answer, id));
            }
        }
        None
    }
}

/// The name of the last parameter of a path.
pub(super) fn last_parameter(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once('{')?;
    rest.split_once('}').map(|(name, _)| name)
}

/// The items of a list's answer: the one list in it, beside which `pagination` may stand.
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

/// What stands where the template has its last parameter.
fn id_at(location: &str, template: &str) -> Option<String> {
    let index = template[..template.rfind('{')?].matches('/').count();
    let id = path_of(location).split('/').nth(index)?;
    Some(percent_decode_str(id).decode_utf8().ok()?.into_owned())
}

/// Ids that name nothing: some that could, and one that could not.
pub(super) fn unknown_ids(session: &Session, operation: &Operation) -> Vec<Value> {
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|one| one.place == "path" && one.name == "id");
    let Some(parameter) = parameter else {
        return Vec::new();
    };
    let alternatives = session
        .document
        .schemas
        .alternatives(&parameter.schema, &[]);
    let Some(flat) = alternatives.first() else {
        return Vec::new();
    };
    match flat.json_type() {
        Some("integer") => {
            let bounds = number::bounds(flat);
            let far = [7, 1_000_003].map(|distance| bounds?.near_last(distance));
            far.into_iter().flatten().chain([json!("x")]).collect()
        }
        _ if flat.get("format").is_some_and(|format| format == "uuid") => {
            vec![json!("3f0c2a5e-9d41-4c57-8a6b-e1d2c3b4a596"), json!("x")]
        }
        _ => vec![json!("no-such-thing-7f3a9c")],
    }
}
