//! Checks that two changes of different members at the same time both remain.

use http::Method;
use serde_json::{Value, json};

use super::session::Session;
use super::two_writers::{ROUNDS, SharedItem, members_of};

/// Maximum number of members to try in pairs.
const MAX_MEMBERS: usize = 6;

/// Number of bodies to take values from.
const BODIES: usize = 6;

/// A member that one update sets alone.
struct Member {
    name: String,
    /// Updates to two values.
    updates: [Value; 2],
    /// The item shows these values after the updates.
    shown: [Value; 2],
}

impl Member {
    fn is_shown(&self, value: usize, state: &Value) -> bool {
        state.get(&self.name) == Some(&self.shown[value])
    }
}

pub(super) async fn check(session: &Session, path: &str) {
    let Some(item) = &SharedItem::create(session, &Method::PATCH, path).await else {
        return;
    };
    let members = learn(item).await;
    let mut lost = None;
    for (index, first) in members.iter().enumerate() {
        for second in &members[index + 1..] {
            match effect(item, first, second).await {
                Some(Effect::BothRemain) => return check_at_once(item, first, second).await,
                Some(Effect::LastRemains) => lost = lost.or(Some((first, second))),
                Some(Effect::Dependent) | None => {}
            }
        }
    }
    if let Some((first, second)) = lost {
        let message = format!(
            "expected `{}` to remain after an update of `{}` alone, got another value",
            second.name, first.name
        );
        item.report_update("lost-update", message, &first.updates[1]);
    }
}

/// Members that change alone, and as the item shows.
async fn learn(item: &SharedItem<'_>) -> Vec<Member> {
    let mut members = Vec::new();
    let Some(updates) = item.updates() else {
        return members;
    };
    let bodies: Vec<_> = (0..BODIES)
        .filter_map(|_| item.next_update(&updates))
        .collect();
    let names = bodies.first().and_then(members_of);
    for name in names.into_iter().flat_map(|names| names.keys()) {
        if members.len() == MAX_MEMBERS {
            break;
        }
        members.extend(learn_member(item, name, &bodies).await);
    }
    members
}

async fn learn_member(item: &SharedItem<'_>, name: &str, bodies: &[Value]) -> Option<Member> {
    let alone = bodies.iter().filter_map(|body| {
        let value = body["body"].get(name).filter(|value| !value.is_null())?;
        let mut update = body.clone();
        update["body"] = json!({ name: value });
        Some(update)
    });
    let mut alone = alone.filter(|update| item.is_valid(update));
    let first = alone.next()?;
    let second = alone.find(|update| update["body"] != first["body"])?;
    let updates = [first, second];
    let mut shown = [Value::Null, Value::Null];
    for (update, shown) in updates.iter().zip(&mut shown) {
        if !item.update(update).await {
            return None;
        }
        *shown = item.state().await?.get(name)?.clone();
    }
    (shown[0] != shown[1]).then(|| Member {
        name: name.to_owned(),
        updates,
        shown,
    })
}

/// The effect of two updates in sequence.
enum Effect {
    BothRemain,
    /// Each update undoes the other one.
    LastRemains,
    /// One member depends on the other one, like a slug on its title.
    Dependent,
}

async fn effect(item: &SharedItem<'_>, first: &Member, second: &Member) -> Option<Effect> {
    let mut remains = [false, false];
    let orders = [(first, second), (second, first)];
    for (value, (before, after)) in orders.into_iter().enumerate() {
        let is_done =
            item.update(&before.updates[value]).await && item.update(&after.updates[value]).await;
        let state = item.state().await.filter(|_| is_done)?;
        if !after.is_shown(value, &state) {
            return None;
        }
        remains[value] = before.is_shown(value, &state);
    }
    Some(match remains {
        [true, true] => Effect::BothRemain,
        [false, false] => Effect::LastRemains,
        _ => Effect::Dependent,
    })
}

async fn check_at_once(item: &SharedItem<'_>, first: &Member, second: &Member) {
    for round in 0..ROUNDS {
        let (old, new) = (round % 2, (round + 1) % 2);
        // Each is the first writer in some rounds.
        let writers = match round / 2 {
            0 => [first, second],
            _ => [second, first],
        };
        for member in writers {
            item.update(&member.updates[old]).await;
        }
        let updates = writers.map(|member| &member.updates[new]);
        let done = item.update_at_once(updates).await;
        let Some(state) = item.state().await else {
            return;
        };
        for (member, is_done) in writers.into_iter().zip(done) {
            if is_done && !member.is_shown(new, &state) {
                let message = format!(
                    "expected the update of `{}` to remain beside one of another member at the same time, \
                     got `{state}`",
                    member.name
                );
                item.report_update("lost-update", message, &member.updates[new]);
                return;
            }
        }
    }
}
