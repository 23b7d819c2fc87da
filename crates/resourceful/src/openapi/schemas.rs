//! The schemas of a document: schemars' own, once as clients send a type and once as they read it.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{ReplaceBoolSchemas, Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::name_conflicts::{Visit, name_conflicts};
use super::standard_error::schemas as problem_schemas;
use crate::error::build_error::BuildError;

const OUTPUTS: &str = "#/components/schemas/";

/// Where the schemas of what clients send stand until it is known which differ from those of what
/// they read.
const INPUTS: &str = "#/components/inputs/";

/// A pattern.
pub const WITHOUT_NUL: &str = r"^[^\u0000]*$";

/// Collects the schemas that operations refer to.
pub(crate) struct Schemas {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    visits: Vec<Visit>,
    /// Who registered what is described now.
    pub(crate) caller: &'static Location<'static>,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        Self {
            inputs: settings(INPUTS).for_deserialize().into_generator(),
            outputs: settings(OUTPUTS).for_serialize().into_generator(),
            visits: Vec::new(),
            caller: Location::caller(),
        }
    }

    /// The schema of what a client sends.
    pub(crate) fn input<T: JsonSchema>(&mut self) -> Value {
        self.visit::<T>();
        let mut schema = self.inputs.subschema_for::<T>();
        as_object(&mut schema);
        as_read(&mut schema);
        schema.to_value()
    }

    /// The schema of what a client reads.
    pub(crate) fn output<T: JsonSchema>(&mut self) -> Value {
        self.visit::<T>();
        let mut schema = self.outputs.subschema_for::<T>();
        as_object(&mut schema);
        schema.to_value()
    }

    fn visit<T: JsonSchema>(&mut self) {
        self.visits.push(Visit {
            type_name: type_name::<T>(),
            caller: self.caller,
            generate: |generator| drop(generator.subschema_for::<T>()),
        });
    }

    /// Two types of one name, as mistakes.
    pub(crate) fn mistakes(&self) -> Vec<BuildError> {
        name_conflicts(&self.visits)
    }

    /// Puts the schemas into `document`, and has its references lead there. A type that clients
    /// send otherwise than they read it stands there twice: `Post` and `PostInput`.
    pub(crate) fn put_into(mut self, document: &mut Value) -> Vec<BuildError> {
        let mut schemas = self.outputs.take_definitions(true);
        let mut inputs = self.inputs.take_definitions(true);
        for schema in inputs.values_mut() {
            if let Ok(schema) = schema.try_into() {
                as_read(schema);
            }
        }
        let differing = differing(&inputs, &schemas);
        let renamed: BTreeMap<_, _> = differing
            .into_iter()
            .map(|input| {
                let name = input_name(&input, &schemas);
                (input, name)
            })
            .collect();
        for (input, schema) in inputs {
            let name = renamed.get(&input).cloned().unwrap_or(input);
            schemas.entry(name).or_insert(schema);
        }
        let mut mistakes = Vec::new();
        for (name, schema) in problem_schemas() {
            if schemas.insert(name.to_owned(), schema).is_some() {
                mistakes.push(BuildError::new(
                    format!("the schema name `{name}` is that of problem details: rename the type"),
                    &[self.caller],
                ));
            }
        }
        document["components"]["schemas"] = schemas.into();
        redirect(document, &renamed);
        mistakes
    }
}

/// The schema of `T` as clients send it, without references.
pub(crate) fn inline_schema<T: JsonSchema>() -> Schema {
    let mut settings = settings(INPUTS).for_deserialize();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    as_read(&mut schema);
    schema
}

fn settings(path: &str) -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = path.trim_start_matches('#').to_owned().into();
        settings.transforms.push(Box::new(as_object));
    })
}

/// Says "anything" by `{}`: generators of clients stumble over `true`, which says the same.
fn as_object(schema: &mut Schema) {
    let mut transform = ReplaceBoolSchemas::default();
    transform.skip_additional_properties = true;
    transform.transform(schema);
}

/// Says what [`Input`](crate::Input) does besides what schemars knows.
fn as_read(schema: &mut Schema) {
    transform_subschemas(&mut as_read, schema);
    in_known_formats(schema);
    if is_text(schema) && !has_any(schema, &["x-allow-nul", "enum", "const", "format"]) {
        // One of the two can always be added.
        if has_any(schema, &["pattern"]) {
            // Any number, and null, matches a pattern: `not` alone would refuse these.
            let is_text_alone = schema.get("type").is_some_and(Value::is_string);
            let nul = if is_text_alone {
                json!({"pattern": r"\u0000"})
            } else {
                json!({"type": "string", "pattern": r"\u0000"})
            };
            schema.insert("not".to_owned(), nul);
        } else {
            schema.insert("pattern".to_owned(), WITHOUT_NUL.into());
        }
    }
    // The names of a map; those that no schema knows are ignored.
    let is_map = schema
        .get("additionalProperties")
        .is_some_and(|it| it != false);
    if is_map && !has_any(schema, &["x-allow-nul", "propertyNames"]) {
        let names = json!({"pattern": WITHOUT_NUL});
        schema.insert("propertyNames".to_owned(), names);
    }
    if schema.remove("x-read-one-by-one").is_some()
        && let Some(items) = schema.remove("items")
    {
        let any = json!({"description": "Anything else fails as an item."});
        schema.insert("items".to_owned(), json!({"anyOf": [items, any]}));
    }
    // Schemars asks `Serialize` for defaults, which may say absence by null.
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// Schemars has formats of its own, whose bounds nobody else knows; those of `float` are known, but
/// not to all.
fn in_known_formats(schema: &mut Schema) {
    let (minimum, maximum) = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (0.into(), u32::MAX.into()),
        Some("uint64") => (0.into(), u64::MAX.into()),
        Some("uint") => (0.into(), usize::MAX.into()),
        Some("int") => (isize::MIN.into(), isize::MAX.into()),
        Some("float") => (Value::from(f32::MIN), Value::from(f32::MAX)),
        Some("ip") => {
            schema.remove("format");
            let either = json!([{"format": "ipv4"}, {"format": "ipv6"}]);
            schema.insert("anyOf".to_owned(), either);
            return;
        }
        _ => return,
    };
    for (keyword, sharper, bound) in [
        ("minimum", "exclusiveMinimum", minimum),
        ("maximum", "exclusiveMaximum", maximum),
    ] {
        if !has_any(schema, &[keyword, sharper]) {
            schema.insert(keyword.to_owned(), bound);
        }
    }
}

fn is_text(schema: &Schema) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == "string",
        Some(Value::Array(several)) => several.iter().any(|one| one == "string"),
        _ => false,
    }
}

fn has_any(schema: &Schema, keywords: &[&str]) -> bool {
    keywords
        .iter()
        .any(|keyword| schema.get(*keyword).is_some())
}

/// The inputs that are not what an output of the same name is, or that refer to one.
fn differing(inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> BTreeSet<String> {
    let mut differing = BTreeSet::new();
    for (name, input) in inputs {
        let mut same = input.clone();
        redirect(&mut same, &BTreeMap::new());
        if outputs.get(name).is_some_and(|output| *output != same) {
            differing.insert(name.clone());
        }
    }
    loop {
        let refers = |name: &&String| {
            let text = inputs[*name].to_string();
            let mut names = differing.iter();
            outputs.contains_key(*name)
                && names.any(|other| text.contains(&format!("\"{INPUTS}{other}\"")))
        };
        let more: Vec<_> = inputs
            .keys()
            .filter(|name| !differing.contains(*name))
            .filter(refers)
            .cloned()
            .collect();
        if more.is_empty() {
            return differing;
        }
        differing.extend(more);
    }
}

fn input_name(input: &str, taken: &Map<String, Value>) -> String {
    let name = format!("{input}Input");
    let numbered = (2..).map(|number| format!("{name}{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(|name| !taken.contains_key(name))
        .expect("there is always a next number")
}

/// References to inputs become references to schemas, some under another name.
fn redirect(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(input) = reference.strip_prefix(INPUTS)
            {
                let name = renamed.get(input).map_or(input, String::as_str);
                *reference = format!("{OUTPUTS}{name}");
            }
            members
                .values_mut()
                .for_each(|member| redirect(member, renamed));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|one| redirect(one, renamed)),
        _ => {}
    }
}
