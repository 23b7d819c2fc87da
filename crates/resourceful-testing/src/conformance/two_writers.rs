//! [`SharedItem`]: an item that two writers update at the same time.
//!
//! `mixed_update` replaces it by `PUT`, and `lost_update` changes different members by `PATCH`.

use http::Method;
use proptest::prelude::BoxedStrategy;
use serde_json::{Map, Value};

use super::exchange::{TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::operation::Operation;
use super::session::Session;

/// Two writers meet this many times, because their order differs.
pub(super) const ROUNDS: usize = 4;

/// An item that the test created, and an operation that updates it.
pub(super) struct SharedItem<'s> {
    pub(super) session: &'s Session,
    pub(super) path: &'s str,
    pub(super) path_params: Map<String, Value>,
    pub(super) operation: &'s Operation,
}

impl<'s> SharedItem<'s> {
    /// Creates an item to update by this method. `None` if the document or the application does not allow it.
    pub(super) async fn create(
        session: &'s Session,
        method: &Method,
        path: &'s str,
    ) -> Option<Self> {
        let operation = session.find(method, path)?;
        let collection = session.contract.collection_of(path)?;
        let mut path_params = session.fixture(collection).await.path_params;
        let (_, _, id) = session.create(collection, path, &path_params).await?;
        path_params.insert("id".to_owned(), id.into());
        Some(Self {
            session,
            path,
            path_params,
            operation,
        })
    }

    /// Strategy of updates with almost all members.
    pub(super) fn updates(&self) -> Option<BoxedStrategy<Value>> {
        let members = OptionalMembers::Most;
        self.session
            .inputs(self.operation, &self.path_params, members)
    }

    /// An update with other values than those before.
    pub(super) fn next_update(&self, updates: &BoxedStrategy<Value>) -> Option<Value> {
        let index = self.session.next_fresh_index();
        self.session.input(self.operation, updates, index)
    }

    pub(super) fn is_valid(&self, update: &Value) -> bool {
        let schema = self.operation.input(&self.path_params);
        let validator = self.session.contract.schemas.validator(&schema);
        validator.is_ok_and(|validator| validator.is_valid(update))
    }

    /// The item as `GET` shows it.
    pub(super) async fn state(&self) -> Option<Value> {
        self.session.state(self.path, &self.path_params).await
    }

    /// Sends an update, and returns whether it is done.
    pub(super) async fn update(&self, update: &Value) -> bool {
        let request = TestRequest::new(self.operation, update);
        let (_, response) = self.session.call(self.operation, request).await;
        is_done(&response)
    }

    /// Sends two updates at the same time, each of which was accepted before. Returns which ones are done.
    pub(super) async fn update_at_once(&self, updates: [&Value; 2]) -> [bool; 2] {
        let send = |update| self.session.send(TestRequest::new(self.operation, update));
        let (first, second) = tokio::join!(send(updates[0]), send(updates[1]));
        let exchanges = [first, second];
        for (request, response) in &exchanges {
            let status = response.status.as_u16();
            if status >= 500 || [404, 410].contains(&status) {
                let message = format!(
                    "expected a success, 409 or 412 to one of two updates at the same time, got {}",
                    summary(response)
                );
                self.report("two-writers", message, request);
            } else {
                self.session.compare(self.operation, request, response);
            }
        }
        exchanges.map(|(_, response)| is_done(&response))
    }

    pub(super) fn report(&self, check: &'static str, message: String, request: &TestRequest) {
        let violation = Violation::new(check, "", message);
        self.session
            .report(self.operation, violation, Some(request));
    }

    /// Reports that an item is not as its updates left it.
    pub(super) fn report_update(&self, check: &'static str, message: String, update: &Value) {
        let request = TestRequest::new(self.operation, update);
        self.report(check, message, &request);
    }
}

/// Whether the item is changed. A 202 promises a change later.
fn is_done(response: &TestResponse) -> bool {
    response.is_success() && response.status != 202
}

/// The body of an update, if it is an object.
pub(super) fn members_of(update: &Value) -> Option<&Map<String, Value>> {
    update.get("body")?.as_object()
}
