//! Values that a schema admits, as proptest's strategies.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use super::flat::Flat;
use super::foreign::{taken_names, taken_parts};
use super::number;
use super::schema::Schemas;
use super::text;
use resourceful::hidden::WITHOUT_NUL;

/// Why there is no value.
#[derive(Clone, Debug)]
pub(super) enum Ungenerable {
    /// A type would contain itself once more.
    Endless,
    /// This was not understood, there.
    Unknown(String),
}

/// How many members are there that need not be.
#[derive(Clone, Copy)]
pub(super) enum Members {
    Some,
    All,
}

pub(super) struct Generator<'s> {
    pub(super) schemas: &'s Schemas,
    pub(super) members: Members,
}

/// The most elements of a list that are made for no reason.
const FEW: usize = 3;

impl Generator<'_> {
    /// # Errors
    /// What no value could be made of.
    pub(super) fn values(&self, schema: &Value) -> Result<BoxedStrategy<Value>, Ungenerable> {
        self.values_at(schema, &[], "")
    }

    fn values_at(
        &self,
        schema: &Value,
        references: &[String],
        place: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let mut strategies = Vec::new();
        let mut failure = Ungenerable::Endless;
        for alternative in self.schemas.alternatives(schema, references) {
            match self.values_of(&alternative, place) {
                Ok(strategy) => strategies.push(strategy),
                Err(error) => failure = error,
            }
        }
        match strategies.len() {
            0 => Err(failure),
            1 => Ok(strategies.remove(0)),
            _ => Ok(Union::new(strategies).boxed()),
        }
    }

    /// The values of one alternative; examples among them, and alone where nothing else is known.
    pub(super) fn values_of(
        &self,
        flat: &Flat,
        place: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let made = match (flat.listed(), flat.json_type()) {
            (Some(values), _) => Ok(select(values).boxed()),
            (None, Some("object")) => self.objects(&taken_parts(flat), place),
            (None, Some("array")) => self.arrays(&taken_parts(flat), place),
            (None, Some("string")) => text::strings(flat, self.schemas).map_err(unknown(place)),
            (None, Some("integer")) => number::integers(flat).map_err(unknown(place)),
            (None, Some("number")) => number::floats(flat).map_err(unknown(place)),
            (None, Some("boolean")) => Ok(any::<bool>().prop_map(Value::Bool).boxed()),
            (None, Some("null")) => Ok(Just(Value::Null).boxed()),
            (None, _) => Ok(anything()),
        };
        let examples = self.examples(flat);
        match made {
            Ok(made) if examples.is_empty() => Ok(made),
            Ok(made) => {
                Ok(Union::new_weighted(vec![(3, made), (1, select(examples).boxed())]).boxed())
            }
            Err(_) if !examples.is_empty() => Ok(select(examples).boxed()),
            Err(error) => Err(error),
        }
    }

    fn examples(&self, flat: &Flat) -> Vec<Value> {
        let listed = flat.get("examples").and_then(Value::as_array);
        let examples = listed.into_iter().flatten().chain(flat.get("default"));
        let mut examples = examples.cloned().collect::<Vec<_>>();
        if !examples.is_empty()
            && let Ok(validator) = self.schemas.validator(&flat.clone().into_schema())
        {
            examples.retain(|example| validator.is_valid(example));
        }
        examples
    }

    fn objects(&self, flat: &Flat, place: &str) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let known = flat.get("properties").and_then(Value::as_object);
        let required = flat.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
        let mut members = Vec::new();
        for (name, schema) in known.into_iter().flatten() {
            let there = match self.values_at(schema, &flat.references, &format!("{place}/{name}")) {
                Ok(values) => values,
                Err(Ungenerable::Endless) if !is_required(name) => continue,
                Err(error) => return Err(error),
            };
            let share = match self.members {
                _ if is_required(name) => None,
                Members::Some => Some(0.5),
                Members::All => Some(0.9999),
            };
            let maybe = match share {
                None => there.prop_map(Some).boxed(),
                Some(share) => proptest::option::weighted(share, there).boxed(),
            };
            let name = name.clone();
            members.push(
                maybe
                    .prop_map(move |value| Some((name.clone(), value?)))
                    .boxed(),
            );
        }
        let others = self.other_members(flat, place)?;
        let object = (others, members).prop_map(|(others, members)| {
            let mut object: Map<_, _> = others.into_iter().collect();
            object.extend(members.into_iter().flatten());
            Value::Object(object)
        });
        Ok(object.boxed())
    }

    /// The members whose names the schema does not know: those of a map.
    fn other_members(
        &self,
        flat: &Flat,
        place: &str,
    ) -> Result<BoxedStrategy<Vec<(String, Value)>>, Ungenerable> {
        let pattern = flat.get("patternProperties").and_then(Value::as_object);
        let pattern = pattern.and_then(|patterns| patterns.iter().next());
        let words = || self.names(flat, place);
        let (names, schema) = match (pattern, flat.get("additionalProperties")) {
            (Some((pattern, schema)), _) => {
                let names = text::matching(taken_names(pattern));
                (names.map_err(unknown(place))?, schema)
            }
            (None, Some(schema @ Value::Object(_))) => (words()?, schema),
            (None, None | Some(Value::Bool(true))) if flat.get("properties").is_none() => {
                (words()?, &Value::Bool(true))
            }
            _ => return Ok(Just(Vec::new()).boxed()),
        };
        let values = match self.values_at(schema, &flat.references, &format!("{place}/*")) {
            Ok(values) => values,
            Err(Ungenerable::Endless) => return Ok(Just(Vec::new()).boxed()),
            Err(error) => return Err(error),
        };
        let least = size(flat, "minProperties").unwrap_or(0);
        let most = size(flat, "maxProperties")
            .unwrap_or(least + FEW)
            .min(least + FEW);
        Ok(vec((names, values), least..=most.max(least)).boxed())
    }

    /// Names of members: any words, or what is said of them.
    fn names(&self, flat: &Flat, place: &str) -> Result<BoxedStrategy<String>, Ungenerable> {
        // All inputs have this one, and any word keeps it.
        let without_nul = json!({"pattern": WITHOUT_NUL});
        let Some(schema) = flat.get("propertyNames").filter(|it| **it != without_nul) else {
            return Ok(text::words());
        };
        let schema = json!({"allOf": [schema, {"type": "string"}]});
        let names = self.values_at(&schema, &flat.references, &format!("{place}/*"))?;
        let name = |name: Value| name.as_str().unwrap_or_default().to_owned();
        Ok(names.prop_map(name).boxed())
    }

    fn arrays(&self, flat: &Flat, place: &str) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let prefix = flat.get("prefixItems").and_then(Value::as_array);
        let mut first = Vec::new();
        for (index, schema) in prefix.into_iter().flatten().enumerate() {
            let place = format!("{place}/{index}");
            first.push(self.values_at(schema, &flat.references, &place)?);
        }
        let least = size(flat, "minItems")
            .unwrap_or(0)
            .saturating_sub(first.len());
        let most = size(flat, "maxItems").map(|most| most.saturating_sub(first.len()));
        let few = match self.members {
            Members::All => least.max(1),
            Members::Some => least,
        };
        let default = if first.is_empty() { few + FEW } else { least };
        let most = most.unwrap_or(default).min(default);
        let open = Value::Bool(true);
        let items = flat.get("items").unwrap_or(&open);
        let others = match self.values_at(items, &flat.references, &format!("{place}/*")) {
            Ok(values) => vec(values, few.min(most)..=most).boxed(),
            Err(Ungenerable::Endless) if least == 0 => Just(Vec::new()).boxed(),
            Err(error) => return Err(error),
        };
        let is_set = flat.get("uniqueItems") == Some(&Value::Bool(true));
        let arrays = (first, others).prop_map(move |(mut all, others)| {
            all.extend(others);
            if is_set {
                let mut seen = Vec::new();
                all.retain(|value| {
                    !seen.contains(value) && {
                        seen.push(value.clone());
                        true
                    }
                });
            }
            Value::Array(all)
        });
        let long_enough =
            move |array: &Value| array.as_array().is_some_and(|all| all.len() >= least);
        Ok(arrays
            .prop_filter("too few that are different", long_enough)
            .boxed())
    }
}

fn unknown(place: &str) -> impl Fn(String) -> Ungenerable + use<'_> {
    move |reason| Ungenerable::Unknown(format!("`{place}` ({reason})"))
}

fn size(flat: &Flat, keyword: &str) -> Option<usize> {
    let size = flat.get(keyword)?.as_u64()?;
    Some(usize::try_from(size).unwrap_or(usize::MAX))
}

/// Where a schema says nothing.
fn anything() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text::words().prop_map(Value::from),
    ];
    let list = vec(scalar.clone(), 0..FEW).prop_map(Value::from);
    let object = vec((text::words(), scalar.clone()), 0..FEW);
    let object = object.prop_map(|members| Value::Object(members.into_iter().collect()));
    prop_oneof![4 => scalar, 1 => list, 1 => object].boxed()
}
