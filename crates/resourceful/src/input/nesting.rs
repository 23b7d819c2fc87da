//! How deep a body may nest.
//!
//! Serde keeps the members of tagged and untagged enums before it reads them. Where such an enum is part
//! of itself, a value is read once for each level above it; where several untagged variants may have
//! the same member, once for each way to choose them, which doubles with each level. No deserializer
//! can prevent that from outside, so that such types have a limit which depends on the body's size.

use super::schema::{Additional, Schema, SchemaId, reaches};
use super::types::Types;

/// The limit of all types, in levels.
pub(super) const MAX_DEPTH: u32 = 64;

/// Bytes that may be read because of nesting, where the times add up.
const MAX_LINEAR_BYTES: usize = 16 * 1024 * 1024;

/// The same where they multiply.
const MAX_EXPONENTIAL_BYTES: usize = 1024 * 1024;

/// How often serde reads a value, by the number of levels above it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    /// Once.
    Once,
    /// Once for each level.
    Linear,
    /// As many times more with each level.
    Exponential(usize),
}

impl Nesting {
    pub(super) fn of(schemas: &[Schema]) -> Self {
        let branches = (0..schemas.len()).flat_map(|id| {
            let choices = schemas[id].choices.iter();
            choices.map(move |choice| branches(schemas, id, choice))
        });
        match branches.max().unwrap_or(0) {
            0 => Self::Once,
            1 => Self::Linear,
            several => Self::Exponential(several),
        }
    }

    /// In levels, for a body of so many bytes.
    pub(super) fn max_depth(&self, bytes: usize) -> u32 {
        let bytes = bytes.max(1);
        match self {
            Self::Once => MAX_DEPTH,
            Self::Linear => {
                let times = u32::try_from(MAX_LINEAR_BYTES / bytes);
                times.unwrap_or(MAX_DEPTH).clamp(8, MAX_DEPTH)
            }
            Self::Exponential(base) => {
                let times = (MAX_EXPONENTIAL_BYTES / bytes).max(1);
                times.ilog(*base).clamp(4, MAX_DEPTH)
            }
        }
    }

    /// How often the innermost value of a body may be read, roughly.
    pub(super) fn times(&self, depth: usize) -> usize {
        match self {
            Self::Once => 1,
            Self::Linear => depth.div_ceil(8),
            Self::Exponential(base) => {
                let depth = u32::try_from(depth).unwrap_or(u32::MAX);
                base.saturating_pow(depth)
            }
        }
    }
}

/// How many alternatives serde may try in vain one after the other, each with all that is inside: 0
/// where the choice is not part of itself, or is made before the members are read.
fn branches(schemas: &[Schema], id: SchemaId, choice: &[SchemaId]) -> usize {
    let is_kept = |id: &&SchemaId| {
        let schema = &schemas[**id];
        schema.types.meets(Types::OBJECT.or(Types::ARRAY)) && schema.external_tag().is_none()
    };
    let kept: Vec<SchemaId> = choice.iter().filter(is_kept).copied().collect();
    let leads_back = |one: SchemaId| reaches(schemas, one, id);
    if kept.len() < 2 || !kept.iter().any(|one| leads_back(*one)) {
        return 0;
    }
    let bodies: Vec<Vec<&Schema>> = kept.iter().map(|one| conjuncts(schemas, *one)).collect();
    if bodies
        .iter()
        .all(|body| body.iter().any(|one| is_tagged(schemas, one)))
    {
        return 1;
    }
    let tries = |child: &dyn Fn(&Schema) -> Option<SchemaId>| {
        let leads_back = |body: &&Vec<&Schema>| {
            let mut children = body.iter().filter_map(|one| child(one));
            children.any(leads_back)
        };
        bodies.iter().filter(leads_back).count()
    };
    let map = |one: &Schema| match one.additional {
        Additional::Map(id) => Some(id),
        _ => None,
    };
    let names = bodies
        .iter()
        .flatten()
        .flat_map(|one| one.properties.keys());
    let by_name = names.map(|name| tries(&|one| one.properties.get(name).copied().or(map(one))));
    let by_index = tries(&|one| one.tuple.first().copied().or(one.items));
    by_name.chain([by_index, tries(&map), 1]).max().unwrap_or(1)
}

/// A schema and those that hold as well.
fn conjuncts(schemas: &[Schema], id: SchemaId) -> Vec<&Schema> {
    let mut found: Vec<SchemaId> = Vec::new();
    let mut left = vec![id];
    while let Some(id) = left.pop() {
        if !found.contains(&id) {
            found.push(id);
            left.extend(&schemas[id].conjuncts);
        }
    }
    found.into_iter().map(|id| &schemas[id]).collect()
}

/// Has it a required member whose value is fixed, by which serde chooses?
fn is_tagged(schemas: &[Schema], schema: &Schema) -> bool {
    let is_fixed = |name: &&'static str| {
        let member = schema.properties.get(*name);
        member.is_some_and(|id| schemas[*id].is_tag())
    };
    schema.required.iter().any(is_fixed)
}
