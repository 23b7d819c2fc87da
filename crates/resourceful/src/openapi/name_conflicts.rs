//! Two types of one name: schemars would call the second `Post2`, and which is which would depend
//! on the order of registration.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};

use crate::error::build_error::BuildError;

/// A type whose schema was asked for.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) type_name: &'static str,
    pub(super) caller: &'static Location<'static>,
    pub(super) generate: fn(&mut SchemaGenerator),
}

pub(super) fn name_conflicts(visits: &[Visit]) -> Vec<BuildError> {
    let first = first_visits(visits, &[]);
    let numbered = first.keys().filter(|name| {
        let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
        base.len() < name.len() && first.contains_key(base)
    });
    let numbered: Vec<_> = numbered.map(String::as_str).collect();
    if numbered.is_empty() {
        return Vec::new();
    }
    // A type may be called `Post2`. Where that name is taken already, it becomes `Post22`; what
    // schemars only calls so becomes `Post3`.
    let again = first_visits(visits, &numbered);
    let invented = numbered
        .iter()
        .filter(|name| !again.contains_key(&format!("{name}2")));
    let mistakes = invented.map(|name| {
        let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
        let (one, other) = (first[base], first[*name]);
        BuildError::new(
            format!(
                "two types have the schema name `{base}`: {} and {}; {}",
                one.place(base),
                other.place(base),
                hint(base, [&one, &other]),
            ),
            &[one.caller, other.caller],
        )
    });
    mistakes.collect()
}

/// For each name the visit that brought it, when those in `taken` are taken.
fn first_visits(visits: &[Visit], taken: &[&str]) -> BTreeMap<String, Visit> {
    let mut first = BTreeMap::new();
    let contracts = [
        SchemaSettings::for_serialize,
        SchemaSettings::for_deserialize,
    ];
    for contract in contracts {
        let mut generator = contract(SchemaSettings::draft2020_12()).into_generator();
        for name in taken {
            TAKEN.set((*name).to_owned());
            generator.subschema_for::<Taken>();
        }
        for visit in visits {
            (visit.generate)(&mut generator);
            for name in generator.definitions().keys() {
                first.entry(name.clone()).or_insert(*visit);
            }
        }
    }
    first
}

impl Visit {
    /// Where a type of this name is.
    fn place(&self, name: &str) -> String {
        let is_it = self.type_name.rsplit("::").next() == Some(name);
        let inside = if is_it { "" } else { "one inside " };
        format!("{inside}`{}`", self.type_name)
    }
}

/// Two of one generic type need a name that says of what they are.
fn hint(base: &str, types: [&Visit; 2]) -> String {
    let generic = |one: &Visit| {
        one.type_name
            .split_once('<')
            .map(|(name, _)| name.to_owned())
    };
    match types.map(generic) {
        [Some(one), Some(other)] if one == other => format!(
            "give the generic type a name for each parameter, by \
             `#[schemars(rename = \"{{T}}{base}\")]`"
        ),
        _ => "rename one, by `#[schemars(rename = \"..\")]`".to_owned(),
    }
}

/// Takes a name, so that no type can have it.
struct Taken;

thread_local!(static TAKEN: RefCell<String> = const { RefCell::new(String::new()) });

impl JsonSchema for Taken {
    fn schema_name() -> Cow<'static, str> {
        TAKEN.with_borrow(Clone::clone).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("taken: {}", Self::schema_name()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        false.into()
    }
}
