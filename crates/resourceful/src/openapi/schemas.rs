//! The schemas of the document, from schemars: for each type as input and as output.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{ReplaceBoolSchemas, Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::name_conflicts::{SchemaUse, name_conflicts};
use super::problem_schemas::problem_schemas;
use crate::error::build_error::BuildError;

const OUTPUTS: &str = "#/components/schemas/";

/// The location of input schemas until it is known which of them differ from the output schemas.
const INPUTS: &str = "#/components/inputs/";

/// The pattern of strings without U+0000.
pub const WITHOUT_NUL: &str = r"^[^\u0000]*$";

/// Collects the schemas that operations use.
pub(crate) struct Schemas {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    uses: Vec<SchemaUse>,
    /// The registration of the operation that is being described.
    pub(crate) caller: &'static Location<'static>,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        Self {
            inputs: settings(INPUTS).for_deserialize().into_generator(),
            outputs: settings(OUTPUTS).for_serialize().into_generator(),
            uses: Vec::new(),
            caller: Location::caller(),
        }
    }

    /// The schema of a type as a client sends it.
    pub(crate) fn input<T: JsonSchema>(&mut self) -> Value {
        self.add_use::<T>();
        let mut schema = self.inputs.subschema_for::<T>();
        replace_bool_schemas(&mut schema);
        add_input_rules(&mut schema);
        schema.to_value()
    }

    /// The schema of a type as a client receives it.
    pub(crate) fn output<T: JsonSchema>(&mut self) -> Value {
        self.add_use::<T>();
        let mut schema = self.outputs.subschema_for::<T>();
        replace_bool_schemas(&mut schema);
        schema.to_value()
    }

    fn add_use<T: JsonSchema>(&mut self) {
        self.uses.push(SchemaUse {
            type_name: type_name::<T>(),
            caller: self.caller,
            generate: |generator| drop(generator.subschema_for::<T>()),
        });
    }

    /// An error for each two types with the same name.
    pub(crate) fn name_conflicts(&self) -> Vec<BuildError> {
        name_conflicts(&self.uses)
    }

    /// Writes the schemas into `document` and adjusts its references. A type whose input schema differs
    /// from its output schema gets two: `Post` and `PostInput`.
    pub(crate) fn write_into(mut self, document: &mut Value) -> Vec<BuildError> {
        let mut schemas = self.outputs.take_definitions(true);
        let mut inputs = self.inputs.take_definitions(true);
        for schema in inputs.values_mut() {
            if let Ok(schema) = schema.try_into() {
                add_input_rules(schema);
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
        let mut errors = Vec::new();
        for (name, schema) in problem_schemas() {
            if schemas.insert(name.to_owned(), schema).is_some() {
                errors.push(BuildError::new(
                    format!(
                        "the schema name `{name}` is reserved for problem details: rename the type"
                    ),
                    &[self.caller],
                ));
            }
        }
        document["components"]["schemas"] = schemas.into();
        rename_references(document, &renamed);
        errors
    }
}

/// The input schema of `T` without references.
pub(crate) fn inline_schema<T: JsonSchema>() -> Schema {
    let mut settings = settings(INPUTS).for_deserialize();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    add_input_rules(&mut schema);
    schema
}

fn settings(path: &str) -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = path.trim_start_matches('#').to_owned().into();
        settings.transforms.push(Box::new(replace_bool_schemas));
    })
}

/// Replaces the schema `true` by `{}`, since some client generators do not support `true`.
fn replace_bool_schemas(schema: &mut Schema) {
    let mut transform = ReplaceBoolSchemas::default();
    transform.skip_additional_properties = true;
    transform.transform(schema);
}

/// Adds the rules of [`Input`](crate::Input) that schemars does not know.
fn add_input_rules(schema: &mut Schema) {
    transform_subschemas(&mut add_input_rules, schema);
    add_format_bounds(schema);
    if is_string(schema) && !has_any(schema, &["x-allow-nul", "enum", "const", "format"]) {
        if has_any(schema, &["pattern"]) {
            // Numbers and null match every pattern, so `not` needs the type if they are allowed.
            let is_only_string = schema.get("type").is_some_and(Value::is_string);
            let nul = if is_only_string {
                json!({"pattern": r"\u0000"})
            } else {
                json!({"type": "string", "pattern": r"\u0000"})
            };
            schema.insert("not".to_owned(), nul);
        } else {
            schema.insert("pattern".to_owned(), WITHOUT_NUL.into());
        }
    }
    // The keys of a map. Other unknown members are ignored.
    let is_map = schema
        .get("additionalProperties")
        .is_some_and(|additional| additional != false);
    if is_map && !has_any(schema, &["x-allow-nul", "propertyNames"]) {
        let names = json!({"pattern": WITHOUT_NUL});
        schema.insert("propertyNames".to_owned(), names);
    }
    if schema.remove("x-read-one-by-one").is_some()
        && let Some(items) = schema.remove("items")
    {
        let any = json!({"description": "Any other element fails as a single item."});
        schema.insert("items".to_owned(), json!({"anyOf": [items, any]}));
    }
    // schemars serialises defaults, and an absent value may serialise as null.
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// Adds bounds for formats that only schemars defines, and for `float`, which some tools do not know.
fn add_format_bounds(schema: &mut Schema) {
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

fn is_string(schema: &Schema) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "string",
        Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
        _ => false,
    }
}

fn has_any(schema: &Schema, keywords: &[&str]) -> bool {
    keywords
        .iter()
        .any(|keyword| schema.get(*keyword).is_some())
}

/// The input schemas that differ from the output schema of the same name, or refer to such a schema.
fn differing(inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> BTreeSet<String> {
    let mut differing = BTreeSet::new();
    for (name, input) in inputs {
        let mut input = input.clone();
        rename_references(&mut input, &BTreeMap::new());
        if outputs.get(name).is_some_and(|output| *output != input) {
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

fn input_name(input: &str, existing: &Map<String, Value>) -> String {
    let name = format!("{input}Input");
    let numbered = (2..).map(|number| format!("{name}{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(|name| !existing.contains_key(name))
        .expect("there is always a next number")
}

/// Changes references to input schemas into references to schemas, some under another name.
fn rename_references(value: &mut Value, renamed: &BTreeMap<String, String>) {
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
                .for_each(|member| rename_references(member, renamed));
        }
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| rename_references(element, renamed)),
        _ => {}
    }
}
