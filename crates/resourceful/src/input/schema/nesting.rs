//! The nesting limit of a body.
//!
//! Serde buffers the members of tagged and untagged enums before it reads them. In a recursive enum a
//! value is therefore read once for each level above it. If several untagged variants contain the enum,
//! the number of reads doubles with each level. A deserializer cannot prevent that from outside, so
//! such types have a limit that depends on the size of the body.

use crate::input::schema::subschema::{Choice, Schema, SchemaId, reaches};
use crate::input::schema::types::Types;

/// The limit for all types, in levels.
pub(crate) const MAX_DEPTH: u32 = 64;

/// The number of times that serde reads a value, by the number of levels above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nesting {
    /// Once.
    Once,
    /// Once per level; the buffer is handed on.
    Tagged,
    /// Once per level; the buffer is copied each time.
    Untagged,
    /// This many times more with each level.
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

    /// The nesting of an enum, which may be recursive.
    ///
    /// Serde tries untagged variants one after the other, each with everything inside. The schema does
    /// not show which members distinguish variants early, since it has no aliases. So all variants that
    /// contain the enum count.
    fn of_choice(schemas: &[Schema], id: SchemaId, choice: &Choice) -> Self {
        let containers = choice.alternatives.iter().filter(|alternative| {
            let types = schemas[**alternative].types;
            types.intersects(Types::OBJECT.union(Types::ARRAY))
        });
        let recursive = |alternative: &&SchemaId| reaches(schemas, **alternative, id);
        if choice.is_untagged {
            let others = choice.alternatives.iter();
            let others = others
                .filter(|alternative| schemas[**alternative].types != Types::NULL)
                .count();
            return match containers.filter(recursive).count() {
                0 => Self::Once,
                1 if others == 1 => Self::Once,
                1 => Self::Untagged,
                several => Self::Exponential(several),
            };
        }
        let mut buffered =
            containers.filter(|alternative| schemas[**alternative].external_tag().is_none());
        if buffered.any(|alternative| recursive(&alternative)) {
            Self::Tagged
        } else {
            Self::Once
        }
    }

    /// The limit in levels for a body of this many bytes.
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

    /// Roughly the number of times that the innermost value of a body may be read.
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
