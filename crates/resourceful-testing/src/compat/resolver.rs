//! [`Resolver`]: resolves references of a document, and finds JSON Pointers.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Maximum length of a chain of references.
const MAX_REFERENCES: usize = 32;

/// Schema of a value without a schema: it allows any value.
pub(super) static ANY: Value = Value::Bool(true);

/// A document and its used components.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) root: &'a Value,
    used: HashSet<*const Value>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let mut resolver = Self {
            root,
            used: HashSet::new(),
        };
        let operations = members(&root["paths"]).flat_map(|(_, path)| members(path));
        let parts = operations.flat_map(|(_, operation)| match operation {
            Value::Object(_) => members(operation).collect(),
            parameters => vec![("parameters", parameters)],
        });
        // Callbacks are compared without resolving their references.
        let compared = parts.filter(|(name, _)| *name != "callbacks");
        let mut pending: Vec<_> = compared.map(|(_, part)| part).collect();
        while let Some(value) = pending.pop() {
            match value {
                Value::Object(members) => pending.extend(members.values()),
                Value::Array(items) => pending.extend(items),
                _ => {}
            }
            if let Some(target) = resolver.target(value)
                && resolver.used.insert(ptr::from_ref(target))
            {
                pending.push(target);
            }
        }
        resolver
    }

    /// Target of `{"$ref": ..}`, by one step.
    pub(super) fn target(&self, value: &'a Value) -> Option<&'a Value> {
        let fragment = value.get("$ref")?.as_str()?.strip_prefix('#')?;
        let pointer = percent_decode_str(fragment).decode_utf8().ok()?;
        self.root.pointer(&pointer)
    }

    /// Resolves a chain of references; returns other values unchanged.
    pub(super) fn resolve(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MAX_REFERENCES {
            match self.target(value) {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// Whether an operation refers to this component.
    pub(super) fn uses(&self, component: &Value) -> bool {
        self.used.contains(&ptr::from_ref(component))
    }

    /// JSON Pointer to this value, by identity. It is searched only for a message, so the comparison
    /// need not keep track of pointers.
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

/// Sorted member names of two objects.
pub(super) fn names<'a>(old: &'a Value, new: &'a Value) -> BTreeSet<&'a str> {
    let members = [old, new].into_iter().filter_map(Value::as_object);
    members
        .flat_map(|members| members.keys().map(String::as_str))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Resolver;

    #[test]
    fn a_value_is_found_by_identity() {
        let root = json!({"paths": {"/a~b": {"get": [{"$ref": "#/components/x"}]}}, "components": {"x": 1}});
        let resolver = Resolver::new(&root);
        let reference = &root["paths"]["/a~b"]["get"][0];
        assert_eq!(resolver.pointer(reference).unwrap(), "/paths/~1a~0b/get/0");
        assert_eq!(
            resolver.pointer(resolver.resolve(reference)).unwrap(),
            "/components/x"
        );
        assert!(resolver.uses(&root["components"]["x"]));
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let root = json!({"components": {"x": {"$ref": "#/components/x"}}});
        let component = &root["components"]["x"];
        assert_eq!(Resolver::new(&root).resolve(component), component);
    }
}
