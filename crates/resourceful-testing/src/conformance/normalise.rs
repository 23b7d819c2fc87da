//! One alternative of a schema, and what two of them are together.

use serde_json::{Map, Value, json};

/// More alternatives than these of one value are not looked at.
const MAX_ALTERNATIVES: usize = 64;

/// One alternative of a schema, without references, `allOf` and the like.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat {
    pub(super) keywords: Map<String, Value>,
    /// The references that lead here.
    pub(super) references: Vec<String>,
}

impl Flat {
    pub(super) fn get(&self, keyword: &str) -> Option<&Value> {
        self.keywords.get(keyword)
    }

    /// The same with other keywords, or without those that are null.
    pub(super) fn with(&self, others: Value) -> Self {
        let mut flat = self.clone();
        if let Value::Object(others) = others {
            flat.keywords.extend(others);
        }
        flat.keywords.retain(|_, value| !value.is_null());
        flat
    }

    /// The same with other keywords of one of its members.
    pub(super) fn with_member(&self, name: &str, others: &Value) -> Self {
        let mut flat = self.clone();
        let members = flat.keywords.get_mut("properties");
        let member = members.and_then(|members| members.get_mut(name));
        if let (Some(Value::Object(member)), Value::Object(others)) = (member, others) {
            member.extend(others.clone());
        }
        flat
    }

    /// Its type, also where only other keywords tell.
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

    /// The few values that it admits, where it lists them.
    pub(super) fn listed(&self) -> Option<Vec<Value>> {
        let one = self.get("const").map(|value| vec![value.clone()]);
        one.or_else(|| self.get("enum").and_then(Value::as_array).cloned())
    }

    pub(super) fn into_schema(self) -> Value {
        self.keywords.into()
    }
}

/// What is one of the left and one of the right.
pub(super) fn product(lefts: &[Flat], rights: &[Flat]) -> Vec<Flat> {
    let pairs = lefts
        .iter()
        .flat_map(|left| rights.iter().map(move |right| (left, right)));
    let merge = |(left, right): (&Flat, &Flat)| {
        let shared = left.references.iter().zip(&right.references);
        let shared = shared.take_while(|(left, right)| left == right).count();
        let mut references = left.references.clone();
        references.extend_from_slice(&right.references[shared..]);
        let keywords = merge(left.keywords.clone(), &right.keywords)?;
        Some(Flat {
            keywords,
            references,
        })
    };
    pairs.filter_map(merge).take(MAX_ALTERNATIVES).collect()
}

/// Both at once, or nothing where no value is both.
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
            // What is written outermost describes it; a second pattern still has to be met.
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
    let is_integer = |list: &[Value]| list.iter().any(|one| one == "integer");
    let mut both: Vec<_> = lefts
        .iter()
        .filter(|one| rights.contains(one))
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
    for one in as_list(right) {
        if !both.contains(&one) {
            both.push(one);
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

/// One for each type that it may be of.
pub(super) fn by_type(flat: Flat) -> Vec<Flat> {
    match flat.get("type") {
        Some(Value::Array(types)) => types
            .clone()
            .into_iter()
            .map(|one| flat.with(json!({"type": one})))
            .collect(),
        _ => vec![flat],
    }
}
