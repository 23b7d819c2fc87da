//! Normalises schemas: an [`Alternative`] has no references and no composition keywords.

use serde_json::{Map, Value, json};

/// Maximum number of alternatives of one schema; further ones are ignored.
const MAX_ALTERNATIVES: usize = 64;

/// One alternative of a schema. References, `allOf`, `anyOf` and `oneOf` are resolved.
#[derive(Clone, Debug, Default)]
pub(super) struct Alternative {
    pub(super) keywords: Map<String, Value>,
    /// References on the way to this schema.
    pub(super) references: Vec<String>,
}

impl Alternative {
    pub(super) fn get(&self, keyword: &str) -> Option<&Value> {
        self.keywords.get(keyword)
    }

    /// Replaces keywords; null removes one.
    pub(super) fn with(&self, others: Value) -> Self {
        let mut alternative = self.clone();
        if let Value::Object(others) = others {
            alternative.keywords.extend(others);
        }
        alternative.keywords.retain(|_, value| !value.is_null());
        alternative
    }

    /// Replaces keywords of one member.
    pub(super) fn with_member(&self, name: &str, others: &Value) -> Self {
        let mut alternative = self.clone();
        let members = alternative.keywords.get_mut("properties");
        let member = members.and_then(|members| members.get_mut(name));
        if let (Some(Value::Object(member)), Value::Object(others)) = (member, others) {
            member.extend(others.clone());
        }
        alternative
    }

    /// Type, inferred from other keywords if `type` is missing.
    pub(super) fn json_type(&self) -> Option<&str> {
        if let Some(Value::String(given)) = self.get("type") {
            return Some(given);
        }
        let hints = [
            ("properties", "object"),
            ("required", "object"),
            ("items", "array"),
            ("prefixItems", "array"),
            ("pattern", "string"),
            ("minLength", "string"),
            ("maxLength", "string"),
            ("minimum", "number"),
            ("maximum", "number"),
        ];
        let hint = hints
            .iter()
            .find(|(keyword, _)| self.keywords.contains_key(*keyword));
        hint.map(|(_, json_type)| *json_type)
    }

    /// Values of `const` or `enum`.
    pub(super) fn listed(&self) -> Option<Vec<Value>> {
        let constant = self.get("const").map(|value| vec![value.clone()]);
        constant.or_else(|| self.get("enum").and_then(Value::as_array).cloned())
    }

    pub(super) fn into_schema(self) -> Value {
        self.keywords.into()
    }
}

/// Combines each left alternative with each right one.
pub(super) fn product(lefts: &[Alternative], rights: &[Alternative]) -> Vec<Alternative> {
    let pairs = lefts
        .iter()
        .flat_map(|left| rights.iter().map(move |right| (left, right)));
    let merge = |(left, right): (&Alternative, &Alternative)| {
        let shared = left.references.iter().zip(&right.references);
        let shared = shared.take_while(|(left, right)| left == right).count();
        let mut references = left.references.clone();
        references.extend_from_slice(&right.references[shared..]);
        let keywords = merge(left.keywords.clone(), &right.keywords)?;
        Some(Alternative {
            keywords,
            references,
        })
    };
    pairs.filter_map(merge).take(MAX_ALTERNATIVES).collect()
}

/// Merges the keywords of both, or returns `None` if no value satisfies both.
fn merge(mut lefts: Map<String, Value>, rights: &Map<String, Value>) -> Option<Map<String, Value>> {
    for (keyword, right) in rights {
        let Some(left) = lefts.get(keyword).filter(|left| *left != right).cloned() else {
            lefts.insert(keyword.clone(), right.clone());
            continue;
        };
        let both = match keyword.as_str() {
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
                if left.as_f64() < right.as_f64() {
                    right.clone()
                } else {
                    left
                }
            }
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
                if left.as_f64() > right.as_f64() {
                    right.clone()
                } else {
                    left
                }
            }
            "type" | "enum" => common(&left, right)?,
            "const" => return None,
            "required" => union(&left, right),
            "properties" => all_properties(&left, right),
            // The outer keyword stays; the second one moves into `allOf`.
            "pattern" | "not" | "format" | "multipleOf" | "items" => {
                let rest = json!({ keyword.clone(): right });
                let all = lefts.entry("allOf").or_insert_with(|| json!([]));
                all.as_array_mut().expect("made as an array").push(rest);
                left
            }
            _ => left,
        };
        lefts.insert(keyword.clone(), both);
    }
    Some(lefts)
}

fn as_list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or(vec![value.clone()])
}

fn common(left: &Value, right: &Value) -> Option<Value> {
    let (lefts, rights) = (as_list(left), as_list(right));
    let is_integer = |list: &[Value]| list.iter().any(|name| name == "integer");
    let mut both: Vec<_> = lefts
        .iter()
        .filter(|value| rights.contains(value))
        .cloned()
        .collect();
    // An integer is a number.
    if both.is_empty() && (is_integer(&lefts) || is_integer(&rights)) {
        let number = json!("number");
        both.extend(
            (lefts.contains(&number) || rights.contains(&number)).then(|| json!("integer")),
        );
    }
    (!both.is_empty()).then(|| both.into())
}

fn union(left: &Value, right: &Value) -> Value {
    let mut both = as_list(left);
    for value in as_list(right) {
        if !both.contains(&value) {
            both.push(value);
        }
    }
    both.into()
}

fn all_properties(left: &Value, right: &Value) -> Value {
    let mut all = left.as_object().cloned().unwrap_or_default();
    for (name, schema) in right.as_object().into_iter().flatten() {
        let both = match all.get(name) {
            Some(known) if known != schema => json!({"allOf": [known, schema]}),
            _ => schema.clone(),
        };
        all.insert(name.clone(), both);
    }
    all.into()
}

/// Splits an alternative by its types.
pub(super) fn by_type(alternative: Alternative) -> Vec<Alternative> {
    match alternative.get("type") {
        Some(Value::Array(types)) => types
            .clone()
            .into_iter()
            .map(|json_type| alternative.with(json!({"type": json_type})))
            .collect(),
        _ => vec![alternative],
    }
}
