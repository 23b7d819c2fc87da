//! Members that name items: `author_id` of a post. No schema says so, but the application refuses
//! what is not there, and its lists say what is.

use http::Method;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use super::alteration::place_of;
use super::document::Operation;
use super::exchange::{Answer, Probe};
use super::items::items;
use super::session::Session;

/// So many items of a list may be referred to.
const ITEMS: usize = 2;

/// So many ids are tried in the place of one that is refused.
const IDS: usize = 12;

/// So many members of one body may refer to something.
const ROUNDS: usize = 4;

/// A place of a body, and an id that the application took there.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    place: String,
    id: Value,
}

impl Session {
    /// Creates what can be created, and learns from what is refused.
    pub(super) async fn learn_references(&self) {
        // A second time, since one may refer to what is created after it.
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

    /// Inputs of which many refer to what is there.
    pub(super) fn with_references(&self, inputs: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
        let references = self.references.borrow().clone();
        if references.is_empty() {
            return inputs;
        }
        let referring = inputs.clone().prop_map(move |mut input| {
            for Reference { place, id } in &references {
                if let Some(member) = input.pointer_mut(place) {
                    *member = id.clone();
                }
            }
            input
        });
        // What comes first is simpler.
        Union::new_weighted(vec![(3, referring.boxed()), (1, inputs)]).boxed()
    }

    /// Puts ids that there are where this answer says that the body is wrong, until the request is
    /// taken.
    pub(super) async fn refer(
        &self,
        operation: &Operation,
        input: &Value,
        refusal: &Answer,
    ) -> Option<(Probe, Answer)> {
        let validator = self
            .document
            .schemas
            .validator(&operation.input(&path_of(input)));
        let validator = validator.ok()?;
        let (mut input, mut refused) = (input.clone(), refused_places(refusal));
        let mut learned = Vec::new();
        for _ in 0..ROUNDS {
            refused.retain(|place| input.pointer(place).is_some_and(is_like_an_id));
            if refused.is_empty() {
                return None;
            }
            let mut still_refused = None;
            for id in self.ids().await {
                let mut referring = input.clone();
                for place in &refused {
                    if let Some(member) = referring.pointer_mut(place) {
                        *member = id.clone();
                    }
                }
                if !validator.is_valid(&referring) {
                    continue;
                }
                let (probe, answer) = self.send(Probe::new(operation, &referring)).await;
                let named = refused_places(&answer);
                let is_better = answer.is_own_refusal() && !named.contains(&refused[0]);
                if !answer.is_success() && !is_better {
                    continue;
                }
                let reference = |place: &String| Reference {
                    place: place.clone(),
                    id: id.clone(),
                };
                learned.extend(refused.iter().map(reference));
                if answer.is_success() {
                    self.references.borrow_mut().extend(learned);
                    return Some((probe, answer));
                }
                (input, still_refused) = (referring, Some(named));
                break;
            }
            refused = still_refused?;
        }
        None
    }

    /// Ids of the items that there are: those of all lists, and the first that most tables have.
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
        ids.truncate(IDS);
        ids.push(json!(1));
        self.ids.replace(Some(ids.clone()));
        ids
    }

    async fn ids_of(&self, list: &Operation) -> Vec<Value> {
        let Some(input) = self.simplest(list, &Map::new()) else {
            return Vec::new();
        };
        let (_, answer) = self.send(Probe::new(list, &input)).await;
        let body = answer.json().filter(|_| answer.is_success());
        let body = body.unwrap_or_default();
        let items = items(&body).into_iter().flatten();
        let ids = items.filter_map(|item| item.get("id").cloned());
        ids.take(ITEMS).collect()
    }
}

/// The places of a body that a rule of the application's own refuses.
fn refused_places(answer: &Answer) -> Vec<String> {
    if !answer.is_own_refusal() {
        return Vec::new();
    }
    let problem = answer.json().unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array);
    errors.into_iter().flatten().filter_map(place_of).collect()
}

fn is_like_an_id(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// The parameters of an input's path.
fn path_of(input: &Value) -> Map<String, Value> {
    let path = input.get("path").and_then(Value::as_object);
    path.cloned().unwrap_or_default()
}
