//! The life of an item: made, found, changed, removed, and gone.

use http::Method;
use serde_json::{Map, Value};

use super::document::Operation;
use super::exchange::{Answer, Probe};
use super::expected::said;
use super::finding::Complaint;
use super::items::id_of;
use super::session::Session;

/// An item under its own path, and how it came to be.
struct Item<'s> {
    session: &'s Session,
    path: &'s str,
    known: Map<String, Value>,
    /// What was answered when it was made, where it was.
    created: Option<Answer>,
}

pub(super) async fn check(session: &Session, path: &str) {
    let Some(item) = Item::find(session, path).await else {
        return;
    };
    if let Some(retrieve) = item.on(&Method::GET) {
        let answer = item.ask(retrieve, "expected what was just made").await;
        item.compare(retrieve, answer.as_ref());
    }
    let mut refused = Vec::new();
    for method in [Method::PUT, Method::PATCH] {
        if let Some(operation) = item.on(&method) {
            let expected = "expected to change what was just made";
            let answer = item.ask(operation, expected).await;
            if answer.is_some_and(|answer| answer.is_own_refusal()) {
                refused.push(method);
            }
        }
    }
    let Some(destroy) = item.on(&Method::DELETE) else {
        return;
    };
    let answer = item
        .ask(destroy, "expected to remove what was just made")
        .await;
    if answer.is_some_and(|answer| answer.is_success()) {
        item.check_gone(&refused).await;
    }
}

impl<'s> Item<'s> {
    async fn find(session: &'s Session, path: &'s str) -> Option<Self> {
        let collection = session.document.collection_of(path)?;
        let parent = session.target(collection).await;
        let mut known = parent.known;
        if let Some((_, answer, id)) = session.create(collection, path, &known).await {
            known.insert("id".to_owned(), id.into());
            return Some(Self {
                session,
                path,
                known,
                created: Some(answer),
            });
        }
        // One that is there already.
        let target = session.target(path).await;
        let known = target.known;
        known.contains_key("id").then_some(Self {
            session,
            path,
            known,
            created: None,
        })
    }

    fn on(&self, method: &Method) -> Option<&'s Operation> {
        self.session.find(method, self.path)
    }

    async fn ask(&self, operation: &Operation, expected: &str) -> Option<Answer> {
        let probe = self.probe(operation)?;
        let (probe, answer) = self.session.ask(operation, probe).await;
        if answer.status == 404 {
            let message = format!("{expected}, came {}", said(&answer));
            self.session.add(
                operation,
                Complaint::new("life", "found", message),
                Some(&probe),
            );
        }
        Some(answer)
    }

    fn probe(&self, operation: &Operation) -> Option<Probe> {
        let input = self.session.simplest(operation, &self.known)?;
        Some(Probe::new(operation, &input))
    }

    /// Is it the one that was made?
    fn compare(&self, retrieve: &Operation, answer: Option<&Answer>) {
        let id = |answer: &Answer| id_of(&answer.json()?);
        let found = answer.filter(|answer| answer.is_success()).and_then(id);
        let made = self.created.as_ref().and_then(id);
        if let (Some(made), Some(found)) = (made, found)
            && made != found
        {
            let message = format!("expected the item {made} that was just made, came {found}");
            let probe = self.probe(retrieve);
            self.session.add(
                retrieve,
                Complaint::new("life", "same", message),
                probe.as_ref(),
            );
        }
    }

    /// Methods in `refused` have met a rule of the application's own before.
    async fn check_gone(&self, refused: &[Method]) {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let Some(operation) = self.on(&method) else {
                continue;
            };
            // What is true of all that is not there need not be said of this.
            if self.session.has_found(operation, "unknown-id") {
                continue;
            }
            let Some(probe) = self.probe(operation) else {
                continue;
            };
            let (probe, answer) = self.session.ask(operation, probe).await;
            let is_turned_away = Session::is_turned_away(operation, &answer)
                || (answer.is_own_refusal() && refused.contains(&method));
            if answer.status != 404 && !is_turned_away && !answer.status.is_server_error() {
                let message = format!(
                    "expected 404 of what was just removed, came {}",
                    said(&answer)
                );
                self.session.add(
                    operation,
                    Complaint::new("life", "gone", message),
                    Some(&probe),
                );
            }
        }
    }
}
