//! Detects two types with the same schema name.
//!
//! schemars would name the second one `Post2`, so that names would depend on the order of registration.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};

use crate::error::build_error::BuildError;

/// A type that an operation uses.
#[derive(Clone, Copy)]
pub(super) struct SchemaUse {
    pub(super) type_name: &'static str,
    pub(super) caller: &'static Location<'static>,
    pub(super) generate: fn(&mut SchemaGenerator),
}

pub(super) fn name_conflicts(uses: &[SchemaUse]) -> Vec<BuildError> {
    let first = first_uses(uses, &[]);
    let numbered = first.keys().filter(|name| {
        let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
        base.len() < name.len() && first.contains_key(base)
    });
    let numbered: Vec<_> = numbered.map(String::as_str).collect();
    if numbered.is_empty() {
        return Vec::new();
    }
    // A type may really have the name `Post2`. If that name is reserved, such a type becomes `Post22`.
    // A `Post` that schemars has renamed becomes `Post3`.
    let with_reserved = first_uses(uses, &numbered);
    let invented = numbered
        .iter()
        .filter(|name| !with_reserved.contains_key(&format!("{name}2")));
    let errors = invented.map(|name| {
        let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
        let (first, second) = (first[base], first[*name]);
        BuildError::new(
            format!(
                "two types have the schema name `{base}`: {} and {}; {}",
                first.describe(base),
                second.describe(base),
                hint(base, [&first, &second]),
            ),
            &[first.caller, second.caller],
        )
    });
    errors.collect()
}

/// The first use of each name, when the names in `reserved` are not available.
fn first_uses(uses: &[SchemaUse], reserved: &[&str]) -> BTreeMap<String, SchemaUse> {
    let mut first = BTreeMap::new();
    let contracts = [
        SchemaSettings::for_serialize,
        SchemaSettings::for_deserialize,
    ];
    for contract in contracts {
        let mut generator = contract(SchemaSettings::draft2020_12()).into_generator();
        for name in reserved {
            RESERVED_NAME.set((*name).to_owned());
            generator.subschema_for::<Reserved>();
        }
        for schema_use in uses {
            (schema_use.generate)(&mut generator);
            for name in generator.definitions().keys() {
                first.entry(name.clone()).or_insert(*schema_use);
            }
        }
    }
    first
}

impl SchemaUse {
    /// The type with this name: the used one, or one inside it.
    fn describe(&self, name: &str) -> String {
        let is_itself = self.type_name.rsplit("::").next() == Some(name);
        let inside = if is_itself { "" } else { "one inside " };
        format!("{inside}`{}`", self.type_name)
    }
}

/// Suggests a fix. Two instances of one generic type need a name with the parameter.
fn hint(base: &str, types: [&SchemaUse; 2]) -> String {
    let generic = |schema_use: &SchemaUse| {
        schema_use
            .type_name
            .split_once('<')
            .map(|(name, _)| name.to_owned())
    };
    match types.map(generic) {
        [Some(first), Some(second)] if first == second => format!(
            "give the generic type a name for each parameter, by \
             `#[schemars(rename = \"{{T}}{base}\")]`"
        ),
        _ => "rename one, by `#[schemars(rename = \"..\")]`".to_owned(),
    }
}

/// Occupies a name, so that no type gets it.
struct Reserved;

thread_local!(static RESERVED_NAME: RefCell<String> = const { RefCell::new(String::new()) });

impl JsonSchema for Reserved {
    fn schema_name() -> Cow<'static, str> {
        RESERVED_NAME.with_borrow(Clone::clone).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("reserved: {}", Self::schema_name()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        false.into()
    }
}
