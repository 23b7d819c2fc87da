//! Runs the CRUD cycle of an item: create, retrieve, update, destroy, then 404.

use http::Method;
use serde_json::{Map, Value};

use super::exchange::{TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::items::id_of;
use super::operation::Operation;
use super::session::Session;

/// An item at its path.
struct Item<'s> {
    session: &'s Session,
    path: &'s str,
    path_params: Map<String, Value>,
    /// Response of its creation, if the test created it.
    created: Option<TestResponse>,
}

pub(super) async fn check(session: &Session, path: &str) {
    let Some(item) = Item::find(session, path).await else {
        return;
    };
    if let Some(retrieve) = item.on(&Method::GET) {
        let response = item
            .call(retrieve, "expected the item that was just created")
            .await;
        item.compare(retrieve, response.as_ref());
    }
    let mut refused = Vec::new();
    for method in [Method::PUT, Method::PATCH] {
        if let Some(operation) = item.on(&method) {
            let expected = "expected to edit the item that was just created";
            let response = item.call(operation, expected).await;
            if response.is_some_and(|response| response.is_application_refusal()) {
                refused.push(method);
            }
        }
    }
    let Some(destroy) = item.on(&Method::DELETE) else {
        return;
    };
    let response = item
        .call(destroy, "expected to remove the item that was just created")
        .await;
    if response.is_some_and(|response| response.is_success()) {
        item.check_gone(&refused).await;
    }
}

impl<'s> Item<'s> {
    async fn find(session: &'s Session, path: &'s str) -> Option<Self> {
        let collection = session.contract.collection_of(path)?;
        let parent = session.fixture(collection).await;
        let mut path_params = parent.path_params;
        if let Some((_, response, id)) = session.create(collection, path, &path_params).await {
            path_params.insert("id".to_owned(), id.into());
            return Some(Self {
                session,
                path,
                path_params,
                created: Some(response),
            });
        }
        // Use an existing item.
        let fixture = session.fixture(path).await;
        let path_params = fixture.path_params;
        path_params.contains_key("id").then_some(Self {
            session,
            path,
            path_params,
            created: None,
        })
    }

    fn on(&self, method: &Method) -> Option<&'s Operation> {
        self.session.find(method, self.path)
    }

    async fn call(&self, operation: &Operation, expected: &str) -> Option<TestResponse> {
        let request = self.request(operation)?;
        let (request, response) = self.session.call(operation, request).await;
        if response.status == 404 {
            let message = format!("{expected}, got {}", summary(&response));
            self.session.report(
                operation,
                Violation::new("life", "found", message),
                Some(&request),
            );
        }
        Some(response)
    }

    fn request(&self, operation: &Operation) -> Option<TestRequest> {
        let input = self.session.simplest(operation, &self.path_params)?;
        Some(TestRequest::new(operation, &input))
    }

    /// Checks that the retrieved id is that of the created item.
    fn compare(&self, retrieve: &Operation, response: Option<&TestResponse>) {
        let id = |response: &TestResponse| id_of(&response.json()?);
        let found = response
            .filter(|response| response.is_success())
            .and_then(id);
        let created_id = self.created.as_ref().and_then(id);
        if let (Some(created_id), Some(found)) = (created_id, found)
            && created_id != found
        {
            let message =
                format!("expected the item {created_id} that was just created, got {found}");
            let request = self.request(retrieve);
            self.session.report(
                retrieve,
                Violation::new("life", "same", message),
                request.as_ref(),
            );
        }
    }

    /// Checks that the item is not found any more. The application's own rules refused the methods
    /// in `refused` before.
    async fn check_gone(&self, refused: &[Method]) {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let Some(operation) = self.on(&method) else {
                continue;
            };
            // All unknown ids have this finding already.
            if self.session.has_finding(operation, "unknown-id") {
                continue;
            }
            let Some(request) = self.request(operation) else {
                continue;
            };
            let (request, response) = self.session.call(operation, request).await;
            let is_denied = Session::is_denied(operation, &response)
                || (response.is_application_refusal() && refused.contains(&method));
            if response.status != 404 && !is_denied && !response.status.is_server_error() {
                let message = format!(
                    "expected 404 for the item that was just removed, got {}",
                    summary(&response)
                );
                self.session.report(
                    operation,
                    Violation::new("life", "gone", message),
                    Some(&request),
                );
            }
        }
    }
}
