//! The variants of an enum and their tags, for values that match no variant.

use crate::input::check::diagnostic::Fix;
use crate::input::check::instance::Instance;
use crate::input::json_text::tape::NodeId;
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};
use crate::input::schema::types::Types;

/// Alternatives that are objects, each with all schemas that apply with it.
#[derive(Debug)]
pub(crate) struct Variants<'s> {
    schema: &'s InputSchema,
    all: Vec<Vec<SchemaId>>,
}

impl<'s> Variants<'s> {
    pub(crate) fn of(schema: &'s InputSchema, alternatives: &[SchemaId]) -> Self {
        let objects = alternatives
            .iter()
            .filter(|id| schema.schema(**id).types.intersects(Types::OBJECT));
        let all = objects.map(|id| schema.closure(&[*id])).collect();
        Self { schema, all }
    }

    fn schemas(&self) -> impl Iterator<Item = &'s Schema> {
        self.all.iter().flatten().map(|id| self.schema.schema(*id))
    }

    /// The tag of the variants, and its value in the instance.
    pub(crate) fn tag(&self, instance: &Instance<'_>) -> Option<(&'static str, Option<NodeId>)> {
        let fixed = self.schemas().flat_map(|schema| &schema.required);
        let mut tags = fixed.filter(|name| !self.tag_values(name).is_empty());
        let tag = tags.next()?;
        Some((tag, instance.member(tag)))
    }

    /// Whether all variants are tagged, internally or externally, and the tag is missing.
    pub(crate) fn is_tag_missing(&self, instance: &Instance<'_>) -> bool {
        let is_missing = |name: &str| instance.member(name).is_none();
        let schemas = |variant: &Vec<SchemaId>| {
            let schemas = variant.iter().map(|id| self.schema.schema(*id));
            schemas.collect::<Vec<_>>()
        };
        let mut variants = self.all.iter().map(schemas).peekable();
        if variants.peek().is_none() {
            return false;
        }
        let tag = self.tag(instance);
        variants.all(|variant| {
            let required =
                |name: &str| variant.iter().any(|schema| schema.required.contains(&name));
            if let Some((tag, value)) = tag {
                return value.is_none() && required(tag);
            }
            let mut names = variant.iter().filter_map(|schema| schema.external_tag());
            names.next().is_some_and(is_missing)
        })
    }

    /// The allowed values of a tag, as JSON.
    pub(crate) fn tag_values(&self, tag: &str) -> Vec<String> {
        let members = self
            .schemas()
            .filter_map(|schema| schema.properties.get(tag));
        let members = members
            .map(|id| self.schema.schema(*id))
            .filter(|schema| schema.is_tag());
        let values = members
            .filter_map(|schema| schema.constants.as_ref())
            .flatten();
        values.map(ToString::to_string).collect()
    }

    /// The names of externally tagged variants, as JSON.
    pub(crate) fn external_tags(&self) -> Vec<String> {
        let names = self.schemas().filter_map(Schema::external_tag);
        names
            .map(|name| serde_json::Value::from(name).to_string())
            .collect()
    }

    /// Fixes that turn an object with further members into the first variant.
    pub(crate) fn fixes_to_first(&self, instance: &Instance<'_>, others: &[&Schema]) -> Vec<Fix> {
        // Prefers a variant that allows further members, so that none of them becomes an error.
        let denies = |variant: &&Vec<SchemaId>| {
            let mut schemas = variant.iter().map(|id| self.schema.schema(*id));
            schemas.any(|schema| schema.additional == Additional::Denied)
        };
        let open = self.all.iter().find(|variant| !denies(variant));
        let Some(first) = open.or(self.all.first()) else {
            return Vec::new();
        };
        let schemas = first.iter().map(|id| self.schema.schema(*id));
        let required = schemas.flat_map(|schema| &schema.required);
        let own = required.filter(|name| {
            !others
                .iter()
                .any(|schema| schema.properties.contains_key(*name))
        });
        let fix = |name: &&'static str| {
            let member = self.schema.members(first, name);
            match instance.member(name) {
                Some(value) => Fix::Replace(value, member),
                None => Fix::Add(instance.id, (*name).to_owned(), member),
            }
        };
        own.map(fix).collect()
    }
}

/// All constants that `ids` allow, as JSON.
pub(crate) fn constants(schema: &InputSchema, ids: &[SchemaId]) -> Vec<String> {
    let all = schema.closure(ids);
    let constants = all
        .iter()
        .filter_map(|id| schema.schema(*id).constants.as_ref());
    constants.flatten().map(ToString::to_string).collect()
}
