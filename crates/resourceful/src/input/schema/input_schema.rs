//! The compiled schema of an input type, and lookups in it.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::input::json_text::path::Step;
use crate::input::json_text::scan::Scan;
use crate::input::schema::compile::compile;
use crate::input::schema::nesting::Nesting;
use crate::input::schema::subschema::{Additional, Schema, SchemaId, is_recursive};
use crate::input::schema::types::Types;

/// The schema of a type, compiled once per type and kept for the life of the process.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
pub struct InputSchema {
    schemas: Vec<Schema>,
    /// The names of all properties. A member with another name is ignored or belongs to a map.
    names: HashSet<&'static str>,
    nesting: Nesting,
    has_sets: bool,
    has_maps: bool,
    /// Some property is an `f32`.
    has_floats: bool,
    nests_structs: bool,
}

impl InputSchema {
    /// The schema of `T`.
    pub(crate) fn of<T: JsonSchema + 'static>() -> &'static Self {
        static SCHEMAS: LazyLock<RwLock<HashMap<TypeId, &'static InputSchema, TypeIdHasher>>> =
            LazyLock::new(RwLock::default);
        let id = TypeId::of::<T>();
        let known = SCHEMAS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = known.get(&id) {
            return schema;
        }
        drop(known);
        let mut known = SCHEMAS.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(id)
            .or_insert_with(|| Box::leak(Box::new(Self::new::<T>())))
    }

    fn new<T: JsonSchema>() -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let root = generator.into_root_schema_for::<T>().to_value();
        Self::compile(Box::leak(Box::new(root)))
    }

    fn compile(root: &'static Value) -> Self {
        let schemas = compile(root);
        let names = schemas
            .iter()
            .flat_map(|subschema| subschema.properties.keys().copied());
        let names = names.collect();
        let any = |predicate: fn(&Schema) -> bool| schemas.iter().any(predicate);
        let is_struct = |subschema: &&Schema| {
            subschema.types == Types::OBJECT && !matches!(subschema.additional, Additional::Map(_))
        };
        let structs = schemas.iter().filter(is_struct);
        Self {
            names,
            nesting: Nesting::of(&schemas),
            has_sets: any(|subschema| subschema.has_flag("uniqueItems")),
            has_maps: any(|subschema| {
                subschema.is_any || matches!(subschema.additional, Additional::Map(_))
            }),
            has_floats: any(|subschema| subschema.format() == Some("float")),
            nests_structs: structs.count() > 1 || is_recursive(&schemas, Self::ROOT),
            schemas,
        }
    }

    /// The number of the root schema.
    pub(crate) const ROOT: SchemaId = 0;

    pub(crate) fn schema(&self, id: SchemaId) -> &Schema {
        &self.schemas[id]
    }

    /// Follows a schema that is only a reference.
    pub(crate) fn resolve(&self, mut id: SchemaId) -> SchemaId {
        for _ in 0..MAX_CHOICES {
            let schema = self.schema(id);
            let [target] = schema.all_of[..] else {
                break;
            };
            let is_reference = schema.types == Types::ANY
                && schema.properties.is_empty()
                && schema.choices.is_empty()
                && schema.constants.is_none()
                && schema.keyword("x-allow-nul").is_none();
            if !is_reference {
                break;
            }
            id = target;
        }
        id
    }

    /// Whether serde may accept a body with these features although the schema forbids it: an array for a
    /// struct, duplicates in a set or a map, a number that overflows an `f32`, U+0000.
    #[inline]
    pub(crate) fn may_be_lenient(&self, scan: &Scan) -> bool {
        let arrays = || {
            self.has_sets
                || (scan.has_nested_array && self.nests_structs)
                || (scan.is_array && !self.types(&[Self::ROOT]).intersects(Types::ARRAY))
        };
        scan.has_nul
            || self.has_maps
            || ((scan.is_array || scan.has_nested_array) && arrays())
            || (scan.has_wide_number && self.has_floats)
    }

    /// The nesting limit for a body of this many bytes, in levels.
    pub(crate) fn max_depth(&self, bytes: usize) -> u32 {
        self.nesting.max_depth(bytes)
    }

    /// The cost of reading a body of this size and depth, in bytes that are read.
    pub(crate) fn cost(&self, bytes: usize, depth: usize) -> usize {
        self.nesting.times(depth).saturating_mul(bytes)
    }

    /// The name of a property anywhere in this type.
    pub(crate) fn property_name(&self, name: &str) -> Option<&'static str> {
        self.names.get(name).copied()
    }

    /// `ids` and all schemas that may apply to the same value, each once.
    pub(crate) fn closure(&self, ids: &[SchemaId]) -> Vec<SchemaId> {
        let mut closure: Vec<SchemaId> = Vec::new();
        let mut next = ids.to_vec();
        while !next.is_empty() {
            let mut further = Vec::new();
            for id in next {
                if !closure.contains(&id) {
                    closure.push(id);
                    further.extend(self.schema(id).in_place_subschemas());
                }
            }
            next = further;
        }
        closure
    }

    /// All schemas that may apply to the member `name` of a value to which one of `ids` applies.
    pub(crate) fn members(&self, ids: &[SchemaId], name: &str) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).member(id, name))
            .collect()
    }

    /// All schemas that may apply to the element `index` of a value to which one of `ids` applies.
    pub(crate) fn elements(&self, ids: &[SchemaId], index: usize) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).element(id, index))
            .collect()
    }

    /// All schemas that may apply at `path`.
    pub(crate) fn schemas_at(&self, path: &[Step]) -> Vec<SchemaId> {
        let mut schemas = vec![Self::ROOT];
        for step in path {
            schemas = match step {
                Step::Member(name) => self.members(&schemas, name),
                Step::Element(index) => self.elements(&schemas, *index),
            };
        }
        schemas
    }

    /// The keywords of the first schema that has a type other than null.
    pub(crate) fn type_keywords(&self, ids: &[SchemaId]) -> Option<&'static Value> {
        let all = self.closure(ids);
        let mut all = all.iter().map(|id| self.schema(*id));
        let typed = all.find(|subschema| {
            subschema.keyword("type").is_some() && subschema.types != Types::NULL
        });
        typed.map(|subschema| subschema.keywords)
    }

    /// Whether the query parameter is a list and may be repeated.
    pub(crate) fn is_list(&self, name: &str) -> bool {
        self.types(&self.members(&[Self::ROOT], name))
            .intersects(Types::ARRAY)
    }

    /// Whether a member of the root may be null.
    pub(crate) fn is_nullable(&self, name: &str) -> bool {
        let members = self.members(&[Self::ROOT], name);
        !members.is_empty() && self.types(&members).intersects(Types::NULL)
    }

    /// Whether a member of the root may contain U+0000.
    pub(crate) fn may_have_nul(&self, name: &str) -> bool {
        let members = self.closure(&self.members(&[Self::ROOT], name));
        members
            .iter()
            .any(|id| self.schema(*id).has_flag("x-allow-nul"))
    }

    /// The media types that the root schema lists besides `application/json`.
    pub(crate) fn media_types(&self) -> Vec<String> {
        let schemas = self.closure(&[Self::ROOT]);
        let listed = schemas
            .iter()
            .filter_map(|id| self.schema(*id).keyword("x-media-types"));
        let listed = listed.filter_map(Value::as_array).flatten();
        listed
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Whether the body may be empty.
    pub(crate) fn is_optional(&self) -> bool {
        self.types(&[Self::ROOT]).intersects(Types::NULL)
    }

    /// The JSON types that `ids` allow, as far as [`MAX_CHOICES`] lets them be known.
    pub(crate) fn types(&self, ids: &[SchemaId]) -> Types {
        let types = ids.iter().map(|id| self.types_within(*id, MAX_CHOICES));
        types.fold(Types::NONE, Types::union)
    }

    fn types_within(&self, id: SchemaId, depth: usize) -> Types {
        let Some(depth) = depth.checked_sub(1) else {
            return Types::ANY;
        };
        let schema = self.schema(id);
        let within = |id: &SchemaId| self.types_within(*id, depth);
        let all_of = schema.all_of.iter().map(within);
        let choices = schema.choices.iter().map(|choice| {
            choice
                .alternatives
                .iter()
                .map(within)
                .fold(Types::NONE, Types::union)
        });
        all_of
            .chain(choices)
            .fold(schema.types, Types::intersection)
    }
}

/// The largest depth of nested alternatives that is searched.
pub(crate) const MAX_CHOICES: usize = 8;

/// A `TypeId` is a hash itself.
type TypeIdHasher = BuildHasherDefault<Identity>;

#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
