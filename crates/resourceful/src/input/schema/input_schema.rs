//! The JSON Schema of an input type, made once per type, and the questions that are asked of it.

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
use crate::input::schema::subschema::{Additional, Schema, SchemaId, is_part_of_itself};
use crate::input::schema::types::Types;

/// A type's schema, made once per type and kept: types are few.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct InputSchema {
    schemas: Vec<Schema>,
    /// The names of all properties: a member of another name is read by nobody, or is a map's.
    names: HashSet<&'static str>,
    nesting: Nesting,
    has_sets: bool,
    has_maps: bool,
    /// There are numbers of 32 bits.
    has_floats: bool,
    nests_structs: bool,
}

impl InputSchema {
    /// The schema of `T`.
    pub(crate) fn of<T: JsonSchema + 'static>() -> &'static Self {
        static SCHEMAS: LazyLock<RwLock<HashMap<TypeId, &'static InputSchema, HashedAlready>>> =
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
            .flat_map(|one| one.properties.keys().copied());
        let names = names.collect();
        let any = |is_such: fn(&Schema) -> bool| schemas.iter().any(is_such);
        let is_struct = |one: &&Schema| {
            one.types == Types::OBJECT && !matches!(one.additional, Additional::Map(_))
        };
        let structs = schemas.iter().filter(is_struct);
        Self {
            names,
            nesting: Nesting::of(&schemas),
            has_sets: any(|one| one.says("uniqueItems")),
            has_maps: any(|one| one.is_any || matches!(one.additional, Additional::Map(_))),
            has_floats: any(|one| one.format() == Some("float")),
            nests_structs: structs.count() > 1 || is_part_of_itself(&schemas, Self::ROOT),
            schemas,
        }
    }

    /// The number of the schema of the whole value.
    pub(crate) const ROOT: SchemaId = 0;

    pub(crate) fn schema(&self, id: SchemaId) -> &Schema {
        &self.schemas[id]
    }

    /// The schema to which one refers that says nothing else.
    pub(crate) fn resolve(&self, mut id: SchemaId) -> SchemaId {
        for _ in 0..MAX_CHOICES {
            let schema = self.schema(id);
            let [target] = schema.conjuncts[..] else {
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

    /// May serde take a body with these contents otherwise than the schema says? An array for a struct,
    /// a set or a map that has something twice, a number that is infinite in 32 bits, U+0000.
    pub(crate) fn is_lenient(&self, scan: &Scan) -> bool {
        let arrays = || {
            self.has_sets
                || (scan.nested_array && self.nests_structs)
                || (scan.top_array && !self.types(&[Self::ROOT]).meets(Types::ARRAY))
        };
        scan.nul
            || self.has_maps
            || ((scan.top_array || scan.nested_array) && arrays())
            || (scan.wide_number && self.has_floats)
    }

    /// How deep a body of so many bytes may nest.
    pub(crate) fn max_depth(&self, bytes: usize) -> u32 {
        self.nesting.max_depth(bytes)
    }

    /// What it costs to read a body of so many bytes and levels, in bytes that are read.
    pub(crate) fn cost(&self, bytes: usize, depth: usize) -> usize {
        self.nesting.times(depth).saturating_mul(bytes)
    }

    /// The name of a property of this type, wherever it is.
    pub(crate) fn known_name(&self, name: &str) -> Option<&'static str> {
        self.names.get(name).copied()
    }

    /// `ids`, and all schemas that may hold for the same value, each once.
    pub(crate) fn closure(&self, ids: &[SchemaId]) -> Vec<SchemaId> {
        let mut found: Vec<SchemaId> = Vec::new();
        let mut next = ids.to_vec();
        while !next.is_empty() {
            let mut further = Vec::new();
            for id in next {
                if !found.contains(&id) {
                    found.push(id);
                    further.extend(self.schema(id).same_value());
                }
            }
            next = further;
        }
        found
    }

    /// All schemas that may hold for a member called `name` where one of `ids` holds.
    pub(crate) fn members(&self, ids: &[SchemaId], name: &str) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).member(id, name))
            .collect()
    }

    /// All schemas that may hold for the element at `index` where one of `ids` holds.
    pub(crate) fn elements(&self, ids: &[SchemaId], index: usize) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).element(id, index))
            .collect()
    }

    /// All schemas that may hold at `path`.
    pub(crate) fn at(&self, path: &[Step]) -> Vec<SchemaId> {
        let mut schemas = vec![Self::ROOT];
        for step in path {
            schemas = match step {
                Step::Member(name) => self.members(&schemas, name),
                Step::Element(index) => self.elements(&schemas, *index),
            };
        }
        schemas
    }

    /// The keywords that describe a value: of several schemas, of the first that says its type.
    pub(crate) fn described(&self, ids: &[SchemaId]) -> Option<&'static Value> {
        let all = self.closure(ids);
        let mut all = all.iter().map(|id| self.schema(*id));
        let typed = all.find(|one| one.keyword("type").is_some() && one.types != Types::NULL);
        typed.map(|one| one.keywords)
    }

    /// May the parameter of a query be there more than once?
    pub(crate) fn is_list(&self, name: &str) -> bool {
        self.types(&self.members(&[Self::ROOT], name))
            .meets(Types::ARRAY)
    }

    /// May a member of the whole contain U+0000?
    pub(crate) fn may_have_nul(&self, name: &str) -> bool {
        let members = self.closure(&self.members(&[Self::ROOT], name));
        members
            .iter()
            .any(|id| self.schema(*id).says("x-allow-nul"))
    }

    /// The media types that the whole lists besides `application/json`.
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

    /// May the whole be left out?
    pub(crate) fn is_optional(&self) -> bool {
        self.types(&[Self::ROOT]).meets(Types::NULL)
    }

    /// The JSON types that are allowed where one of `ids` holds, as far as is known.
    pub(crate) fn types(&self, ids: &[SchemaId]) -> Types {
        let types = ids.iter().map(|id| self.types_within(*id, MAX_CHOICES));
        types.fold(Types::NONE, Types::or)
    }

    fn types_within(&self, id: SchemaId, depth: usize) -> Types {
        let Some(depth) = depth.checked_sub(1) else {
            return Types::ANY;
        };
        let schema = self.schema(id);
        let within = |id: &SchemaId| self.types_within(*id, depth);
        let conjuncts = schema.conjuncts.iter().map(within);
        let choices = schema.choices.iter().map(|choice| {
            choice
                .alternatives
                .iter()
                .map(within)
                .fold(Types::NONE, Types::or)
        });
        conjuncts.chain(choices).fold(schema.types, Types::and)
    }
}

/// How many alternatives of alternatives are looked into.
pub(crate) const MAX_CHOICES: usize = 8;

/// A `TypeId` is a hash itself.
type HashedAlready = BuildHasherDefault<Identity>;

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
