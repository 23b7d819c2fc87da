//! Two documents of one API: what changed, and does it break who uses it?
//!
//! Each thing is compared as its reader sees it. A server may take more than it did, and may
//! answer less; the other way round a client that was right can be wrong. What is none of the
//! known kinds of change is shown with its JSON Pointer and counts as breaking: every object is
//! compared by all of its members, so that nothing is lost.

mod answer;
mod change;
mod content;
mod differ;
mod document;
mod keyword;
mod limits;
mod operation;
mod place;
mod request;
mod schema;
mod security;
mod variants;
mod view;
mod words;

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod table;

use serde_json::Value;

pub(super) use self::change::{Change, Kind};
use self::differ::Differ;
use self::document::names;
use self::place::Place;

/// What changed between two documents: breaking things first, then in the order of paths.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut differ = Differ::new(old, new);
    let place = Place::operation("the document");
    for key in names(&old["info"], &new["info"]) {
        let (old, new) = (&old["info"][key], &new["info"][key]);
        differ.text(&place, &format!("info.{key}"), old, new);
    }
    servers(&mut differ, &place, &old["servers"], &new["servers"]);
    operation::paths(&mut differ, &old["paths"], &new["paths"]);
    components(&mut differ, &old["components"], &new["components"]);
    let known = ["info", "servers", "paths", "components", "security"];
    differ.others(&place, old, new, &known);
    let mut changes = differ.changes;
    changes.sort_by_key(|change| change.kind);
    changes
}

fn servers<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    let list = |servers: &'a Value| servers.as_array().map_or(&[][..], Vec::as_slice);
    let find = |servers: &'a Value, url: &Value| list(servers).iter().find(|s| s["url"] == *url);
    for server in list(old) {
        match find(new, &server["url"]) {
            Some(same) => differ.others(place, server, same, &["url"]),
            None => differ.breaking(place, format!("server {} is gone", server["url"])),
        }
    }
    for server in list(new) {
        if find(old, &server["url"]).is_none() {
            differ.additive(place, format!("server {} is new", server["url"]));
        }
    }
}

/// Components are compared where operations refer to them. What is left: schemes, which are
/// named and not referred to, and components that nobody uses.
fn components<'a>(differ: &mut Differ<'a>, old: &'a Value, new: &'a Value) {
    for category in names(old, new) {
        let (old, new) = (&old[category], &new[category]);
        for name in names(old, new) {
            let (old, new) = (&old[name], &new[name]);
            if category == "securitySchemes" {
                security::scheme(differ, name, old, new);
            } else {
                let place = Place::component(&format!("/components/{category}/{name}"));
                unused(differ, &place, old, new);
            }
        }
    }
}

fn unused<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    match (old, new) {
        (_, Value::Null) if differ.old.uses(old) => {}
        (Value::Null, _) if differ.new.uses(new) => {}
        _ if differ.old.uses(old) && differ.new.uses(new) => {}
        (_, Value::Null) => {
            differ.breaking(place, "is gone (no operation used it)".to_owned());
        }
        (Value::Null, _) => {
            differ.additive(place, "is new (no operation uses it)".to_owned());
        }
        _ => differ.unknown(place, "all of it", old, new),
    }
}
