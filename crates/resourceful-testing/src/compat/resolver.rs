//! A whole document: what its references mean, and where in it something stands.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// How many references to references are followed.
const MOST_REFERENCES: usize = 32;

/// What no answer, no parameter and no body has: nothing is said of the value.
pub(super) static ANYTHING: Value = Value::Bool(true);

/// A document, and what is used of its components.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) root: &'a Value,
    used: HashSet<*const Value>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let mut document = Self {
            root,
            used: HashSet::new(),
        };
        let operations = members(&root["paths"]).flat_map(|(_, path)| members(path));
        let parts = operations.flat_map(|(_, operation)| match operation {
            Value::Object(_) => members(operation).collect(),
            parameters => vec![("parameters", parameters)],
        });
        // Callbacks are compared as they are written, references and all.
        let compared = parts.filter(|(name, _)| *name != "callbacks");
        let mut open: Vec<_> = compared.map(|(_, part)| part).collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => open.extend(members.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
            if let Some(target) = document.target(value)
                && document.used.insert(ptr::from_ref(target))
            {
                open.push(target);
            }
        }
        document
    }

    /// What `{"$ref": ..}` stands for, by one step.
    pub(super) fn target(&self, value: &'a Value) -> Option<&'a Value> {
        let fragment = value.get("$ref")?.as_str()?.strip_prefix('#')?;
        let pointer = percent_decode_str(fragment).decode_utf8().ok()?;
        self.root.pointer(&pointer)
    }

    /// What `{"$ref": ..}` stands for in the end; anything else is itself.
    pub(super) fn follow(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MOST_REFERENCES {
            match self.target(value) {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// Does an operation refer to this?
    pub(super) fn uses(&self, component: &Value) -> bool {
        self.used.contains(&ptr::from_ref(component))
    }

    /// Where this very value stands, by JSON Pointer. Looked for only when there is something to
    /// say of it, so that nobody else has to carry pointers along.
    pub(super) fn pointer(&self, value: &Value) -> Option<String> {
        pointer(self.root, value)
    }
}

fn pointer(within: &Value, wanted: &Value) -> Option<String> {
    if ptr::eq(within, wanted) {
        return Some(String::new());
    }
    match within {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let rest = pointer(value, wanted)?;
            Some(format!(
                "/{}{rest}",
                name.replace('~', "~0").replace('/', "~1")
            ))
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, value)| {
            let rest = pointer(value, wanted)?;
            Some(format!("/{index}{rest}"))
        }),
        _ => None,
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

/// The names of the members of two objects, each once, sorted.
pub(super) fn names<'a>(old: &'a Value, new: &'a Value) -> BTreeSet<&'a str> {
    let members = [old, new].into_iter().filter_map(Value::as_object);
    members
        .flat_map(|members| members.keys().map(String::as_str))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Document;

    #[test]
    fn a_value_is_found_where_it_stands() {
        let root = json!({"paths": {"/a~b": {"get": [{"$ref": "#/components/x"}]}}, "components": {"x": 1}});
        let document = Document::new(&root);
        let reference = &root["paths"]["/a~b"]["get"][0];
        assert_eq!(document.pointer(reference).unwrap(), "/paths/~1a~0b/get/0");
        assert_eq!(
            document.pointer(document.follow(reference)).unwrap(),
            "/components/x"
        );
        assert!(document.uses(&root["components"]["x"]));
    }

    #[test]
    fn a_reference_to_itself_is_followed_to_an_end() {
        let root = json!({"components": {"x": {"$ref": "#/components/x"}}});
        let component = &root["components"]["x"];
        assert_eq!(Document::new(&root).follow(component), component);
    }
}
