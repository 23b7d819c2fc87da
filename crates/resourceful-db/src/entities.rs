//! [`Entities`]: the Rust types of columns, for rows that SeaORM reads itself.
//!
//! SeaORM asks a row for an `i32` or an `i64`, and gets an error if the value has the other variant; a driver of
//! its own would see the type that it wants, this crate does not. SQLite declares both as `integer`, and
//! PostgreSQL has one type for three types of chrono's. An entity knows: its model accepts one variant.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{ArrayType, ColumnType, Value};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IdenStatic, Iterable};

use crate::value::{integer, time};

const INTEGERS: [ArrayType; 8] = [
    ArrayType::BigInt,
    ArrayType::Int,
    ArrayType::SmallInt,
    ArrayType::TinyInt,
    ArrayType::Unsigned,
    ArrayType::BigUnsigned,
    ArrayType::SmallUnsigned,
    ArrayType::TinyUnsigned,
];

const TIMES: [ArrayType; 4] = [
    ArrayType::ChronoDateTimeUtc,
    ArrayType::ChronoDateTimeWithTimeZone,
    ArrayType::ChronoDateTime,
    ArrayType::ChronoDateTimeLocal,
];

/// The variants of columns, by table and column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entities {
    tables: HashMap<String, HashMap<String, ArrayType>>,
    /// The columns of tables in PostgreSQL, by the table's oid and the column's number.
    numbers: HashMap<(u32, i16), ArrayType>,
}

impl Entities {
    pub(crate) fn add<E: EntityTrait>(&mut self) {
        let columns = E::Column::iter();
        let columns = columns.map(|column| (column.as_str().to_owned(), variant::<E>(column)));
        let table = E::default().table_name().to_owned();
        self.tables.insert(table, columns.collect());
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    pub(crate) fn set_number(&mut self, table: &str, column: &str, number: (u32, i16)) {
        if let Some(variant) = self.column(table, column).cloned() {
            self.numbers.insert(number, variant);
        }
    }

    pub(crate) fn column(&self, table: &str, column: &str) -> Option<&ArrayType> {
        self.tables.get(table)?.get(column)
    }

    pub(crate) fn number(&self, table: u32, column: i16) -> Option<&ArrayType> {
        self.numbers.get(&(table, column))
    }
}

/// The variant that the model accepts for a column.
pub(crate) fn variant<E: EntityTrait>(column: E::Column) -> ArrayType {
    let accepts = |value: Value| {
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        model.try_set(column, value).is_ok()
    };
    let first = |candidates: &[ArrayType], sample: &dyn Fn(&ArrayType) -> Option<Value>| {
        let found = candidates
            .iter()
            .find(|candidate| sample(candidate).is_some_and(accepts));
        found.or(candidates.first()).cloned()
    };
    let zero = |of: &ArrayType| integer(0, of);
    let epoch = |of: &ArrayType| Some(time(DateTime::<Utc>::default(), of));
    let definition = column.def();
    let known = match definition.get_column_type() {
        ColumnType::TinyInteger
        | ColumnType::SmallInteger
        | ColumnType::Integer
        | ColumnType::BigInteger
        | ColumnType::TinyUnsigned
        | ColumnType::SmallUnsigned
        | ColumnType::Unsigned
        | ColumnType::BigUnsigned => first(&INTEGERS, &zero),
        ColumnType::DateTime | ColumnType::Timestamp | ColumnType::TimestampWithTimeZone => {
            first(&TIMES, &epoch)
        }
        ColumnType::Boolean => Some(ArrayType::Bool),
        ColumnType::Float => Some(ArrayType::Float),
        ColumnType::Double => Some(ArrayType::Double),
        ColumnType::Decimal(_) | ColumnType::Money(_) => Some(ArrayType::Decimal),
        ColumnType::Date => Some(ArrayType::ChronoDate),
        ColumnType::Time => Some(ArrayType::ChronoTime),
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => {
            Some(ArrayType::Bytes)
        }
        ColumnType::Json | ColumnType::JsonBinary => Some(ArrayType::Json),
        ColumnType::Uuid => Some(ArrayType::Uuid),
        ColumnType::Char(_) => first(&[ArrayType::String, ArrayType::Char], &|of| match of {
            ArrayType::Char => Some(Value::Char(Some('a'))),
            _ => Some(Value::String(Some("a".to_owned()))),
        }),
        _ => None,
    };
    known.unwrap_or(ArrayType::String)
}
