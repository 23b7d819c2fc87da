//! Generates valid values of a schema, as strategies of proptest.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use super::normalise::Alternative;
use super::number;
use super::schema::Schemas;
use super::text;
use super::third_party::{accepted_names, accepted_schema};
use resourceful::hidden::WITHOUT_NUL;

/// Error of generating a value.
#[derive(Clone, Debug)]
pub(super) enum Ungenerable {
    /// A recursive type exceeds its maximum depth.
    TooDeep,
    /// Unsupported keyword with its pointer.
    Unsupported(String),
}

/// Share of optional members in generated objects.
#[derive(Clone, Copy)]
pub(super) enum OptionalMembers {
    Half,
    Most,
}

pub(super) struct Generator<'s> {
    pub(super) schemas: &'s Schemas,
    pub(super) members: OptionalMembers,
}

/// Default maximum of generated elements.
const DEFAULT_MAX_ELEMENTS: usize = 3;

impl Generator<'_> {
    /// # Errors
    /// If a part of the schema is unsupported or too deep.
    pub(super) fn values(&self, schema: &Value) -> Result<BoxedStrategy<Value>, Ungenerable> {
        self.values_at(schema, &[], "")
    }

    fn values_at(
        &self,
        schema: &Value,
        references: &[String],
        pointer: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let mut strategies = Vec::new();
        let mut failure = Ungenerable::TooDeep;
        for alternative in self.schemas.alternatives(schema, references) {
            match self.values_of(&alternative, pointer) {
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

    /// Values of one alternative, including its examples; only the examples if the alternative is
    /// otherwise unsupported.
    pub(super) fn values_of(
        &self,
        alternative: &Alternative,
        pointer: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let generated = match (alternative.listed(), alternative.json_type()) {
            (Some(values), _) => Ok(select(values).boxed()),
            (None, Some("object")) => self.objects(&accepted_schema(alternative), pointer),
            (None, Some("array")) => self.arrays(&accepted_schema(alternative), pointer),
            (None, Some("string")) => {
                text::strings(alternative, self.schemas).map_err(unsupported(pointer))
            }
            (None, Some("integer")) => number::integers(alternative).map_err(unsupported(pointer)),
            (None, Some("number")) => number::floats(alternative).map_err(unsupported(pointer)),
            (None, Some("boolean")) => Ok(any::<bool>().prop_map(Value::Bool).boxed()),
            (None, Some("null")) => Ok(Just(Value::Null).boxed()),
            (None, _) => Ok(anything()),
        };
        let examples = self.examples(alternative);
        match generated {
            Ok(generated) if examples.is_empty() => Ok(generated),
            Ok(generated) => {
                Ok(
                    Union::new_weighted(vec![(3, generated), (1, select(examples).boxed())])
                        .boxed(),
                )
            }
            Err(_) if !examples.is_empty() => Ok(select(examples).boxed()),
            Err(error) => Err(error),
        }
    }

    fn examples(&self, alternative: &Alternative) -> Vec<Value> {
        let listed = alternative.get("examples").and_then(Value::as_array);
        let examples = listed
            .into_iter()
            .flatten()
            .chain(alternative.get("default"));
        let mut examples = examples.cloned().collect::<Vec<_>>();
        if !examples.is_empty()
            && let Ok(validator) = self.schemas.validator(&alternative.clone().into_schema())
        {
            examples.retain(|example| validator.is_valid(example));
        }
        examples
    }

    fn objects(
        &self,
        alternative: &Alternative,
        pointer: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let known = alternative.get("properties").and_then(Value::as_object);
        let required = alternative.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|names| names.iter().any(|required| required == name))
        };
        let mut members = Vec::new();
        for (name, schema) in known.into_iter().flatten() {
            let values = match self.values_at(
                schema,
                &alternative.references,
                &format!("{pointer}/{name}"),
            ) {
                Ok(values) => values,
                Err(Ungenerable::TooDeep) if !is_required(name) => continue,
                Err(error) => return Err(error),
            };
            let share = match self.members {
                _ if is_required(name) => None,
                OptionalMembers::Half => Some(0.5),
                OptionalMembers::Most => Some(0.9999),
            };
            let maybe = match share {
                None => values.prop_map(Some).boxed(),
                Some(share) => proptest::option::weighted(share, values).boxed(),
            };
            let name = name.clone();
            members.push(
                maybe
                    .prop_map(move |value| Some((name.clone(), value?)))
                    .boxed(),
            );
        }
        let others = self.other_members(alternative, pointer)?;
        let object = (others, members).prop_map(|(others, members)| {
            let mut object: Map<_, _> = others.into_iter().collect();
            object.extend(members.into_iter().flatten());
            Value::Object(object)
        });
        Ok(object.boxed())
    }

    /// Members besides `properties`: those of a map.
    fn other_members(
        &self,
        alternative: &Alternative,
        pointer: &str,
    ) -> Result<BoxedStrategy<Vec<(String, Value)>>, Ungenerable> {
        let pattern = alternative
            .get("patternProperties")
            .and_then(Value::as_object);
        let pattern = pattern.and_then(|patterns| patterns.iter().next());
        let words = || self.names(alternative, pointer);
        let (names, schema) = match (pattern, alternative.get("additionalProperties")) {
            (Some((pattern, schema)), _) => {
                let names = text::matching(accepted_names(pattern));
                (names.map_err(unsupported(pointer))?, schema)
            }
            (None, Some(schema @ Value::Object(_))) => (words()?, schema),
            (None, None | Some(Value::Bool(true))) if alternative.get("properties").is_none() => {
                (words()?, &Value::Bool(true))
            }
            _ => return Ok(Just(Vec::new()).boxed()),
        };
        let values = match self.values_at(schema, &alternative.references, &format!("{pointer}/*"))
        {
            Ok(values) => values,
            Err(Ungenerable::TooDeep) => return Ok(Just(Vec::new()).boxed()),
            Err(error) => return Err(error),
        };
        let least = size(alternative, "minProperties").unwrap_or(0);
        let most = size(alternative, "maxProperties")
            .unwrap_or(least + DEFAULT_MAX_ELEMENTS)
            .min(least + DEFAULT_MAX_ELEMENTS);
        Ok(vec((names, values), least..=most.max(least)).boxed())
    }

    /// Names of a map's members: words, or names after `propertyNames`.
    fn names(
        &self,
        alternative: &Alternative,
        pointer: &str,
    ) -> Result<BoxedStrategy<String>, Ungenerable> {
        // All inputs have this pattern, and every word matches it.
        let without_nul = json!({"pattern": WITHOUT_NUL});
        let Some(schema) = alternative
            .get("propertyNames")
            .filter(|it| **it != without_nul)
        else {
            return Ok(text::words());
        };
        let schema = json!({"allOf": [schema, {"type": "string"}]});
        let names = self.values_at(&schema, &alternative.references, &format!("{pointer}/*"))?;
        let name = |name: Value| name.as_str().unwrap_or_default().to_owned();
        Ok(names.prop_map(name).boxed())
    }

    fn arrays(
        &self,
        alternative: &Alternative,
        pointer: &str,
    ) -> Result<BoxedStrategy<Value>, Ungenerable> {
        let prefix = alternative.get("prefixItems").and_then(Value::as_array);
        let mut first = Vec::new();
        for (index, schema) in prefix.into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/{index}");
            first.push(self.values_at(schema, &alternative.references, &pointer)?);
        }
        let least = size(alternative, "minItems")
            .unwrap_or(0)
            .saturating_sub(first.len());
        let most = size(alternative, "maxItems").map(|most| most.saturating_sub(first.len()));
        let few = match self.members {
            OptionalMembers::Most => least.max(1),
            OptionalMembers::Half => least,
        };
        let default = if first.is_empty() {
            few + DEFAULT_MAX_ELEMENTS
        } else {
            least
        };
        let most = most.unwrap_or(default).min(default);
        let open = Value::Bool(true);
        let items = alternative.get("items").unwrap_or(&open);
        let others = match self.values_at(items, &alternative.references, &format!("{pointer}/*")) {
            Ok(values) => vec(values, few.min(most)..=most).boxed(),
            Err(Ungenerable::TooDeep) if least == 0 => Just(Vec::new()).boxed(),
            Err(error) => return Err(error),
        };
        let is_set = alternative.get("uniqueItems") == Some(&Value::Bool(true));
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
        let is_long_enough =
            move |array: &Value| array.as_array().is_some_and(|all| all.len() >= least);
        Ok(arrays
            .prop_filter("too few unique elements", is_long_enough)
            .boxed())
    }
}

fn unsupported(pointer: &str) -> impl Fn(String) -> Ungenerable + use<'_> {
    move |reason| Ungenerable::Unsupported(format!("`{pointer}` ({reason})"))
}

fn size(alternative: &Alternative, keyword: &str) -> Option<usize> {
    let size = alternative.get(keyword)?.as_u64()?;
    Some(usize::try_from(size).unwrap_or(usize::MAX))
}

/// Values of a schema without keywords.
fn anything() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text::words().prop_map(Value::from),
    ];
    let list = vec(scalar.clone(), 0..DEFAULT_MAX_ELEMENTS).prop_map(Value::from);
    let object = vec((text::words(), scalar.clone()), 0..DEFAULT_MAX_ELEMENTS);
    let object = object.prop_map(|members| Value::Object(members.into_iter().collect()));
    prop_oneof![4 => scalar, 1 => list, 1 => object].boxed()
}
