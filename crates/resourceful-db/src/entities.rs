//! [`Entities`]: the Rust types of columns, for rows that SeaORM reads itself.
//!
//! SeaORM asks a row for an `i32` or an `i64`, and gets an error if the value has the other variant; a driver of
//! its own would see the type that it wants, this crate does not. SQLite declares both as `integer`, and
//! PostgreSQL has one type for three types of chrono's. An entity knows: its model accepts one variant.
//!
//! A model resource adds its entity and those of its items when an application registers it. The connection gets a
//! statement's text and never its entity, so [`DbOptions::entity`](crate::DbOptions::entity) names the others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{ArrayType, ColumnType, Value};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
};

use crate::by_type::ByType;
use crate::error::DbError;
use crate::statement::Query;
use crate::value::{integer, time};

pub(crate) const INTEGERS: [ArrayType; 8] = [
    ArrayType::BigInt,
    ArrayType::Int,
    ArrayType::SmallInt,
    ArrayType::TinyInt,
    ArrayType::Unsigned,
    ArrayType::BigUnsigned,
    ArrayType::SmallUnsigned,
    ArrayType::TinyUnsigned,
];

pub(crate) const TIMES: [ArrayType; 4] = [
    ArrayType::ChronoDateTimeUtc,
    ArrayType::ChronoDateTimeWithTimeZone,
    ArrayType::ChronoDateTime,
    ArrayType::ChronoDateTimeLocal,
];

/// The variants of columns, by table and column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entities {
    tables: HashMap<String, HashMap<String, Known>>,
    /// The columns of tables in PostgreSQL, by the table's oid and the column's number; `None` without an entity.
    numbers: HashMap<(u32, i16), Option<ArrayType>>,
}

/// The variant of a column.
#[derive(Clone, Debug)]
struct Known {
    /// `None` if two entities of the table have another type for the column.
    variant: Option<ArrayType>,
    /// Whether the user has named the entity.
    is_named: bool,
}

impl Entities {
    /// Adds the entity of a resource.
    pub(crate) fn add<E: EntityTrait>(&mut self) {
        self.insert::<E>(table::<E>(), false);
    }

    /// Adds an entity that the user names. It has precedence over those of resources.
    pub(crate) fn name<E: EntityTrait>(&mut self) {
        self.name_table::<E>(table::<E>());
    }

    /// Adds the entity as that of a table with this name.
    pub(crate) fn name_table<E: EntityTrait>(&mut self, table: String) {
        self.insert::<E>(table, true);
    }

    fn insert<E: EntityTrait>(&mut self, table: String, is_named: bool) {
        let table = self.tables.entry(table).or_default();
        for column in E::Column::iter() {
            let variant = Some(variant::<E>(column));
            match table.entry(column.as_str().to_owned()) {
                Entry::Occupied(mut known) if !is_named => {
                    known.get_mut().compare(variant.as_ref());
                }
                entry => {
                    entry.insert_entry(Known { variant, is_named });
                }
            }
        }
        // A row may have been read before its entity was known.
        self.numbers.clear();
    }

    /// The query for columns that these rows of PostgreSQL are the first to have.
    pub(crate) fn lookup(&self, rows: &[tokio_postgres::Row]) -> Option<Query> {
        let columns = rows.first()?.columns().iter();
        let numbers = columns.filter_map(|column| column.table_oid().zip(column.column_id()));
        let unknown: Vec<Value> = numbers
            .filter(|number| !self.numbers.contains_key(number))
            .map(|(table, _)| Value::BigInt(Some(table.into())))
            .collect();
        (!unknown.is_empty()).then(|| {
            Query::with_values(
                DbBackend::Postgres,
                "SELECT c.oid, a.attnum, c.relname::text, a.attname::text \
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                 WHERE c.oid = ANY($1::int8[]) AND a.attnum <> 0",
                vec![Value::Array(ArrayType::BigInt, Some(Box::new(unknown)))],
            )
        })
    }

    /// Keeps the rows of [`lookup`](Self::lookup).
    pub(crate) fn learn(&mut self, rows: &[tokio_postgres::Row]) -> Result<(), DbError> {
        for row in rows {
            let (table, column): (u32, i16) = (row.try_get(0)?, row.try_get(1)?);
            let variant = self.column(row.try_get(2)?, row.try_get(3)?).cloned();
            self.numbers.insert((table, column), variant);
        }
        Ok(())
    }

    pub(crate) fn column(&self, table: &str, column: &str) -> Option<&ArrayType> {
        self.tables.get(table)?.get(column)?.variant.as_ref()
    }

    pub(crate) fn number(&self, table: u32, column: i16) -> Option<&ArrayType> {
        self.numbers.get(&(table, column))?.as_ref()
    }
}

impl Known {
    /// Compares the variant with that of another entity, which reads the column as null if they differ.
    fn compare(&mut self, other: Option<&ArrayType>) {
        if !self.is_named && self.variant.as_ref() != other {
            self.variant = None;
        }
    }
}

fn table<E: EntityTrait>() -> String {
    E::default().table_name().to_owned()
}

/// The column of the primary key, or the first of several.
pub(crate) fn primary_key<E: EntityTrait>() -> E::Column {
    let mut keys = E::PrimaryKey::iter();
    let key = keys.next().expect("an entity has a primary key");
    key.into_column()
}

static VARIANTS: ByType<Arc<[ArrayType]>> = ByType::new();

/// The variants that the model accepts, in the order of the columns.
pub(crate) fn variants<E: EntityTrait>() -> Arc<[ArrayType]> {
    VARIANTS.get::<E>(|| E::Column::iter().map(find_out::<E>).collect())
}

/// The variant that the model accepts for a column.
pub(crate) fn variant<E: EntityTrait>(column: E::Column) -> ArrayType {
    let place = E::Column::iter().position(|other| other.as_str() == column.as_str());
    let place = place.expect("a column is one of all columns");
    variants::<E>()[place].clone()
}

fn find_out<E: EntityTrait>(column: E::Column) -> ArrayType {
    let accepts = |value: Value| {
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        model.try_set(column, value).is_ok()
    };
    match column.def().get_column_type() {
        ColumnType::Array(member) => variant_of(member, &|value| {
            accepts(Value::Array(
                value.array_type(),
                Some(Box::new(vec![value])),
            ))
        }),
        column_type => variant_of(column_type, &accepts),
    }
}

fn variant_of(column_type: &ColumnType, accepts: &dyn Fn(Value) -> bool) -> ArrayType {
    // An enumeration accepts its members alone.
    let first_integer = |of: ArrayType| {
        let samples = || (0..=100).chain(-100..0);
        let accepted = |variant: &&ArrayType| {
            samples().any(|sample| integer(sample, variant).is_some_and(accepts))
        };
        INTEGERS.iter().find(accepted).cloned().unwrap_or(of)
    };
    match column_type {
        ColumnType::TinyInteger => first_integer(ArrayType::TinyInt),
        ColumnType::SmallInteger => first_integer(ArrayType::SmallInt),
        ColumnType::Integer => first_integer(ArrayType::Int),
        ColumnType::BigInteger => first_integer(ArrayType::BigInt),
        ColumnType::TinyUnsigned => first_integer(ArrayType::TinyUnsigned),
        ColumnType::SmallUnsigned => first_integer(ArrayType::SmallUnsigned),
        ColumnType::Unsigned => first_integer(ArrayType::Unsigned),
        ColumnType::BigUnsigned => first_integer(ArrayType::BigUnsigned),
        ColumnType::DateTime | ColumnType::Timestamp | ColumnType::TimestampWithTimeZone => {
            let accepted = |of: &&ArrayType| accepts(time(DateTime::<Utc>::default(), of));
            let found = TIMES.iter().find(accepted).cloned();
            found.unwrap_or(ArrayType::ChronoDateTimeUtc)
        }
        ColumnType::Boolean => ArrayType::Bool,
        ColumnType::Float if !accepts(Value::Double(Some(0.0))) => ArrayType::Float,
        ColumnType::Double if accepts(Value::Float(Some(0.0))) => ArrayType::Float,
        ColumnType::Float | ColumnType::Double => ArrayType::Double,
        ColumnType::Decimal(_) | ColumnType::Money(_) => ArrayType::Decimal,
        ColumnType::Date => ArrayType::ChronoDate,
        ColumnType::Time => ArrayType::ChronoTime,
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => ArrayType::Bytes,
        ColumnType::Json | ColumnType::JsonBinary => ArrayType::Json,
        ColumnType::Uuid => ArrayType::Uuid,
        _ => ArrayType::String,
    }
}
