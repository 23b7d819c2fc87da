//! How deep a body may nest.
//!
//! Serde keeps the members of tagged and untagged enums before it reads them. Where such an enum is part
//! of itself, a value is read once for each level above it; where several untagged variants may have
//! the same member, once for each way to choose them, which doubles with each level. No deserializer
//! can prevent that from outside, so that such types have a limit which depends on the body's size.

use crate::input::schema::subschema::{Choice, Schema, SchemaId, reaches};
use crate::input::schema::types::Types;

/// The limit of all types, in levels.
pub(crate) const MAX_DEPTH: u32 = 64;

/// How often serde reads a value, by the number of levels above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nesting {
    /// Once.
    Once,
    /// Once for each level, of which it hands on what it keeps.
    Tagged,
    /// Once for each level, and copied each time.
    Untagged,
    /// As many times more with each level.
    Exponential(usize),
}

impl Nesting {
    pub(crate) fn of(schemas: &[Schema]) -> Self {
        let kinds = (0..schemas.len()).flat_map(|id| {
            let choices = schemas[id].choices.iter();
            choices.map(move |choice| Self::of_choice(schemas, id, choice))
        });
        kinds.max().unwrap_or(Self::Once)
    }

    /// Of an enum, which may contain itself.
    ///
    /// Serde tries untagged variants one after the other, each with all that is inside. Which members
    /// tell them apart early cannot be known from the schema, which has no aliases: so all that
    /// contain the enum count.
    fn of_choice(schemas: &[Schema], id: SchemaId, choice: &Choice) -> Self {
        let containers = choice.alternatives.iter().filter(|one| {
            let types = schemas[**one].types;
            types.meets(Types::OBJECT.or(Types::ARRAY))
        });
        let recursive = |one: &&SchemaId| reaches(schemas, **one, id);
        if choice.is_untagged {
            let others = choice.alternatives.iter();
            let others = others
                .filter(|one| schemas[**one].types != Types::NULL)
                .count();
            return match containers.filter(recursive).count() {
                0 => Self::Once,
                1 if others == 1 => Self::Once,
                1 => Self::Untagged,
                several => Self::Exponential(several),
            };
        }
        let mut kept = containers.filter(|one| schemas[**one].external_tag().is_none());
        if kept.any(|one| recursive(&one)) {
            Self::Tagged
        } else {
            Self::Once
        }
    }

    /// In levels, for a body of so many bytes.
    pub(crate) fn max_depth(self, bytes: usize) -> u32 {
        let times = |most: usize| most / bytes.max(1);
        let linear = |most: usize, least: u32| {
            let levels = u32::try_from(times(most)).unwrap_or(MAX_DEPTH);
            levels.clamp(least, MAX_DEPTH)
        };
        match self {
            Self::Once => MAX_DEPTH,
            Self::Tagged => linear(16 * MIB, 8),
            Self::Untagged => linear(4 * MIB, 4),
            Self::Exponential(base) => {
                let levels = times(4 * MIB).max(1).ilog(base);
                levels.clamp(3, MAX_DEPTH)
            }
        }
    }

    /// How often the innermost value of a body may be read, roughly.
    pub(crate) fn times(self, depth: usize) -> usize {
        match self {
            Self::Once => 1,
            Self::Tagged => depth.div_ceil(8),
            Self::Untagged => depth,
            Self::Exponential(base) => {
                let depth = u32::try_from(depth).unwrap_or(u32::MAX);
                base.saturating_pow(depth)
            }
        }
    }
}

const MIB: usize = 1024 * 1024;
