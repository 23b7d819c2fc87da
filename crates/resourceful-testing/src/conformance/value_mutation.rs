//! Mutations of one value: each breaks a rule of its schema, or just keeps a bound.

use proptest::prelude::{Just, Strategy};
use serde_json::{Value, json};

use super::generate::{Generator, OptionalMembers};
use super::mutation::{Edit, Effect};
use super::normalise::Alternative;
use super::number;
use super::schema::Schemas;
use super::text;

/// A changed value, and whether the schema still allows it.
pub(super) struct ValueMutation {
    /// Predicate for messages: "is null".
    pub(super) predicate: String,
    pub(super) effect: Effect,
    pub(super) edit: Edit,
}

impl ValueMutation {
    pub(super) fn new(predicate: impl Into<String>, effect: Effect, edit: Edit) -> Self {
        Self {
            predicate: predicate.into(),
            effect,
            edit,
        }
    }

    pub(super) fn put(predicate: impl Into<String>, effect: Effect, value: Value) -> Self {
        Self::new(predicate, effect, Edit::Put(Just(value).boxed()))
    }
}

/// Maximum length of strings for testing a bound.
const MAX_LENGTH: usize = 100_000;

/// Maximum number of elements for testing a bound.
const MAX_ELEMENTS: u64 = 1000;

/// Maximum number of listed values to test.
const MAX_LISTED: usize = 20;

/// Characters of one, two and four bytes.
const LETTERS: [&str; 3] = ["a", "é", "😀"];

/// Characters that many patterns exclude.
const ODD: [&str; 8] = ["\u{0}", " ", "é", "!", "A", "a", "0", "/"];

pub(super) struct ValueMutations<'s> {
    schemas: &'s Schemas,
    alternative: &'s Alternative,
    mutations: Vec<ValueMutation>,
}

impl<'s> ValueMutations<'s> {
    /// Mutations of a value in a body.
    pub(super) fn of_json(
        schemas: &'s Schemas,
        alternative: &'s Alternative,
        value: &Value,
    ) -> Vec<ValueMutation> {
        let mut mutations = Self::new(schemas, alternative);
        let others: &[Value] = match value {
            Value::Null => return Vec::new(),
            Value::String(_) => &[json!(7), json!(["x"])],
            Value::Number(_) => &[json!("x"), json!(1.5)],
            Value::Bool(_) => &[json!("x"), json!(1)],
            Value::Array(_) => &[json!("x"), json!({})],
            Value::Object(_) => &[json!([]), json!("x"), json!(7)],
        };
        mutations.invalid("is null", Value::Null);
        mutations.types(value, others);
        mutations.values(value);
        mutations.mutations
    }

    /// Mutations of a value in a query string, where every value is text.
    pub(super) fn of_text(
        schemas: &'s Schemas,
        alternative: &'s Alternative,
        value: &Value,
    ) -> Vec<ValueMutation> {
        let mut mutations = Self::new(schemas, alternative);
        if matches!(value, Value::Number(_) | Value::Bool(_)) {
            mutations.types(value, &[json!("x")]);
        }
        mutations.values(value);
        mutations.mutations
    }

    fn new(schemas: &'s Schemas, alternative: &'s Alternative) -> Self {
        Self {
            schemas,
            alternative,
            mutations: Vec::new(),
        }
    }

    fn invalid(&mut self, predicate: impl Into<String>, value: Value) {
        self.mutations
            .push(ValueMutation::put(predicate, Effect::Invalid, value));
    }

    fn valid(&mut self, predicate: impl Into<String>, value: Value) {
        self.mutations
            .push(ValueMutation::put(predicate, Effect::Valid, value));
    }

    fn types(&mut self, value: &Value, others: &[Value]) {
        let expected = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a number",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        for other in others {
            self.invalid(format!("is {other} instead of {expected}"), other.clone());
        }
    }

    fn values(&mut self, value: &Value) {
        if let Some(listed) = self.alternative.listed() {
            self.listed(value, listed);
            return;
        }
        match value {
            Value::String(text) => self.strings(text),
            Value::Number(_) if self.alternative.json_type() == Some("integer") => self.integers(),
            Value::Number(_) => self.floats(),
            Value::Array(elements) => self.arrays(elements),
            Value::Null | Value::Bool(_) | Value::Object(_) => {}
        }
    }

    fn listed(&mut self, value: &Value, listed: Vec<Value>) {
        let none = match value {
            Value::String(_) => json!("none of these"),
            _ => json!(987_654),
        };
        self.invalid(format!("is {none}, which is not listed"), none);
        for value in listed.into_iter().take(MAX_LISTED) {
            self.valid(format!("is {value}"), value);
        }
    }

    fn strings(&mut self, value: &str) {
        let (least, most) = text::lengths(self.alternative);
        let (shortest, longest) = (json!({"minLength": null}), json!({"maxLength": null}));
        let exactly = |length| format!("has exactly {length} characters");
        self.strings_of(least, &json!({}), &exactly(least), Effect::Valid);
        self.strings_of(most, &json!({}), &exactly(most), Effect::Valid);
        if let Some(fewer) = least.checked_sub(1) {
            let predicate = format!("has {fewer} characters (minLength {least})");
            self.strings_of(fewer, &shortest, &predicate, Effect::Invalid);
        }
        if let Some(more) = most.checked_add(1) {
            let predicate = format!("has {more} characters (maxLength {most})");
            self.strings_of(more, &longest, &predicate, Effect::Invalid);
        }
        if let Some(Value::String(format)) = self.alternative.get("format") {
            self.invalid(format!("is not a valid {format}"), json!("no such thing"));
        }
        for keyword in ["pattern", "not", "allOf"] {
            if self.alternative.get(keyword).is_some() {
                self.strings_against(keyword, value);
            }
        }
    }

    /// Strings of exactly this length: of characters of one, two and four bytes if the schema allows
    /// them, else generated ones.
    fn strings_of(&mut self, length: usize, without: &Value, predicate: &str, effect: Effect) {
        // The format determines the length.
        if length > MAX_LENGTH || self.alternative.get("format").is_some() {
            return;
        }
        let alternative = self.alternative.with(without.clone());
        let alternative = alternative.with(json!({"minLength": length, "maxLength": length}));
        let Ok(validator) = self.schemas.validator(&alternative.clone().into_schema()) else {
            return;
        };
        let letters = LETTERS
            .iter()
            .map(|letter| Value::from(letter.repeat(length)));
        let letters: Vec<_> = letters.filter(|text| validator.is_valid(text)).collect();
        // The only empty string was tested already.
        if letters.is_empty() && length > 0 {
            self.generated(&alternative, predicate, effect);
        }
        let mutations = letters
            .into_iter()
            .map(|text| ValueMutation::put(predicate, effect, text));
        self.mutations.extend(mutations);
    }

    fn generated(&mut self, alternative: &Alternative, predicate: &str, effect: Effect) {
        let generator = Generator {
            schemas: self.schemas,
            members: OptionalMembers::Half,
        };
        // Examples may have another length.
        let alternative = alternative.with(json!({"examples": null, "default": null}));
        if let Ok(values) = generator.values_of(&alternative, "") {
            self.mutations
                .push(ValueMutation::new(predicate, effect, Edit::Put(values)));
        }
    }

    /// Strings that break only this keyword.
    fn strings_against(&mut self, keyword: &str, value: &str) {
        let free = self.alternative.with(json!({ keyword: null }));
        let schemas =
            [self.alternative, &free].map(|alternative| alternative.clone().into_schema());
        let [Ok(strict), Ok(free)] = schemas.map(|schema| self.schemas.validator(&schema)) else {
            return;
        };
        let (least, _) = text::lengths(self.alternative);
        let with = |odd: &&str| {
            let rest: String = value.chars().skip(1).collect();
            let alone = odd.repeat(least.max(1));
            [alone, format!("{value}{odd}"), format!("{odd}{rest}")]
        };
        let off = ODD.iter().flat_map(with).chain([String::new()]);
        let off = off.map(Value::from);
        let off = off.filter(|text| free.is_valid(text) && !strict.is_valid(text));
        // Two examples are enough.
        for text in off.take(2).collect::<Vec<_>>() {
            self.invalid(format!("breaks its `{keyword}`"), text);
        }
    }

    fn integers(&mut self) {
        let Some(bounds) = number::bounds(self.alternative) else {
            return;
        };
        let alternative = self.alternative;
        let has = |keywords: [&str; 2]| {
            keywords
                .iter()
                .any(|keyword| alternative.get(keyword).is_some())
        };
        if has(["minimum", "exclusiveMinimum"]) {
            self.integer(
                "is below its minimum",
                Effect::Invalid,
                bounds.before_first(),
            );
            self.integer("is its minimum", Effect::Valid, bounds.first());
        }
        if has(["maximum", "exclusiveMaximum"]) {
            self.integer("is above its maximum", Effect::Invalid, bounds.after_last());
            self.integer("is its maximum", Effect::Valid, bounds.last());
        }
        if has(["multipleOf", "multipleOf"]) {
            self.integer(
                "is not a multiple of multipleOf",
                Effect::Invalid,
                bounds.off_step(),
            );
        }
    }

    /// `None` means that JSON cannot represent the value.
    fn integer(&mut self, predicate: &str, effect: Effect, value: Option<Value>) {
        self.mutations
            .extend(value.map(|value| ValueMutation::put(predicate, effect, value)));
    }

    fn floats(&mut self) {
        for (keyword, beyond) in [("minimum", -1.0), ("maximum", 1.0)] {
            if let Some(bound) = self.alternative.get(keyword).and_then(Value::as_f64) {
                self.invalid(format!("is beyond its {keyword}"), json!(bound + beyond));
                self.valid(format!("is its {keyword}"), json!(bound));
            }
        }
        for keyword in ["exclusiveMinimum", "exclusiveMaximum"] {
            if let Some(bound) = self.alternative.get(keyword).cloned() {
                self.invalid(format!("is its {keyword}"), bound);
            }
        }
    }

    fn arrays(&mut self, elements: &[Value]) {
        let alternative = self.alternative;
        let size = |keyword| alternative.get(keyword).and_then(Value::as_u64);
        let size = |keyword| size(keyword).filter(|size| *size <= MAX_ELEMENTS);
        if let Some(least) = size("minItems") {
            self.arrays_of(
                least,
                &format!("has exactly {least} elements"),
                Effect::Valid,
            );
            if let Some(fewer) = least.checked_sub(1) {
                let predicate = format!("has {fewer} elements (minItems {least})");
                self.arrays_of(fewer, &predicate, Effect::Invalid);
            }
        }
        if let Some(most) = size("maxItems") {
            self.arrays_of(most, &format!("has exactly {most} elements"), Effect::Valid);
            let predicate = format!("has {} elements (maxItems {most})", most + 1);
            self.arrays_of(most + 1, &predicate, Effect::Invalid);
        }
        if let (Some(Value::Bool(true)), Some(first)) =
            (alternative.get("uniqueItems"), elements.first())
        {
            self.invalid("has an element twice", json!([first, first]));
        }
    }

    fn arrays_of(&mut self, length: u64, predicate: &str, effect: Effect) {
        let alternative = self
            .alternative
            .with(json!({"minItems": length, "maxItems": length}));
        self.generated(&alternative, predicate, effect);
    }
}
