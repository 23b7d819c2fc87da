//! Compares two documents of one API, and classifies the changes as breaking or not.
//!
//! A server may accept more than before and return less; the opposite can break a correct client. A
//! change of an unknown kind counts as breaking and is reported with its JSON Pointer: all members of
//! every object are compared, so no change is lost.

mod change;
mod content;
mod differ;
mod keyword;
mod limits;
mod merged_schema;
mod operation;
mod render;
mod request;
mod resolver;
mod response;
mod schema;
mod security;
mod subject;
mod variants;

#[cfg(test)]
mod mutation_test;
#[cfg(test)]
mod table_test;

use serde_json::Value;

pub(super) use self::change::{ApiChange, Impact};
use self::differ::Differ;
use self::resolver::names;
use self::subject::Subject;

/// Returns the changes between two documents: breaking ones first, then in the order of paths.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<ApiChange> {
    let mut differ = Differ::new(old, new);
    let subject = Subject::operation("the document");
    for key in names(&old["info"], &new["info"]) {
        let (old, new) = (&old["info"][key], &new["info"][key]);
        differ.annotation(&subject, &format!("info.{key}"), old, new);
    }
    servers(&mut differ, &subject, &old["servers"], &new["servers"]);
    operation::paths(&mut differ, &old["paths"], &new["paths"]);
    components(&mut differ, &old["components"], &new["components"]);
    let known = ["info", "servers", "paths", "components", "security"];
    differ.others(&subject, old, new, &known);
    let mut changes = differ.changes;
    changes.sort_by_key(|change| change.impact);
    changes
}

fn servers<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    let list = |servers: &'a Value| servers.as_array().map_or(&[][..], Vec::as_slice);
    let find = |servers: &'a Value, url: &Value| list(servers).iter().find(|s| s["url"] == *url);
    for server in list(old) {
        match find(new, &server["url"]) {
            Some(same) => differ.others(subject, server, same, &["url"]),
            None => differ.breaking(subject, format!("server {} is gone", server["url"])),
        }
    }
    for server in list(new) {
        if find(old, &server["url"]).is_none() {
            differ.additive(subject, format!("server {} is new", server["url"]));
        }
    }
}

/// Compares security schemes and unused components. Other components are compared where operations
/// refer to them.
fn components<'a>(differ: &mut Differ<'a>, old: &'a Value, new: &'a Value) {
    for category in names(old, new) {
        let (old, new) = (&old[category], &new[category]);
        for name in names(old, new) {
            let (old, new) = (&old[name], &new[name]);
            if category == "securitySchemes" {
                security::scheme(differ, name, old, new);
            } else {
                let subject = Subject::component(&format!("/components/{category}/{name}"));
                unused(differ, &subject, old, new);
            }
        }
    }
}

fn unused<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    match (old, new) {
        (_, Value::Null) if differ.old.uses(old) => {}
        (Value::Null, _) if differ.new.uses(new) => {}
        _ if differ.old.uses(old) && differ.new.uses(new) => {}
        (_, Value::Null) => {
            differ.breaking(subject, "is gone (no operation used it)".to_owned());
        }
        (Value::Null, _) => {
            differ.additive(subject, "is new (no operation uses it)".to_owned());
        }
        _ => differ.unknown(subject, "definition", old, new),
    }
}
