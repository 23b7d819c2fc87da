//! Finds members that refer to items, like `author_id` of a post.
//!
//! No schema describes such references. The application refuses unknown ids, and its lists contain
//! existing ones.

use http::Method;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use super::exchange::{TestRequest, TestResponse};
use super::items::items;
use super::mutation::body_pointer;
use super::operation::Operation;
use super::session::{Reference, Session};

/// Maximum number of ids from one list.
const IDS_PER_LIST: usize = 2;

/// Maximum number of ids to try for a refused member.
const MAX_IDS: usize = 12;

/// Maximum number of referring members of one body.
const MAX_REFERENCES: usize = 4;

impl Session {
    /// Creates items in all collections, and learns references from refused bodies.
    pub(super) async fn learn_references(&self) {
        // Twice, because an item may refer to one that is created after it.
        for _ in 0..2 {
            self.ids.replace(None);
            for operation in self.operations() {
                let is_done = self.succeeded.borrow().contains(&operation.name);
                let is_create = operation.method == Method::POST && !operation.path.contains('{');
                if is_create && !is_done {
                    let path = format!("{}/{{id}}", operation.path.trim_end_matches('/'));
                    self.create(&operation.path, &path, &Map::new()).await;
                }
            }
        }
    }

    /// Inputs, many of which refer to existing items.
    pub(super) fn with_references(&self, inputs: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
        let references = self.references.borrow().clone();
        if references.is_empty() {
            return inputs;
        }
        let referring = inputs.clone().prop_map(move |mut input| {
            for Reference { pointer, id } in &references {
                if let Some(member) = input.pointer_mut(pointer) {
                    *member = id.clone();
                }
            }
            input
        });
        // proptest shrinks towards the first strategy.
        Union::new_weighted(vec![(3, referring.boxed()), (1, inputs)]).boxed()
    }

    /// Replaces refused members by existing ids until the request is accepted.
    pub(super) async fn refer(
        &self,
        operation: &Operation,
        input: &Value,
        refusal: &TestResponse,
    ) -> Option<(TestRequest, TestResponse)> {
        let validator = self
            .contract
            .schemas
            .validator(&operation.input(&path_params_of(input)));
        let validator = validator.ok()?;
        let (mut input, mut refused) = (input.clone(), refused_pointers(refusal));
        let mut learned = Vec::new();
        for _ in 0..MAX_REFERENCES {
            refused.retain(|pointer| input.pointer(pointer).is_some_and(is_like_an_id));
            if refused.is_empty() {
                return None;
            }
            let mut still_refused = None;
            for id in self.ids().await {
                let mut referring = input.clone();
                for pointer in &refused {
                    if let Some(member) = referring.pointer_mut(pointer) {
                        *member = id.clone();
                    }
                }
                if !validator.is_valid(&referring) {
                    continue;
                }
                let (request, response) = self.send(TestRequest::new(operation, &referring)).await;
                let named = refused_pointers(&response);
                let is_better = response.is_application_refusal() && !named.contains(&refused[0]);
                if !response.is_success() && !is_better {
                    continue;
                }
                let reference = |pointer: &String| Reference {
                    pointer: pointer.clone(),
                    id: id.clone(),
                };
                learned.extend(refused.iter().map(reference));
                if response.is_success() {
                    self.references.borrow_mut().extend(learned);
                    return Some((request, response));
                }
                (input, still_refused) = (referring, Some(named));
                break;
            }
            refused = still_refused?;
        }
        None
    }

    /// Existing ids: those of all lists, and 1, the first id of most tables.
    async fn ids(&self) -> Vec<Value> {
        if let Some(ids) = self.ids.borrow().as_ref() {
            return ids.clone();
        }
        let mut ids = Vec::new();
        for list in self.operations() {
            if list.method == Method::GET && !list.path.contains('{') {
                ids.extend(self.ids_of(list).await);
            }
        }
        ids.truncate(MAX_IDS);
        ids.push(json!(1));
        self.ids.replace(Some(ids.clone()));
        ids
    }

    async fn ids_of(&self, list: &Operation) -> Vec<Value> {
        let Some(input) = self.simplest(list, &Map::new()) else {
            return Vec::new();
        };
        let (_, response) = self.send(TestRequest::new(list, &input)).await;
        let body = response.json().filter(|_| response.is_success());
        let body = body.unwrap_or_default();
        let items = items(&body).into_iter().flatten();
        let ids = items.filter_map(|item| item.get("id").cloned());
        ids.take(IDS_PER_LIST).collect()
    }
}

/// Pointers that the application's own rules refuse.
fn refused_pointers(response: &TestResponse) -> Vec<String> {
    if !response.is_application_refusal() {
        return Vec::new();
    }
    let problem = response.json().unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array);
    errors
        .into_iter()
        .flatten()
        .filter_map(body_pointer)
        .collect()
}

fn is_like_an_id(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// Path parameters of an input.
fn path_params_of(input: &Value) -> Map<String, Value> {
    let path = input.get("path").and_then(Value::as_object);
    path.cloned().unwrap_or_default()
}
