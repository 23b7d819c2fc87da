//! Checks that two replacements at the same time leave one of them, not a mixture.

use http::Method;
use serde_json::Value;

use super::session::Session;
use super::two_writers::{ROUNDS, SharedItem, members_of};

/// Maximum number of bodies until two are accepted.
const MAX_ATTEMPTS: usize = 6;

/// A replacement, and the item after it.
struct Replacement {
    update: Value,
    shown: Value,
}

pub(super) async fn check(session: &Session, path: &str) {
    let Some(item) = &SharedItem::create(session, &Method::PUT, path).await else {
        return;
    };
    let Some([first, second]) = learn(item).await else {
        return;
    };
    let names = telling_members(item, &first, &second).await;
    let starts = [
        mixture(item, &first, &second, &names),
        mixture(item, &second, &first, &names),
    ];
    for round in 0..ROUNDS {
        // A writer that compares with the item before writes only a part of its body.
        item.update(&starts[round % 2]).await;
        let updates = [&first.update, &second.update];
        let done = item.update_at_once(updates).await;
        let Some(state) = item.state().await else {
            return;
        };
        let written: Vec<_> = [&first, &second]
            .into_iter()
            .zip(done)
            .filter_map(|(replacement, is_done)| is_done.then_some(replacement))
            .collect();
        let is_whole =
            |written: &&Replacement| names.iter().all(|name| state[name] == written.shown[name]);
        if !written.is_empty() && !written.iter().any(is_whole) {
            let message = format!(
                "expected the item of one of two updates at the same time, got a mixture: `{state}`"
            );
            item.report_update("mixed-update", message, &first.update);
            return;
        }
    }
}

/// Two replacements that the application accepts.
async fn learn(item: &SharedItem<'_>) -> Option<[Replacement; 2]> {
    let updates = item.updates()?;
    let mut accepted = Vec::new();
    for _ in 0..MAX_ATTEMPTS {
        let update = item.next_update(&updates)?;
        if item.update(&update).await {
            let shown = item.state().await.unwrap_or_default();
            accepted.push(Replacement { update, shown });
        }
        if let [_, _] = accepted.as_slice() {
            return accepted.try_into().ok();
        }
    }
    None
}

/// Members of both bodies that show which one was written last: the item shows them, and shows the same ones
/// after the same body.
async fn telling_members(
    item: &SharedItem<'_>,
    first: &Replacement,
    second: &Replacement,
) -> Vec<String> {
    let bodies = [first, second].map(|replacement| members_of(&replacement.update));
    let [Some(first_body), Some(second_body)] = bodies else {
        return Vec::new();
    };
    let names = first_body.keys();
    let names = names.filter(|name| second_body.contains_key(*name));
    let differs = |name: &&String| {
        let shown = [first, second].map(|replacement| replacement.shown.get(name));
        shown[0].is_some() && shown[1].is_some() && shown[0] != shown[1]
    };
    let mut names: Vec<_> = names.filter(differs).cloned().collect();
    for replacement in [first, second] {
        if !item.update(&replacement.update).await {
            return Vec::new();
        }
        let state = item.state().await.unwrap_or_default();
        names.retain(|name| state.get(name) == replacement.shown.get(name));
    }
    names
}

/// The first body with every second member of the other one.
fn mixture(
    item: &SharedItem<'_>,
    first: &Replacement,
    second: &Replacement,
    names: &[String],
) -> Value {
    let mut mixture = first.update.clone();
    for name in names.iter().skip(1).step_by(2) {
        mixture["body"][name] = second.update["body"][name].clone();
    }
    if item.is_valid(&mixture) {
        mixture
    } else {
        first.update.clone()
    }
}
