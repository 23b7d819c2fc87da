//! The rules of one value's schema: each broken, and each bound just kept.

use proptest::prelude::{Just, Strategy};
use serde_json::{Value, json};

use super::alteration::{Change, Effect};
use super::flat::Flat;
use super::generate::{Generator, Members};
use super::number;
use super::schema::Schemas;
use super::text;

/// What a value is changed into, and whether its schema still admits it.
pub(super) struct Rule {
    /// What there is to say of it: "is null".
    pub(super) what: String,
    pub(super) effect: Effect,
    pub(super) change: Change,
}

impl Rule {
    pub(super) fn new(what: impl Into<String>, effect: Effect, change: Change) -> Self {
        Self {
            what: what.into(),
            effect,
            change,
        }
    }

    pub(super) fn put(what: impl Into<String>, effect: Effect, value: Value) -> Self {
        Self::new(what, effect, Change::Put(Just(value).boxed()))
    }
}

/// Longer strings than these are not made to break a bound.
const LONGEST: usize = 100_000;

/// Nor are lists with more elements.
const LARGEST: u64 = 1000;

/// Of a list of values so many are tried.
const LISTED: usize = 20;

/// Of one byte, of two, of four.
const LETTERS: [&str; 3] = ["a", "é", "😀"];

/// What most patterns leave out, each for itself.
const ODD: [&str; 8] = ["\u{0}", " ", "é", "!", "A", "a", "0", "/"];

pub(super) struct Rules<'s> {
    schemas: &'s Schemas,
    flat: &'s Flat,
    found: Vec<Rule>,
}

impl<'s> Rules<'s> {
    /// Those of a value in a body.
    pub(super) fn of_json(schemas: &'s Schemas, flat: &'s Flat, value: &Value) -> Vec<Rule> {
        let mut rules = Self::new(schemas, flat);
        let others: &[Value] = match value {
            Value::Null => return Vec::new(),
            Value::String(_) => &[json!(7), json!(["x"])],
            Value::Number(_) => &[json!("x"), json!(1.5)],
            Value::Bool(_) => &[json!("x"), json!(1)],
            Value::Array(_) => &[json!("x"), json!({})],
            Value::Object(_) => &[json!([]), json!("x"), json!(7)],
        };
        rules.break_by("is null", Value::Null);
        rules.types(value, others);
        rules.values(value);
        rules.found
    }

    /// Those of a value in a query string, of which all is text.
    pub(super) fn of_text(schemas: &'s Schemas, flat: &'s Flat, value: &Value) -> Vec<Rule> {
        let mut rules = Self::new(schemas, flat);
        if matches!(value, Value::Number(_) | Value::Bool(_)) {
            rules.types(value, &[json!("x")]);
        }
        rules.values(value);
        rules.found
    }

    fn new(schemas: &'s Schemas, flat: &'s Flat) -> Self {
        Self {
            schemas,
            flat,
            found: Vec::new(),
        }
    }

    fn break_by(&mut self, what: impl Into<String>, value: Value) {
        self.found.push(Rule::put(what, Effect::Breaks, value));
    }

    fn keep_by(&mut self, what: impl Into<String>, value: Value) {
        self.found.push(Rule::put(what, Effect::Keeps, value));
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
            self.break_by(format!("is {other} and not {expected}"), other.clone());
        }
    }

    fn values(&mut self, value: &Value) {
        if let Some(listed) = self.flat.listed() {
            self.listed(value, listed);
            return;
        }
        match value {
            Value::String(text) => self.strings(text),
            Value::Number(_) if self.flat.json_type() == Some("integer") => self.integers(),
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
        self.break_by(format!("is {none}, which is not listed"), none);
        for value in listed.into_iter().take(LISTED) {
            self.keep_by(format!("is {value}"), value);
        }
    }

    fn strings(&mut self, value: &str) {
        let (least, most) = text::lengths(self.flat);
        let (shortest, longest) = (json!({"minLength": null}), json!({"maxLength": null}));
        let exactly = |length| format!("has exactly {length} characters");
        self.strings_of(least, &json!({}), &exactly(least), Effect::Keeps);
        self.strings_of(most, &json!({}), &exactly(most), Effect::Keeps);
        if let Some(fewer) = least.checked_sub(1) {
            let what = format!("has {fewer} characters (minLength {least})");
            self.strings_of(fewer, &shortest, &what, Effect::Breaks);
        }
        if let Some(more) = most.checked_add(1) {
            let what = format!("has {more} characters (maxLength {most})");
            self.strings_of(more, &longest, &what, Effect::Breaks);
        }
        if let Some(Value::String(format)) = self.flat.get("format") {
            self.break_by(format!("is no {format}"), json!("no such thing"));
        }
        for keyword in ["pattern", "not", "allOf"] {
            if self.flat.get(keyword).is_some() {
                self.strings_off(keyword, value);
            }
        }
    }

    /// Of exactly this length: of letters of one, two and four bytes where these are all taken,
    /// and otherwise whatever can be made.
    fn strings_of(&mut self, length: usize, without: &Value, what: &str, effect: Effect) {
        // What has a format has the length that goes with it.
        if length > LONGEST || self.flat.get("format").is_some() {
            return;
        }
        let flat = self.flat.with(without.clone());
        let flat = flat.with(json!({"minLength": length, "maxLength": length}));
        let Ok(validator) = self.schemas.validator(&flat.clone().into_schema()) else {
            return;
        };
        let letters = LETTERS
            .iter()
            .map(|letter| Value::from(letter.repeat(length)));
        let letters: Vec<_> = letters.filter(|text| validator.is_valid(text)).collect();
        // There is one string without characters, and that was tried.
        if letters.is_empty() && length > 0 {
            self.made(&flat, what, effect);
        }
        let rules = letters
            .into_iter()
            .map(|text| Rule::put(what, effect, text));
        self.found.extend(rules);
    }

    fn made(&mut self, flat: &Flat, what: &str, effect: Effect) {
        let generator = Generator {
            schemas: self.schemas,
            members: Members::Some,
        };
        // An example is as it is.
        let flat = flat.with(json!({"examples": null, "default": null}));
        if let Ok(values) = generator.values_of(&flat, "") {
            self.found
                .push(Rule::new(what, effect, Change::Put(values)));
        }
    }

    /// Those that break this keyword and no other.
    fn strings_off(&mut self, keyword: &str, value: &str) {
        let free = self.flat.with(json!({ keyword: null }));
        let schemas = [self.flat, &free].map(|flat| flat.clone().into_schema());
        let [Ok(strict), Ok(free)] = schemas.map(|schema| self.schemas.validator(&schema)) else {
            return;
        };
        let (least, _) = text::lengths(self.flat);
        let with = |odd: &&str| {
            let rest: String = value.chars().skip(1).collect();
            let alone = odd.repeat(least.max(1));
            [alone, format!("{value}{odd}"), format!("{odd}{rest}")]
        };
        let off = ODD.iter().flat_map(with).chain([String::new()]);
        let off = off.map(Value::from);
        let off = off.filter(|text| free.is_valid(text) && !strict.is_valid(text));
        // Two different ways are enough.
        for text in off.take(2).collect::<Vec<_>>() {
            self.break_by(format!("breaks its `{keyword}`"), text);
        }
    }

    fn integers(&mut self) {
        let Some(bounds) = number::bounds(self.flat) else {
            return;
        };
        let flat = self.flat;
        let has = |keywords: [&str; 2]| keywords.iter().any(|one| flat.get(one).is_some());
        if has(["minimum", "exclusiveMinimum"]) {
            self.integer(
                "is under its minimum",
                Effect::Breaks,
                bounds.before_first(),
            );
            self.integer("is its minimum", Effect::Keeps, bounds.first());
        }
        if has(["maximum", "exclusiveMaximum"]) {
            self.integer("is over its maximum", Effect::Breaks, bounds.after_last());
            self.integer("is its maximum", Effect::Keeps, bounds.last());
        }
        if has(["multipleOf", "multipleOf"]) {
            self.integer("is not a multiple", Effect::Breaks, bounds.off_step());
        }
    }

    /// `None` is what JSON cannot write.
    fn integer(&mut self, what: &str, effect: Effect, value: Option<Value>) {
        self.found
            .extend(value.map(|value| Rule::put(what, effect, value)));
    }

    fn floats(&mut self) {
        for (keyword, beyond) in [("minimum", -1.0), ("maximum", 1.0)] {
            if let Some(bound) = self.flat.get(keyword).and_then(Value::as_f64) {
                self.break_by(format!("is beyond its {keyword}"), json!(bound + beyond));
                self.keep_by(format!("is its {keyword}"), json!(bound));
            }
        }
        for keyword in ["exclusiveMinimum", "exclusiveMaximum"] {
            if let Some(bound) = self.flat.get(keyword).cloned() {
                self.break_by(format!("is its {keyword}"), bound);
            }
        }
    }

    fn arrays(&mut self, elements: &[Value]) {
        let flat = self.flat;
        let size = |keyword| flat.get(keyword).and_then(Value::as_u64);
        let size = |keyword| size(keyword).filter(|size| *size <= LARGEST);
        if let Some(least) = size("minItems") {
            self.arrays_of(
                least,
                &format!("has exactly {least} elements"),
                Effect::Keeps,
            );
            if let Some(fewer) = least.checked_sub(1) {
                let what = format!("has {fewer} elements (minItems {least})");
                self.arrays_of(fewer, &what, Effect::Breaks);
            }
        }
        if let Some(most) = size("maxItems") {
            self.arrays_of(most, &format!("has exactly {most} elements"), Effect::Keeps);
            let what = format!("has {} elements (maxItems {most})", most + 1);
            self.arrays_of(most + 1, &what, Effect::Breaks);
        }
        if let (Some(Value::Bool(true)), Some(first)) = (flat.get("uniqueItems"), elements.first())
        {
            self.break_by("has an element twice", json!([first, first]));
        }
    }

    fn arrays_of(&mut self, length: u64, what: &str, effect: Effect) {
        let flat = self
            .flat
            .with(json!({"minItems": length, "maxItems": length}));
        self.made(&flat, what, effect);
    }
}
