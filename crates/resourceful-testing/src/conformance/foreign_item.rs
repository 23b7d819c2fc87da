//! Checks that a stranger, Bob or a client without credentials, does not reach the items of Alice.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value};

use super::callers::Callers;
use super::exchange::{ResponseBody, TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::items::{last_parameter, unknown_ids};
use super::operation::Operation;
use super::session::Session;

/// The items at a path, of which Alice has some.
pub(super) struct OwnedItems<'s> {
    pub(super) alice: &'s Session,
    pub(super) stranger: Stranger<'s>,
    pub(super) callers: &'s Callers,
    /// `/projects/{project_id}/tasks/{id}`
    pub(super) path: &'s str,
}

/// The caller to whom nothing of Alice belongs.
#[derive(Clone, Copy)]
pub(super) enum Stranger<'s> {
    Bob(&'s Session),
    Nobody(&'s Session),
}

impl<'s> Stranger<'s> {
    pub(super) fn session(self) -> &'s Session {
        match self {
            Self::Bob(session) | Self::Nobody(session) => session,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bob(_) => "the second caller",
            Self::Nobody(_) => "a client without credentials",
        }
    }

    /// Whether the operation is checked. The check `access` covers requests without demanded credentials.
    pub(super) fn calls(self, operation: &Operation) -> bool {
        match self {
            Self::Bob(_) => true,
            Self::Nobody(_) => !operation.needs_credentials(),
        }
    }

    /// Whether a 401 says that the credentials, which should be accepted, are not.
    pub(super) fn has_credentials(self) -> bool {
        matches!(self, Self::Bob(_))
    }
}

impl<'s> OwnedItems<'s> {
    pub(super) async fn check(&self) {
        let operations: Vec<_> = self.operations().collect();
        // A finding about a removed item is that of `DELETE`.
        let (removing, others): (Vec<_>, Vec<_>) = operations
            .into_iter()
            .partition(|operation| operation.method == Method::DELETE);
        for operation in others.into_iter().chain(removing) {
            self.check_operation(operation).await;
        }
    }

    /// Returns the path parameters of an item of Alice: a new one, or one from her list.
    pub(super) async fn create(&self) -> Option<Vec<Value>> {
        let collection = self.alice.contract.collection_of(self.path)?;
        let parents = self.alice.fixture(collection).await.path_params;
        let id = self.alice.item(collection, self.path, &parents).await?;
        Some(values(collection, &parents, id.into()))
    }

    /// Returns the path parameters of the item below a parent of Bob, where it is not.
    async fn in_other_parent(&self, item: &[Value]) -> Option<Vec<Value>> {
        let (Stranger::Bob(bob), [_, .., id]) = (self.stranger, item) else {
            return None;
        };
        let collection = self.alice.contract.collection_of(self.path)?;
        let parents = bob.fixture(collection).await;
        parents
            .exists
            .then(|| values(collection, &parents.path_params, id.clone()))
    }

    /// The operations of an item, and those at the paths below it that need no further item.
    fn operations(&self) -> impl Iterator<Item = &'s Operation> {
        let item = template(self.path);
        let is_of_item = move |operation: &&Operation| {
            let rest = template(&operation.path);
            let rest = rest.strip_prefix(item.trim_end_matches('/'));
            rest.is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('/')) && !rest.contains('{')
            })
        };
        let operations = self.alice.operations().filter(is_of_item);
        operations.filter(|operation| self.stranger.calls(operation))
    }

    async fn check_operation(&self, operation: &Operation) {
        let Some(item) = self.create().await else {
            return;
        };
        self.check_path(operation, &item, &item).await;
        if let Some(other) = self.in_other_parent(&item).await {
            self.check_path(operation, &item, &other).await;
        }
    }

    /// Checks an operation at a path that may lead to the item.
    async fn check_path(&self, operation: &Operation, item: &[Value], path: &[Value]) {
        let before = self.state(item).await;
        let Some(input) = self.input(operation, path) else {
            return;
        };
        let request = TestRequest::new(operation, &input);
        let (request, response) = self.stranger.session().send(request).await;
        let unknown = self.with_unknown_id(operation, input).await;
        if let Some(violation) = self.violation(operation, &response, unknown.as_ref(), item) {
            let is_reached = violation.check == "foreign-item";
            self.alice.report(operation, violation, Some(&request));
            if is_reached {
                return;
            }
        }
        let Some(before) = before else {
            return;
        };
        let after = self.state(item).await;
        if after.as_ref() != Some(&before) && !self.alice.is_limited.get() {
            let after = after.map_or("it is gone".to_owned(), |after| format!("it is `{after}`"));
            let message = format!(
                "expected an item of the first caller to stay `{before}` after this request of {}, which \
                 got {}, but {after}",
                self.stranger.name(),
                response.status
            );
            let violation = Violation::new("foreign-change", "", message);
            self.alice.report(operation, violation, Some(&request));
        }
    }

    fn violation(
        &self,
        operation: &Operation,
        response: &TestResponse,
        unknown: Option<&Unknown>,
        item: &[Value],
    ) -> Option<Violation> {
        let status = response.status.as_u16();
        if status == 429 || (status == 401 && !self.stranger.has_credentials()) {
            return None;
        }
        if status == 401 {
            let message = "expected accepted credentials of the second caller, got 401";
            return Some(Violation::new("credentials", "second", message));
        }
        let id = item.last().map(as_path).unwrap_or_default();
        if self.callers.shares(operation)
            || unknown.is_some_and(|unknown| unknown.is_same(response, &id))
        {
            return None;
        }
        if ![403, 404].contains(&status) {
            let message = format!(
                "expected 404 or 403 to {} for an item of the first caller, got {}",
                self.stranger.name(),
                summary(response)
            );
            return Some(Violation::new("foreign-item", "", message));
        }
        if self.is_visible() {
            return None;
        }
        let unknown = unknown?;
        let message = format!(
            "expected the same response for an item of another caller as for one that does not exist, \
             got {} and {}",
            summary(response),
            summary(&unknown.response)
        );
        Some(Violation::new("existence", "", message))
    }

    /// Whether strangers may know that an item of Alice exists.
    fn is_visible(&self) -> bool {
        let collection = self.alice.contract.collection_of(self.path);
        let mut operations = self.alice.operations().filter(|operation| {
            operation.method == Method::GET
                && (operation.path == self.path || Some(&*operation.path) == collection)
        });
        operations.any(|operation| self.callers.shares(operation))
    }

    /// A request of an operation with all members of its body.
    fn input(&self, operation: &Operation, item: &[Value]) -> Option<Value> {
        let path_params = path_params(operation, item);
        let session = self.stranger.session();
        let inputs = session.inputs(operation, &path_params, OptionalMembers::Most)?;
        session.input(operation, &inputs, session.next_fresh_index())
    }

    /// Sends the stranger's request for an item that does not exist.
    async fn with_unknown_id(&self, operation: &Operation, mut input: Value) -> Option<Unknown> {
        let name = parameters(&operation.path).nth(parameters(self.path).count() - 1)?;
        let unknown = unknown_ids(self.alice, operation, name)
            .into_iter()
            .next()?;
        let id = as_path(&unknown);
        input["path"][name] = unknown;
        let (_, response) = self
            .stranger
            .session()
            .send(TestRequest::new(operation, &input))
            .await;
        Some(Unknown { id, response })
    }

    /// The item as Alice sees it, or `None` if she cannot read it or gets another one each time.
    pub(super) async fn state(&self, item: &[Value]) -> Option<Value> {
        let retrieve = self.alice.find(&Method::GET, self.path)?;
        let path_params = path_params(retrieve, item);
        self.alice.state(self.path, &path_params).await
    }
}

/// Names of a path's parameters.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
}

/// The values of a collection's parameters, and an id.
fn values(collection: &str, parents: &Map<String, Value>, id: Value) -> Vec<Value> {
    let value = |name| parents.get(name).cloned().unwrap_or_default();
    parameters(collection).map(value).chain([id]).collect()
}

/// The path with nameless parameters: `/projects/{}/tasks/`.
fn template(path: &str) -> String {
    let mut segments = path
        .split('/')
        .map(|segment| match last_parameter(segment) {
            Some(_) => "{}",
            None => segment,
        });
    let first = segments.next().unwrap_or_default().to_owned();
    segments.fold(first, |path, segment| path + "/" + segment)
}

/// The parameters of an operation, whose first ones have these values.
pub(super) fn path_params(operation: &Operation, values: &[Value]) -> Map<String, Value> {
    let names = parameters(&operation.path).map(str::to_owned);
    names.zip(values.iter().cloned()).collect()
}

fn as_path(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The response for an id that does not exist.
struct Unknown {
    id: String,
    response: TestResponse,
}

impl Unknown {
    /// Whether the response for this id tells nothing else. It may repeat the id, which the client knows.
    fn is_same(&self, response: &TestResponse, id: &str) -> bool {
        let names = |response: &TestResponse| {
            let names = response.headers.keys().map(ToString::to_string);
            names.collect::<BTreeSet<_>>()
        };
        let text = |response: &TestResponse| match &response.body {
            ResponseBody::Complete(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            ResponseBody::Stream | ResponseBody::Incomplete => String::new(),
        };
        let (text, unknown) = (text(response), text(&self.response));
        let with_unknown = |at: usize| {
            let (before, after) = (&text[..at], &text[at + id.len()..]);
            format!("{before}{}{after}", self.id)
        };
        let mut ids = text.match_indices(id);
        response.status == self.response.status
            && names(response) == names(&self.response)
            && (text == unknown || ids.any(|(at, _)| with_unknown(at) == unknown))
    }
}
