//! The variants of an enum, of which a value is none: which there are, and how serde tells them apart.

use crate::input::check::diagnostic::Fix;
use crate::input::check::instance::Subject;
use crate::input::json_text::tape::NodeId;
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};
use crate::input::schema::types::Types;

/// Alternatives that are objects, each with those schemas that hold as well.
#[derive(Debug)]
pub(crate) struct Variants<'s> {
    schema: &'s InputSchema,
    all: Vec<Vec<SchemaId>>,
}

impl<'s> Variants<'s> {
    pub(crate) fn of(schema: &'s InputSchema, alternatives: &[SchemaId]) -> Self {
        let objects = alternatives
            .iter()
            .filter(|id| schema.schema(**id).types.meets(Types::OBJECT));
        let all = objects.map(|id| schema.closure(&[*id])).collect();
        Self { schema, all }
    }

    fn schemas(&self) -> impl Iterator<Item = &'s Schema> {
        self.all.iter().flatten().map(|id| self.schema.schema(*id))
    }

    /// The member whose value tells the variants apart, and what the client sent for it.
    pub(crate) fn tag(&self, subject: &Subject<'_>) -> Option<(&'static str, Option<NodeId>)> {
        let fixed = self.schemas().flat_map(|one| &one.required);
        let mut tags = fixed.filter(|name| !self.values_of(name).is_empty());
        let tag = tags.next()?;
        Some((tag, subject.member(tag)))
    }

    /// Has each variant the same tag, or each one its name, and is it not there?
    pub(crate) fn are_untagged(&self, subject: &Subject<'_>) -> bool {
        let is_missing = |name: &str| subject.member(name).is_none();
        let schemas = |variant: &Vec<SchemaId>| {
            let schemas = variant.iter().map(|id| self.schema.schema(*id));
            schemas.collect::<Vec<_>>()
        };
        let mut variants = self.all.iter().map(schemas).peekable();
        if variants.peek().is_none() {
            return false;
        }
        let tag = self.tag(subject);
        variants.all(|variant| {
            let required = |name: &str| variant.iter().any(|one| one.required.contains(&name));
            if let Some((tag, value)) = tag {
                return value.is_none() && required(tag);
            }
            let mut names = variant.iter().filter_map(|one| one.external_tag());
            names.next().is_some_and(is_missing)
        })
    }

    /// As JSON.
    pub(crate) fn values_of(&self, tag: &str) -> Vec<String> {
        let members = self.schemas().filter_map(|one| one.properties.get(tag));
        let members = members
            .map(|id| self.schema.schema(*id))
            .filter(|one| one.is_tag());
        let values = members.filter_map(|one| one.constants.as_ref()).flatten();
        values.map(ToString::to_string).collect()
    }

    /// The members by whose name the variants are told apart, as JSON.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.schemas().filter_map(Schema::external_tag);
        names
            .map(|name| serde_json::Value::from(name).to_string())
            .collect()
    }

    /// What makes an object that has members besides one of the first variant.
    pub(crate) fn members_of_first(&self, subject: &Subject<'_>, besides: &[&Schema]) -> Vec<Fix> {
        // One that denies no members, so that none of the others is blamed.
        let denies = |variant: &&Vec<SchemaId>| {
            let mut schemas = variant.iter().map(|id| self.schema.schema(*id));
            schemas.any(|one| one.additional == Additional::Denied)
        };
        let open = self.all.iter().find(|variant| !denies(variant));
        let Some(first) = open.or(self.all.first()) else {
            return Vec::new();
        };
        let schemas = first.iter().map(|id| self.schema.schema(*id));
        let required = schemas.flat_map(|one| &one.required);
        let own =
            required.filter(|name| !besides.iter().any(|one| one.properties.contains_key(*name)));
        let fix = |name: &&'static str| {
            let member = self.schema.members(first, name);
            match subject.member(name) {
                Some(value) => Fix::Replace(value, member),
                None => Fix::Add(subject.id, (*name).to_owned(), member),
            }
        };
        own.map(fix).collect()
    }
}

/// All constants that are allowed where one of `ids` holds, as JSON.
pub(crate) fn constants(schema: &InputSchema, ids: &[SchemaId]) -> Vec<String> {
    let all = schema.closure(ids);
    let constants = all
        .iter()
        .filter_map(|id| schema.schema(*id).constants.as_ref());
    constants.flatten().map(ToString::to_string).collect()
}
