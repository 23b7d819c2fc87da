//! [`Callers`]: two callers, of whom one must not touch what the other makes.

use std::collections::{BTreeSet, HashSet};

use super::credentials::Credentials;
use super::finding::Violation;
use super::foreign_item::{OwnedItems, Stranger};
use super::foreign_list;
use super::foreign_owner;
use super::is_item_path;
use super::mixed_callers;
use super::operation::{Operation, Security};
use super::session::Session;

pub(super) struct Callers {
    /// The caller of all other checks.
    pub(super) alice: Credentials,
    pub(super) bob: Credentials,
    /// Names of the operations that Bob may call for what Alice makes.
    pub(super) shared: HashSet<String>,
    /// Paths of items that everybody may change.
    pub(super) unowned: HashSet<String>,
}

impl Callers {
    pub(super) async fn check(&self, alice: &Session) {
        let bob = &alice.of_other(Some(&self.bob));
        let nobody = &alice.of_other(None);
        let paths: BTreeSet<_> = alice
            .operations()
            .map(|operation| &operation.path)
            .collect();
        for path in paths.into_iter().filter(|path| is_item_path(path)) {
            if self.unowned.contains(path) {
                continue;
            }
            for stranger in [Stranger::Bob(bob), Stranger::Nobody(nobody)] {
                let items = OwnedItems {
                    alice,
                    stranger,
                    callers: self,
                    path,
                };
                if items.create().await.is_none() {
                    report_no_item(alice, path);
                    break;
                }
                items.check().await;
                foreign_list::check(&items).await;
            }
            foreign_owner::check(alice, bob, path).await;
        }
        for operation in alice.operations() {
            mixed_callers::check(alice, bob, operation).await;
        }
    }

    pub(super) fn shares(&self, operation: &Operation) -> bool {
        self.shared.contains(&operation.name)
    }
}

/// Without an item of Alice nothing is proved. Operations that need no credentials have no owner either.
fn report_no_item(alice: &Session, path: &str) {
    let mut operations = alice
        .operations()
        .filter(|operation| operation.path == path);
    let needs_caller = |operation: &&Operation| {
        matches!(operation.security, Security::Required | Security::Optional)
    };
    if !alice.is_limited.get()
        && let Some(operation) = operations.find(needs_caller)
    {
        let message = "the first caller can neither create an item nor find one in a list: \
                       create one in the application, or exempt the path with `.unowned(path)`";
        alice.report(
            operation,
            Violation::new("no-item", "caller", message),
            None,
        );
    }
}
