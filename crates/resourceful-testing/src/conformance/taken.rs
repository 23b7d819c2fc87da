//! Checks that a value that is taken is refused in a way that clients understand, and that the refused request has
//! changed nothing.

use http::Method;
use serde_json::{Map, Value};

use super::all_items::Contents;
use super::exchange::{Payload, TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::operation::Operation;
use super::session::{REFUSED_CALLER, Session};

/// Maximum number of bodies for two creations at the same time.
const MAX_ATTEMPTS: usize = 3;

pub(super) async fn check(session: &Session, path: &str) {
    let Some(collection) = session.contract.collection_of(path) else {
        return;
    };
    let new_items = NewItems {
        session,
        collection,
        path,
        path_params: session.fixture(collection).await.path_params,
    };
    if let Some(create) = session.find(&Method::POST, collection) {
        let is_refused = new_items.check_repeated(create).await;
        new_items.check_at_once(create, is_refused).await;
    }
    for method in [Method::PUT, Method::PATCH] {
        if let Some(update) = session.find(&method, path) {
            new_items.check_update(update).await;
        }
    }
}

/// The items that the test creates in a collection.
struct NewItems<'s> {
    session: &'s Session,
    collection: &'s str,
    /// Path of an item.
    path: &'s str,
    /// Path parameters of the collection.
    path_params: Map<String, Value>,
}

impl NewItems<'_> {
    /// Sends the body of an item that was just created once more. Returns whether it was refused.
    async fn check_repeated(&self, create: &Operation) -> bool {
        let Some((request, ..)) = self.create().await else {
            return false;
        };
        let before = self.contents().await;
        let response = self.session.resend(&request).await;
        self.judge(create, &request, &response, "that was just accepted");
        if !response.is_application_refusal() {
            return false;
        }
        if let (Some(before), Some(after)) = (before, self.contents().await)
            && let Some(added) = after.added_since(&before)
        {
            let message = format!(
                "expected an unchanged list after {}, got {added}",
                summary(&response)
            );
            self.report(create, "left-behind", message, &request);
        }
        true
    }

    /// Sends one new body twice at the same time.
    async fn check_at_once(&self, create: &Operation, is_refused: bool) {
        // A wrong refusal is found already.
        if self.session.has_finding(create, "taken") {
            return;
        }
        let members = OptionalMembers::Half;
        let Some(inputs) = self.session.inputs(create, &self.path_params, members) else {
            return;
        };
        for _ in 0..MAX_ATTEMPTS {
            let index = self.session.next_fresh_index();
            let Some(input) = self.session.input(create, &inputs, index) else {
                return;
            };
            let request = TestRequest::new(create, &input);
            let send = || self.session.send(request.clone());
            let ((request, first), (_, second)) = tokio::join!(send(), send());
            let responses = [first, second];
            let succeeded = responses.iter().filter(|response| response.is_success());
            let succeeded = succeeded.count();
            // A body that nobody may send proves nothing.
            if succeeded == 0 {
                continue;
            }
            let unexpected = responses.iter().find_map(unexpected_refusal);
            let message = match unexpected {
                Some(unexpected) => format!(
                    "expected 409 or 422 to one of two requests with this body at the same time, got {unexpected}"
                ),
                None if succeeded == 2 && is_refused => {
                    "expected one success to two requests with this body at the same time, got two, although the \
                     second of two such requests in sequence is refused: check by a constraint of the database"
                        .to_owned()
                }
                None => return,
            };
            self.report(create, "taken-at-once", message, &request);
            return;
        }
    }

    /// Updates an item to the strings of another one.
    async fn check_update(&self, update: &Operation) {
        let (Some((other, ..)), Some((_, _, id))) = (self.create().await, self.create().await)
        else {
            return;
        };
        let mut path_params = self.path_params.clone();
        path_params.insert("id".to_owned(), id.into());
        let members = OptionalMembers::Most;
        let Some(inputs) = self.session.inputs(update, &path_params, members) else {
            return;
        };
        let next = || {
            let index = self.session.next_fresh_index();
            self.session.input(update, &inputs, index)
        };
        let (Some(accepted), Some(other_values)) = (next(), next()) else {
            return;
        };
        let taken = self.with_strings_of(&other, update, &path_params, &other_values);
        let Some(taken) = taken else {
            return;
        };
        // An update without values of another item.
        let control = TestRequest::new(update, &accepted);
        let (_, control) = self.session.send(control).await;
        if !control.is_success() {
            return;
        }
        let before = self.session.state(self.path, &path_params).await;
        let request = TestRequest::new(update, &taken);
        let (request, response) = self.session.send(request).await;
        self.judge(update, &request, &response, "with values of another item");
        if !response.is_application_refusal() {
            return;
        }
        let after = self.session.state(self.path, &path_params).await;
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            let message = format!(
                "expected the item to stay `{before}` after {}, got `{after}`",
                summary(&response)
            );
            self.report(update, "left-behind", message, &request);
        }
    }

    async fn create(&self) -> Option<(TestRequest, TestResponse, String)> {
        let Self {
            collection,
            path,
            path_params,
            ..
        } = self;
        self.session.create(collection, path, path_params).await
    }

    async fn contents(&self) -> Option<Contents> {
        let list = self.session.find(&Method::GET, self.collection)?;
        Contents::read(self.session, list, &self.path_params).await
    }

    /// The input with those strings of another item that its schema allows. `None` if there are none.
    fn with_strings_of(
        &self,
        other: &TestRequest,
        update: &Operation,
        path_params: &Map<String, Value>,
        input: &Value,
    ) -> Option<Value> {
        let schema = update.input(path_params);
        let validator = self.session.contract.schemas.validator(&schema).ok()?;
        let Payload::Text { text, .. } = &other.body else {
            return None;
        };
        let other: Map<String, Value> = serde_json::from_str(text).ok()?;
        let strings = other.into_iter().filter(|(_, value)| value.is_string());
        let mut taken = input.clone();
        for (name, value) in strings {
            let mut changed = taken.clone();
            let body = changed.get_mut("body");
            if let Some(member) = body.and_then(|body| body.get_mut(name)) {
                *member = value;
            }
            if validator.is_valid(&changed) {
                taken = changed;
            }
        }
        (taken != *input).then_some(taken)
    }

    fn judge(
        &self,
        operation: &Operation,
        request: &TestRequest,
        response: &TestResponse,
        body: &str,
    ) {
        match unexpected_refusal(response) {
            Some(unexpected) => {
                let message =
                    format!("expected a success, 409 or 422 to a body {body}, got {unexpected}");
                self.report(operation, "taken", message, request);
            }
            None => self.session.compare(operation, request, response),
        }
    }

    fn report(
        &self,
        operation: &Operation,
        check: &'static str,
        message: String,
        request: &TestRequest,
    ) {
        let violation = Violation::new(check, "", message);
        self.session.report(operation, violation, Some(request));
    }
}

/// The response, unless it is a success, a conflict, an error of a field, or does not depend on the body.
fn unexpected_refusal(response: &TestResponse) -> Option<String> {
    let status = response.status.as_u16();
    let is_of_other_rule = REFUSED_CALLER.contains(&status) || [404, 429].contains(&status);
    if response.is_success() || status == 409 || is_of_other_rule {
        return None;
    }
    if status != 422 {
        return Some(summary(response));
    }
    let problem = response.json().unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array);
    let names_a_field = errors.is_some_and(|errors| !errors.is_empty());
    (!names_a_field).then(|| format!("{} without a field", summary(response)))
}
