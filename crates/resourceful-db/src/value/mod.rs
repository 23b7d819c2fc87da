//! Values between SeaORM and the drivers.
//!
//! SeaORM's [`Value`] has a variant for each Rust type, and reads only its own. So a reader must know the variant
//! that is expected: it is an [`ArrayType`], which every type of a column has.

pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod text;

use chrono::{DateTime, Local};
use sea_orm::sea_query::{ArrayType, Enum, EnumTypeName, OptionEnum, Value, ValueType};

use crate::error::DbError;

/// The null of a type.
pub(crate) fn null(of: &ArrayType) -> Value {
    match of {
        ArrayType::Bool => Value::Bool(None),
        ArrayType::TinyInt => Value::TinyInt(None),
        ArrayType::SmallInt => Value::SmallInt(None),
        ArrayType::Int => Value::Int(None),
        ArrayType::BigInt => Value::BigInt(None),
        ArrayType::TinyUnsigned => Value::TinyUnsigned(None),
        ArrayType::SmallUnsigned => Value::SmallUnsigned(None),
        ArrayType::Unsigned => Value::Unsigned(None),
        ArrayType::BigUnsigned => Value::BigUnsigned(None),
        ArrayType::Float => Value::Float(None),
        ArrayType::Double => Value::Double(None),
        ArrayType::Enum(name) => Value::Enum(OptionEnum::None((**name).clone())),
        ArrayType::Char => Value::Char(None),
        ArrayType::Bytes => Value::Bytes(None),
        ArrayType::Json => Value::Json(None),
        ArrayType::ChronoDate => Value::ChronoDate(None),
        ArrayType::ChronoTime => Value::ChronoTime(None),
        ArrayType::ChronoDateTime => Value::ChronoDateTime(None),
        ArrayType::ChronoDateTimeUtc => Value::ChronoDateTimeUtc(None),
        ArrayType::ChronoDateTimeLocal => Value::ChronoDateTimeLocal(None),
        ArrayType::ChronoDateTimeWithTimeZone => Value::ChronoDateTimeWithTimeZone(None),
        ArrayType::Uuid => Value::Uuid(None),
        ArrayType::Decimal => Value::Decimal(None),
        // Types of features that are not on are read as text.
        _ => Value::String(None),
    }
}

/// An integer as the variant of `expected`; `None` if it does not fit, or another variant is expected.
pub(crate) fn integer(value: i64, expected: &ArrayType) -> Option<Value> {
    Some(match expected {
        ArrayType::Bool => Value::Bool(Some(value != 0)),
        ArrayType::TinyInt => Value::TinyInt(Some(value.try_into().ok()?)),
        ArrayType::SmallInt => Value::SmallInt(Some(value.try_into().ok()?)),
        ArrayType::Int => Value::Int(Some(value.try_into().ok()?)),
        ArrayType::BigInt => Value::BigInt(Some(value)),
        ArrayType::TinyUnsigned => Value::TinyUnsigned(Some(value.try_into().ok()?)),
        ArrayType::SmallUnsigned => Value::SmallUnsigned(Some(value.try_into().ok()?)),
        ArrayType::Unsigned => Value::Unsigned(Some(value.try_into().ok()?)),
        ArrayType::BigUnsigned => Value::BigUnsigned(Some(value.try_into().ok()?)),
        _ => return None,
    })
}

/// An integer of any variant. The outer `None`: the value is no integer.
#[expect(clippy::option_option, reason = "no integer, a null, or an integer")]
pub(crate) fn as_integer(value: &Value) -> Option<Option<i128>> {
    Some(match value {
        Value::TinyInt(value) => value.map(i128::from),
        Value::SmallInt(value) => value.map(i128::from),
        Value::Int(value) => value.map(i128::from),
        Value::BigInt(value) => value.map(i128::from),
        Value::TinyUnsigned(value) => value.map(i128::from),
        Value::SmallUnsigned(value) => value.map(i128::from),
        Value::Unsigned(value) => value.map(i128::from),
        Value::BigUnsigned(value) => value.map(i128::from),
        _ => return None,
    })
}

/// A member of an enumeration of the database.
pub(crate) fn enumeration(name: &EnumTypeName, member: String) -> Value {
    Value::Enum(OptionEnum::Some(Box::new(Enum {
        type_name: name.clone(),
        value: member.into(),
    })))
}

/// A time with the offset that `expected` has.
pub(crate) fn time(value: DateTime<chrono::Utc>, expected: &ArrayType) -> Value {
    match expected {
        ArrayType::ChronoDateTimeLocal => {
            Value::ChronoDateTimeLocal(Some(value.with_timezone(&Local)))
        }
        ArrayType::ChronoDateTimeWithTimeZone => {
            Value::ChronoDateTimeWithTimeZone(Some(value.fixed_offset()))
        }
        ArrayType::ChronoDateTime => Value::ChronoDateTime(Some(value.naive_utc())),
        _ => Value::ChronoDateTimeUtc(Some(value)),
    }
}

/// A value for SeaORM, which reads one of another variant as null.
pub(crate) fn in_variant(
    value: Value,
    expected: &ArrayType,
    column: &str,
) -> Result<Value, DbError> {
    if value.array_type() == *expected {
        return Ok(value);
    }
    Err(DbError::other(format!(
        "a value of the column `{column}` cannot be read as {expected:?}"
    )))
}

/// The error of a column whose entity is unknown.
pub(crate) fn ambiguous(column: &str) -> DbError {
    DbError::other(format!(
        "several Rust types can read the column `{column}`: tell the entity of its table by `DbOptions::entity`"
    ))
}

/// The type `T` from a value.
pub(crate) fn from_value<T: ValueType>(value: Value, column: usize) -> Result<T, DbError> {
    T::try_from(value).map_err(|_| {
        DbError::other(format!(
            "column {column} cannot be read as `{}`",
            T::type_name()
        ))
    })
}
