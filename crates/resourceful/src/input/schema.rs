//! The JSON Schema of an input type, compiled once per type into nodes that refer to each other by number.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::fault::Step;
use super::nesting::Nesting;
use super::strict::Scan;

/// The number of a schema inside its [`InputSchema`].
pub(super) type SchemaId = usize;

/// Names of JSON types as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// Any number.
    pub(super) const NUMBER: Self = Self(8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const NONE: Self = Self(0);
    pub(super) const ANY: Self = Self(127);

    const NAMES: [(&'static str, Self); 7] = [
        ("object", Self::OBJECT),
        ("array", Self::ARRAY),
        ("string", Self::STRING),
        ("integer", Self::INTEGER),
        ("number", Self::NUMBER),
        ("boolean", Self::BOOLEAN),
        ("null", Self::NULL),
    ];

    fn named(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map_or(Self::ANY, |(_, types)| types)
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER.or(Self::INTEGER),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of those that clients are told of: null only where there is nothing else.
    pub(super) fn names(self) -> Vec<&'static str> {
        let has = |types: Self| self.meets(types);
        let names = Self::NAMES.into_iter().filter(|(name, types)| {
            has(*types)
                && !(*name == "null" && self != Self::NULL)
                && !(*name == "integer" && has(Self::NUMBER))
        });
        names.map(|(name, _)| name).collect()
    }
}

/// What may stand in an object beside the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Additional {
    /// Anything, which nobody reads.
    Ignored,
    /// Nothing.
    Denied,
    /// Members of a map.
    Map(SchemaId),
}

/// One schema: its own keywords, and the schemas that it refers to.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) keywords: &'static Value,
    /// Those that its own keywords allow.
    pub(super) types: Types,
    /// Of `const` and `enum`.
    pub(super) constants: Option<Vec<&'static Value>>,
    pub(super) properties: HashMap<&'static str, SchemaId>,
    pub(super) required: Vec<&'static str>,
    pub(super) additional: Additional,
    pub(super) tuple: Vec<SchemaId>,
    pub(super) items: Option<SchemaId>,
    /// Schemas that hold as well: `$ref` and `allOf`.
    pub(super) conjuncts: Vec<SchemaId>,
    /// Of each `oneOf` and `anyOf`, its alternatives.
    pub(super) choices: Vec<Vec<SchemaId>>,
    /// Nothing is said of the value, so that all of it is read as it comes.
    pub(super) is_any: bool,
    /// Integers of so many digits are in range, whatever the digits.
    pub(super) safe_digits: usize,
}

impl Schema {
    pub(super) fn keyword(&self, name: &str) -> Option<&'static Value> {
        self.keywords.get(name)
    }

    pub(super) fn says(&self, name: &str) -> bool {
        self.keyword(name) == Some(&Value::Bool(true))
    }

    pub(super) fn format(&self) -> Option<&'static str> {
        self.keyword("format").and_then(Value::as_str)
    }

    /// Is everything that it says of a value in its own keywords?
    pub(super) fn is_alone(&self) -> bool {
        self.constants.is_none() && self.conjuncts.is_empty() && self.choices.is_empty()
    }

    /// Is its value fixed, as the tag of a variant is?
    pub(super) fn is_tag(&self) -> bool {
        self.constants.as_ref().is_some_and(|all| all.len() == 1)
    }

    /// The one member of a variant that is tagged by its name: `{"card": {..}}`.
    pub(super) fn external_tag(&self) -> Option<&'static str> {
        match &self.required[..] {
            [name] if self.properties.len() == 1 && self.additional == Additional::Denied => {
                Some(name)
            }
            _ => None,
        }
    }

    /// The schema of a member; where nothing is said, it is this one again, called `own`.
    pub(super) fn member(&self, own: SchemaId, name: &str) -> Option<SchemaId> {
        match (self.properties.get(name), self.additional) {
            (Some(id), _) => Some(*id),
            (None, Additional::Map(id)) => Some(id),
            _ => self.is_any.then_some(own),
        }
    }

    /// The schema of an element; where nothing is said, it is this one again, called `own`.
    pub(super) fn element(&self, own: SchemaId, index: usize) -> Option<SchemaId> {
        let within = self.tuple.get(index).copied().or(self.items);
        within.or_else(|| self.is_any.then_some(own))
    }

    /// The schemas that are reached by one step into a value.
    pub(super) fn children(&self) -> impl Iterator<Item = SchemaId> {
        let map = match self.additional {
            Additional::Map(id) => Some(id),
            _ => None,
        };
        let members = self.properties.values().copied().chain(map);
        members.chain(self.tuple.iter().copied()).chain(self.items)
    }

    /// The schemas that may hold for the same value.
    pub(super) fn same_value(&self) -> impl Iterator<Item = SchemaId> {
        let choices = self.choices.iter().flatten();
        self.conjuncts.iter().chain(choices).copied()
    }
}

/// A type's schema, made once per type and kept: types are few.
#[derive(Debug)]
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
        let mut compiler = Compiler {
            root,
            known: HashMap::new(),
            schemas: Vec::new(),
        };
        compiler.schema(root);
        let schemas = compiler.schemas;
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
    pub(super) const ROOT: SchemaId = 0;

    pub(super) fn schema(&self, id: SchemaId) -> &Schema {
        &self.schemas[id]
    }

    /// The schema to which one refers that says nothing else.
    pub(super) fn resolve(&self, mut id: SchemaId) -> SchemaId {
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
    pub(super) fn is_lenient(&self, scan: &Scan) -> bool {
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
    pub(super) fn max_depth(&self, bytes: usize) -> u32 {
        self.nesting.max_depth(bytes)
    }

    /// What it costs to read a body, in bytes that are read.
    pub(super) fn cost(&self, json: &[u8]) -> usize {
        self.nesting.times(json).saturating_mul(json.len())
    }

    /// The name of a property of this type, wherever it is.
    pub(super) fn known_name(&self, name: &str) -> Option<&'static str> {
        self.names.get(name).copied()
    }

    /// `ids`, and all schemas that may hold for the same value, each once.
    pub(super) fn closure(&self, ids: &[SchemaId]) -> Vec<SchemaId> {
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
    pub(super) fn members(&self, ids: &[SchemaId], name: &str) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).member(id, name))
            .collect()
    }

    /// All schemas that may hold for the element at `index` where one of `ids` holds.
    pub(super) fn elements(&self, ids: &[SchemaId], index: usize) -> Vec<SchemaId> {
        let closure = self.closure(ids);
        closure
            .into_iter()
            .filter_map(|id| self.schema(id).element(id, index))
            .collect()
    }

    /// All schemas that may hold at `path`.
    pub(super) fn at(&self, path: &[Step]) -> Vec<SchemaId> {
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
    pub(super) fn described(&self, ids: &[SchemaId]) -> Option<&'static Value> {
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
    pub(super) fn may_have_nul(&self, name: &str) -> bool {
        let members = self.closure(&self.members(&[Self::ROOT], name));
        members
            .iter()
            .any(|id| self.schema(*id).says("x-allow-nul"))
    }

    /// The media types that the whole lists besides `application/json`.
    pub(super) fn media_types(&self) -> Vec<String> {
        let listed = self.schema(Self::ROOT).keyword("x-media-types");
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
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
    pub(super) fn types(&self, ids: &[SchemaId]) -> Types {
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
        let choices = schema
            .choices
            .iter()
            .map(|choice| choice.iter().map(within).fold(Types::NONE, Types::or));
        conjuncts.chain(choices).fold(schema.types, Types::and)
    }
}

/// How many alternatives of alternatives are looked into.
pub(super) const MAX_CHOICES: usize = 8;

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

/// A schema without any of these says nothing of a value.
const LIMITING: [&str; 11] = [
    "type",
    "const",
    "enum",
    "properties",
    "additionalProperties",
    "prefixItems",
    "items",
    "$ref",
    "allOf",
    "oneOf",
    "anyOf",
];

/// Compiles schemas, each once.
struct Compiler {
    root: &'static Value,
    /// By the address of a schema in the document that schemars made.
    known: HashMap<*const Value, SchemaId>,
    schemas: Vec<Schema>,
}

impl Compiler {
    fn schema(&mut self, keywords: &'static Value) -> SchemaId {
        if let Some(id) = self.known.get(&std::ptr::from_ref(keywords)) {
            return *id;
        }
        let id = self.schemas.len();
        self.known.insert(keywords, id);
        self.schemas.push(Schema::new(keywords));
        // A schema may refer to itself, so that its number is needed before it is complete.
        let list = |name: &str| keywords.get(name).and_then(Value::as_array);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        let properties = properties.map(|(name, one)| (name.as_str(), self.schema(one)));
        self.schemas[id].properties = properties.collect();
        let additional = keywords
            .get("additionalProperties")
            .or_else(|| keywords.get("unevaluatedProperties"));
        self.schemas[id].additional = match additional {
            Some(Value::Bool(false)) => Additional::Denied,
            Some(one) => Additional::Map(self.schema(one)),
            None => Additional::Ignored,
        };
        let tuple = list("prefixItems").into_iter().flatten();
        self.schemas[id].tuple = tuple.map(|one| self.schema(one)).collect();
        let items = keywords
            .get("items")
            .filter(|one| **one != Value::Bool(false));
        self.schemas[id].items = items.map(|one| self.schema(one));
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|target| self.root.pointer(target.trim_start_matches('#')));
        let conjuncts = target
            .into_iter()
            .chain(list("allOf").into_iter().flatten());
        self.schemas[id].conjuncts = conjuncts.map(|one| self.schema(one)).collect();
        let choices = ["oneOf", "anyOf"].into_iter().filter_map(list);
        self.schemas[id].choices = choices
            .map(|choice| choice.iter().map(|one| self.schema(one)).collect())
            .collect();
        id
    }
}

impl Schema {
    /// Its own keywords; what they refer to is compiled later.
    fn new(keywords: &'static Value) -> Self {
        let constants = match (keywords.get("const"), keywords.get("enum")) {
            (Some(one), _) => Some(vec![one]),
            (None, Some(Value::Array(several))) => Some(several.iter().collect()),
            _ => None,
        };
        let types = match keywords.get("type") {
            Some(Value::String(one)) => Types::named(one),
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(Value::as_str)
                .map(Types::named)
                .fold(Types::NONE, Types::or),
            _ => match &constants {
                Some(constants) => constants
                    .iter()
                    .map(|one| Types::of(one))
                    .fold(Types::NONE, Types::or),
                None if *keywords == Value::Bool(false) => Types::NONE,
                None => Types::ANY,
            },
        };
        let required = keywords.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let is_limited = LIMITING.iter().any(|name| keywords.get(name).is_some());
        Self {
            keywords,
            types,
            constants,
            properties: HashMap::new(),
            required: required.collect(),
            additional: Additional::Ignored,
            tuple: Vec::new(),
            items: None,
            conjuncts: Vec::new(),
            choices: Vec::new(),
            is_any: types == Types::ANY && !is_limited,
            safe_digits: match keywords.get("format").and_then(Value::as_str) {
                Some("int64" | "uint64" | "int128" | "uint128") => 18,
                Some("int32" | "uint32" | "int" | "uint") => 9,
                Some("int16" | "uint16") => 4,
                _ => 2,
            },
        }
    }
}

/// Can a value of this schema have one of the same schema inside?
pub(super) fn is_part_of_itself(schemas: &[Schema], id: SchemaId) -> bool {
    let schema = &schemas[id];
    let inside = schema.children().chain(schema.same_value());
    inside.into_iter().any(|one| reaches(schemas, one, id))
}

/// Does a walk through the schemas lead from `from` to `to`?
pub(super) fn reaches(schemas: &[Schema], from: SchemaId, to: SchemaId) -> bool {
    let mut seen = vec![false; schemas.len()];
    let mut left = vec![from];
    while let Some(id) = left.pop() {
        if id == to {
            return true;
        }
        if !std::mem::replace(&mut seen[id], true) {
            left.extend(schemas[id].children().chain(schemas[id].same_value()));
        }
    }
    false
}
